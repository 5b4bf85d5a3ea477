"""The breaker of a hop as HAProxy keeps it: two tables, in which only what was forwarded counts.

`call.X` has one entry, the state: GPT `PHASE`, `UNTIL` and `SEEN_BEFORE`, GPC `EPOCH` and `SEEN`. Each change of state
begins an epoch. `to.X` has an entry for each epoch, in which ended and failed calls are counted, so that a circuit that
closes does not remember why it opened. Both tables are handed to the process after a reload.

What ends is counted in `http-after-response`, which sees the proxy's own 502, 503 and 504 too. HAProxy 2.6 has no
action for counting there, but the sample fetch `sc_inc_gpc`, which counts when it is asked
(https://docs.haproxy.org/2.6/configuration.html#7.3.3-sc_inc_gpc). Times are milliseconds modulo `TURN`, since a GPT
has 32 bits.
"""

from flyball.guards.breakers import breaker as guards
from flyball.guards.reading.units import ceil_div
from flyball.proxy.base import PEERS, REFUSED, UNAVAILABLE, answer
from flyball.proxy.inputs import Outbound
from flyball.proxy.words import section, text, time

PHASE, UNTIL, SEEN_BEFORE = 0, 1, 2
EPOCH, SEEN = 0, 1
ENDED, FAILED, PROBES, RETRIED = 0, 1, 2, 3
TURN = 1_000_000_000
"""11.6 days; twice the longest time that is ever compared."""
WINDOW_KEY = f"sc_get_gpc({EPOCH},0)"
"""Of the current epoch's entry."""
_OVER = TURN // 2
"""A difference beyond half a turn is one into the past."""
_CLOCK = f"date(0,ms),mod({TURN})"
_LASTED = f"{_CLOCK},sub(txn.clock),add({TURN}),mod({TURN})"
_FORGET = 86_400_000
_DEFAULT_WINDOW = guards.Breaker().window
GRPC_FAILURES = (2, 4, 8, 13, 14)
"""UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE, where the status stands in the headers
(https://grpc.github.io/grpc/core/md_doc_statuscodes.html)."""


def counts(hop: Outbound) -> bool:
    """Whether anything about the hop has to be counted: for a breaker, or for a budget of retries."""
    return hop.hop.breaker is not None or hop.call.retries > 0


def state_table(hop: Outbound, peers: bool) -> list[str]:
    if not counts(hop):
        return []
    return [f"stick-table type string len 8 size 1 expire {time(_FORGET)} store gpt(3),gpc(2){_peers(peers)}"]


def window_table(hop: Outbound, peers: bool) -> list[str]:
    if not counts(hop):
        return []
    window = hop.hop.breaker.window if hop.hop.breaker else _DEFAULT_WINDOW
    store = f"store gpc(4),gpc_rate(4,{time(window)})"
    return [f"stick-table type integer size 64 expire {time(2 * window)} {store}{_peers(peers)}"]


def _peers(peers: bool) -> str:
    return f" peers {PEERS}" if peers else ""


def arrival_rules(hop: Outbound) -> list[str]:
    """Count a request among what arrived."""
    if not counts(hop):
        return []
    return [
        f"http-request set-var(txn.clock) {_CLOCK}",
        "http-request track-sc0 str(state)",
        f"http-request sc-inc-gpc({SEEN},0)",
    ]


def decision_rules(hop: Outbound) -> list[str]:
    """Decide whether a request is forwarded; what is, is counted by the epoch's entry. No rule may come after these."""
    if not counts(hop):
        return []
    b, track = hop.hop.breaker, f"http-request track-sc1 {WINDOW_KEY} table to.{hop.name}"
    if b is None:
        return [track]
    return [
        *_pass(hop, track),
        *_look(hop, b),
        *_trip(b),
        *_half_open(hop, b),
        f"{track} unless {{ var(txn.refused) -m bool }}",
        f"http-request sc-inc-gpc({PROBES},1) if {{ var(txn.probe) -m bool }}",
    ]


def _pass(hop: Outbound, track: str) -> list[str]:
    """Closed, and nothing failed in the window: there is nothing to decide, so the rules after this are left out."""
    return [
        f"acl is_open sc_get_gpt({PHASE},0) eq 1",
        f"http-request {_set_rate('bad', FAILED, hop)} unless is_open",
        f"{track} if !is_open {{ var(txn.bad) -m int eq 0 }}",
        "http-request allow if { sc_tracked(1) }",
    ]


def _set_rate(name: str, counter: int, hop: Outbound) -> str:
    return f"set-var(txn.{name}) {WINDOW_KEY},table_gpc_rate({counter},to.{hop.name})"


def _look(hop: Outbound, b: guards.Breaker) -> list[str]:
    """The state as it is: closed, open for some time still, or half-open."""
    return [
        f"http-request {_set_rate('ended', ENDED, hop)}",
        f"acl is_enough var(txn.ended) -m int ge {b.minimum}",
        f"http-request set-var(txn.share) var(txn.ended),mul({b.threshold}) if !is_open is_enough",
        "http-request set-var(txn.excess) var(txn.bad),mul(100),sub(txn.share) if !is_open is_enough",
        f"http-request set-var(txn.wait) sc_get_gpt({UNTIL},0),sub(txn.clock),add({TURN}),mod({TURN}) if is_open",
        f"acl is_waiting var(txn.wait) -m int 1:{_OVER}",
    ]


def _trip(b: guards.Breaker) -> list[str]:
    """Closed, with enough calls ended and too many of them failed: open."""
    tripped = "!is_open is_enough { var(txn.excess) -m int ge 0 }"
    return [
        f"http-request set-var(txn.opens) bool(true) if {tripped}",
        *_open(b, "{ var(txn.opens) -m bool }"),
    ]


def _open(b: guards.Breaker, when: str) -> list[str]:
    """Open from now on, in a new epoch, for the whole time."""
    return [
        f"http-request sc-set-gpt({UNTIL},0) var(txn.clock),add({b.open}),mod({TURN}) if {when}",
        f"http-request sc-set-gpt({SEEN_BEFORE},0) sc_get_gpc({SEEN},0) if {when}",
        f"http-request sc-set-gpt({PHASE},0) 1 if {when}",
        f"http-request sc-inc-gpc({EPOCH},0) if {when}",
        f"http-request set-var(txn.refused) bool(true) if {when}",
    ]


def _half_open(hop: Outbound, b: guards.Breaker) -> list[str]:
    """Open and waited long enough: judge the probes, or send another one.

    Probes that never ended, as when a process died over them, are given up after the longest that they may take.
    """
    key, table = WINDOW_KEY, f"to.{hop.name}"
    lost = TURN - max(b.open, 2 * hop.call.longest)
    half, asked = "{ var(txn.half) -m bool }", f"{{ var(txn.probes) -m int ge {b.permitted} }}"
    failed = f"{{ var(txn.failed) -m int ge {b.tripping} }}"
    good = f"{half} {{ var(txn.done) -m int ge {b.permitted} }} !{failed}"
    gone = f"{half} {asked} {{ var(txn.done) -m int lt {b.permitted} }} {{ var(txn.wait) -m int {_OVER}:{lost} }}"
    again, closes = "{ var(txn.again) -m bool }", "{ var(txn.closes) -m bool }"
    first, few = "{ var(txn.probes) -m int eq 0 }", "{ var(txn.arrived),sub(txn.price) gt 0 }"
    return [
        "http-request set-var(txn.refused) bool(true) if is_open is_waiting",
        "http-request set-var(txn.half) bool(true) if is_open !is_waiting !{ var(txn.refused) -m bool }",
        f"http-request set-var(txn.done) {key},table_gpc({ENDED},{table}) if {half}",
        f"http-request set-var(txn.failed) {key},table_gpc({FAILED},{table}) if {half}",
        f"http-request set-var(txn.probes) {key},table_gpc({PROBES},{table}) if {half}",
        f"http-request set-var(txn.again) bool(true) if {half} {failed}",
        f"http-request set-var(txn.again) bool(true) if {gone}",
        f"http-request set-var(txn.closes) bool(true) if {good}",
        *_open(b, again),
        f"http-request sc-set-gpt({PHASE},0) 0 if {closes}",
        f"http-request sc-inc-gpc({EPOCH},0) if {closes}",
        f"http-request set-var(txn.price) var(txn.probes),mul(100) if {half}",
        f"http-request set-var(txn.before) sc_get_gpt({SEEN_BEFORE},0) if {half}",
        f"http-request set-var(txn.arrived) sc_get_gpc({SEEN},0),sub(txn.before),mul({b.probes}) if {half}",
        f"http-request set-var(txn.probe) bool(true) if {half} !{again} !{closes} !{asked} {first}",
        f"http-request set-var(txn.probe) bool(true) if {half} !{again} !{closes} !{asked} {few}",
        f"http-request set-var(txn.refused) bool(true) if {half} !{closes} !{{ var(txn.probe) -m bool }}",
    ]


def response_rules(hop: Outbound) -> list[str]:
    """Count what the server answered, and of that what failed or was slow.

    Nothing is tracked of what was refused, and what the callee's own guard refused says nothing about the callee.
    """
    if not counts(hop):
        return []
    b = hop.hop.breaker
    failed = ["{ status 500:599 }", "{ var(txn.cut) -m bool }"]
    if b:
        failed.append(f"{{ var(txn.lasted) -m int ge {b.slow} }}")
    if hop.hop.protocol == "grpc":
        failed.append(f"{{ res.hdr(grpc-status) -m str {' '.join(map(str, GRPC_FAILURES))} }}")
    by_guard = f"{{ res.hdr({REFUSED}) -m found }}"
    return [
        "http-response set-var(txn.answered) bool(true)",
        f"http-response set-var(txn.lasted) {_LASTED} unless {{ var(txn.part) -m bool }}",
        f"http-response sc-inc-gpc({ENDED},1) unless {by_guard}",
        f"http-response sc-inc-gpc({FAILED},1) if {' or '.join(f'!{by_guard} {one}' for one in failed)}",
    ]


def own_answer_rules(hop: Outbound) -> list[str]:
    """Count what was forwarded and came to nothing: no connection, none that lasted, or no answer in time.

    None of these is an answer to a client that left, nor one to a request that never had a server, for which all
    connections were taken; and a caller with less time than the timeout has not shown that the server needs more. From
    HAProxy 3.0 on, an answer that it could not read counts as ended, and not as failed.
    """
    if not counts(hop):
        return []
    b, fault = hop.hop.breaker, "{ var(txn.fault) -m bool }"
    slow = [f"!{{ var(txn.lasted) -m int ge {b.slow} }}"] if b else []
    hurried = f"{{ status 504 }} {{ var(txn.left) -m int lt {hop.call.timeout} }} {' '.join(slow)}"
    retried = [
        "http-after-response set-var-fmt(txn.tries) %rc",
        f"http-after-response set-var(txn.n) sc_inc_gpc({RETRIED},1) unless {{ var(txn.tries) -m str 0 }}",
    ]
    return [
        "http-after-response set-var(txn.fault) bool(true) if { status 500:599 } { srv_id gt 0 }"
        " !{ var(txn.answered) -m bool }",
        f"http-after-response set-var(txn.lasted) {_LASTED} if {fault}",
        f"http-after-response unset-var(txn.fault) if {fault} {hurried}",
        f"http-after-response set-var(txn.n) sc_inc_gpc({ENDED},1) if {fault}",
        # What came and could not be read is mostly too large for `headers`.
        ".if version_atleast(3.0)",
        f"http-after-response set-var-fmt(txn.state) %ts if {fault}",
        "http-after-response unset-var(txn.fault) if { var(txn.state) -m str PH }",
        ".endif",
        f"http-after-response set-var(txn.n) sc_inc_gpc({FAILED},1) if {fault}",
        *(retried if hop.call.retries else []),
    ]


def use_open(hop: Outbound) -> list[str]:
    """What the open circuit refuses goes to a part of its own, so that the metrics show it, or to the fallback."""
    if hop.hop.breaker is None:
        return []
    fallback = hop.hop.fallback
    other = f"to.{fallback.call}" if fallback and fallback.call else f"open.{hop.name}"
    return [f"use_backend {other} if {{ var(txn.refused) -m bool }}"]


def open_section(hop: Outbound) -> list[str]:
    """What is answered while the circuit is open."""
    b, fallback = hop.hop.breaker, hop.hop.fallback
    if b is None or (fallback and fallback.call):
        return []
    words, grpc = "circuit open", hop.hop.protocol == "grpc"
    # Who waits as long as Retry-After says may ask again; a client of gRPC is told not to (gRFC A6, server pushback).
    wait = ("grpc-retry-pushback-ms", "-1") if grpc else ("Retry-After", str(ceil_div(b.open, 1000)))
    refusal = answer(hop.hop.protocol, 503, UNAVAILABLE, words, wait)
    if fallback:
        body = f" content-type {text(fallback.type)} string {text(fallback.body)}" if fallback.body else ""
        refusal = f"status {fallback.status}{body}"
    return [section(f"backend open.{hop.name}", ["mode http", f"http-request return {refusal}"])]
