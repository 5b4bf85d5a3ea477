"""What flyball itself has made, read back: calls from the proxy's configuration, callers from policies."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flyball import wellknown
from flyball.deploy.adopt.found import Item, Manifest, mapping, maps
from flyball.deploy.adopt.work import Work
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.units import Milliseconds, duration, show_duration
from flyball.guards.timeouts.calls import read_call
from flyball.guards.timeouts.deadlines import DEFAULT_DEADLINE, Promise
from flyball.guards.timeouts.hops import Hop, variable
from flyball.guards.workload.init_containers import PROXY
from flyball.guards.workload.names import SPOT_SUFFIX
from flyball.guards.workload.ports import MAIN
from flyball.guards.workload.sidecar import DOMAIN, FIRST_PORT

_FILE = "haproxy.cfg"
_SECTION = re.compile(r"^\s*(frontend|backend) (\S+)$")
_TIME = re.compile(r"^\s*timeout (connect|queue|server) (\d+)ms$", re.M)
_SERVER = re.compile(r"^\s*server s1 (\S+?):(\d+) (.*)$", re.M)
_BIND = re.compile(r"^\s*bind (127\.\S+):(\d+)", re.M)
_USER_TIMEOUT = re.compile(r"\btcp-ut (\d+)ms")


def name_of(item: Item) -> str | None:
    """The name in the stack file that made an object; None for what flyball has not made."""
    labels = mapping(item.manifest["metadata"].get("labels"))
    return str(labels[wellknown.NAME_LABEL]) if item.is_ours and wellknown.NAME_LABEL in labels else None


def describe(work: Work) -> dict[str, Any]:
    """What the objects beside a Deployment or a Job say of it; nothing for what flyball has not made."""
    if not work.item.is_ours:
        return {}
    sections = dict(_sections(_configuration(work)))
    found: dict[str, Any] = {}
    calls = {name.removeprefix("call."): name for name in sections if name.startswith("call.")}
    made = {name: _call(work, name, sections[full], sections.get(f"to.{name}", "")) for name, full in calls.items()}
    if work.section == "services":
        found |= _guarded(sections)
        found |= _let_in(work)
        _say_zones(work)
    return {**found, **({"calls": made} if made else {})}


def _say_zones(work: Work) -> None:
    """What it needs zones for, whose names are on no object."""
    spread = maps(work.pod.get("topologySpreadConstraints"))
    words = ["`survive: zone`"] if any(each.get("whenUnsatisfiable") == "DoNotSchedule" for each in spread) else []
    words += ["`spot: {}`"] if work.found.get("Deployment", work.item.name + SPOT_SUFFIX) else []
    if words:
        work.say(f"was spread over zones: name these as the stack's, and say {' and '.join(words)}")


def promise(described: Iterable[Work], args: Mapping[str, dict[str, Any]]) -> None:
    """A deadline for what was made by flyball and tells none: for tcp what those wait who call it, else what its own
    calls take where that is longer than the default."""
    waited: dict[str, list[str]] = {}
    for name, call in [pair for each in args.values() for pair in each.get("calls", {}).items()]:
        if "timeout" in call:
            waited.setdefault(name, []).append(call["timeout"])
    for work in described:
        own = args[work.name]
        if not work.item.is_ours or "deadline" in own:
            continue
        waits = waited.get(work.name, ())
        if waits and own.get("protocol") == "tcp":
            own["deadline"] = min(waits, key=duration)
        elif (taken := _taken(own)) > DEFAULT_DEADLINE:
            own["deadline"] = show_duration(taken)


def _taken(own: dict[str, Any]) -> Milliseconds:
    calls = Reader(own, (), []).maps("calls")
    return Promise(None, {name: read_call(call, call.has("host")) for name, call in calls.items()}).spent


def _configuration(work: Work) -> str:
    for volume in maps(work.pod.get("volumes")):
        if volume.get("name") == PROXY:
            there = work.found.get("ConfigMap", mapping(volume.get("configMap")).get("name"))
            if there is None:
                work.lose("", "the ConfigMap of its proxy was not found with the rest, so its calls are not known")
                return ""
            return str(mapping(there.manifest.get("data")).get(_FILE, ""))
    return ""


def _sections(text: str) -> Iterator[tuple[str, str]]:
    name, lines = "", list[str]()
    for line in [*text.splitlines(), "frontend end"]:
        if match := _SECTION.match(line):
            if name:
                yield name, "\n".join(lines)
            name, lines = match[2], []
        else:
            lines.append(line)


def _times(section: str) -> dict[str, int]:
    return {key: int(value) for key, value in _TIME.findall(section)}


def _guarded(sections: dict[str, str]) -> dict[str, Any]:
    if "inbound" not in sections:
        return {"inbound": {"enabled": False}} if sections else {"proxy": {"enabled": False}}
    if "mode tcp" in sections["inbound"] or "app" not in sections:
        return {}
    return {"deadline": show_duration(_times(sections["app"])["server"])}


def _let_in(work: Work) -> dict[str, Any]:
    """Who may call it beside those of the set, by its network policy."""
    own = {each.get("containerPort") for each in maps(work.container.get("ports")) if each.get("name") == MAIN}
    rules = _rules(work, {FIRST_PORT, *own})
    if any(not rule.get("from") for rule in rules):
        return {"public": True}
    # Who scrapes figures on the port on which it listens is let in there by a rule of its own.
    callers = {caller for rule in rules for caller in _callers(rule) if "/" in caller}
    return {"callers": sorted(callers)} if callers else {}


def through(work: Work) -> list[str]:
    """Ranges from which what comes from its balancer arrives; none where its policy names none, or it is not ours."""
    own = {each.get("containerPort") for each in maps(work.container.get("ports")) if each.get("name") == MAIN}
    rules = _rules(work, {FIRST_PORT, *own}) if work.item.is_ours else []
    blocks = [mapping(each.get("ipBlock")).get("cidr") for rule in rules for each in maps(rule.get("from"))]
    return [str(cidr) for cidr in blocks if cidr]


def callers(work: Work, port: int) -> list[str]:
    """Who may reach a further port of what flyball has made."""
    return sorted({caller for rule in _rules(work, {port}) for caller in _callers(rule)}) if work.item.is_ours else []


def _rules(work: Work, ports: set[Any]) -> list[Manifest]:
    policy = work.found.get("NetworkPolicy", work.name)
    rules = maps(policy.spec.get("ingress")) if policy else []
    return [rule for rule in rules if ports & {each.get("port") for each in maps(rule.get("ports"))}]


def _callers(rule: Manifest) -> Iterator[str]:
    for each in maps(rule.get("from")):
        space, name = (_label(mapping(each.get(key))) for key in ("namespaceSelector", "podSelector"))
        yield f"{space}/{name or '*'}" if space else name


def _label(selector: Manifest) -> str:
    labels = mapping(selector.get("matchLabels"))
    return str(labels.get("kubernetes.io/metadata.name") or labels.get(wellknown.NAME_LABEL) or "")


def _call(work: Work, name: str, front: str, back: str) -> dict[str, Any]:
    times, server = _times(back), _SERVER.search(back)
    call: dict[str, Any] = {}
    protocol = "tcp" if "mode tcp" in back else "grpc" if "proto h2" in front else "http"
    host, port, options = (server[1], int(server[2]), server[3]) if server else ("", 0, "")
    if not host.endswith(f".svc.{DOMAIN}"):
        call |= {"host": host, "port": port, **({"protocol": protocol} if protocol != "tcp" else {})}
        call |= {"tls": True} if " ssl " in f" {options} " else {}
    call["connect"] = show_duration(times.get("connect", 0) + times.get("queue", 0))
    slowest = _USER_TIMEOUT.search(options)
    call["timeout"] = show_duration(int(slowest[1]) if slowest else times.get("server", 0))
    retries = re.search(r"^\s*retries (\d+)$", back, re.M)
    if retries and retries[1] != "0":
        call["retries"] = int(retries[1])
    return {**call, **_addresses(work, name, front, port, protocol)}


def _addresses(work: Work, name: str, front: str, port: int, protocol: str) -> dict[str, Any]:
    """By which variable, and by which names, the application finds the proxy."""
    found: dict[str, Any] = {}
    named = {str(each.get("ip")): each.get("hostnames") or [] for each in maps(work.pod.get("hostAliases"))}
    names = [
        host if int(at) == port else f"{host}:{at}" for ip, at in _BIND.findall(front) for host in named.get(ip, [])
    ]
    if names:
        found["names"] = sorted(names)
    own = {
        f"{prefix}127.0.0.1:{at}" for ip, at in _BIND.findall(front) if ip == "127.0.0.1" for prefix in ("", "http://")
    }
    for each in maps(work.container.get("env")):
        if each.get("value") in own and each.get("name") != variable(name, Hop(protocol=protocol)):
            found["variable"] = each["name"]
    work.given.update(each["name"] for each in maps(work.container.get("env")) if each.get("value") in own)
    return found
