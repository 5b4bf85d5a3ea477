"""Lesson 6: three questions that must differ: has it started, can it serve, is it beyond help."""

from collections.abc import Mapping
from dataclasses import dataclass

from flyball.guards.interruptions.rules import NO_READINESS, PROBES_ALIKE
from flyball.guards.reading.process import check_command
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import DOES_NOT_APPLY, EITHER_OR, EMPTY, INVALID_PATH, MISSING

KINDS = ("path", "grpc", "tcp", "exec")
"""What a probe may ask."""


@dataclass(frozen=True, slots=True)
class Probe:
    """`kind` is one of `KINDS`; times in whole seconds."""

    kind: str
    path: str = "/"
    exec: tuple[str, ...] = ()
    period: int = 5
    timeout: int = 2
    failures: int = 3


@dataclass(frozen=True, slots=True)
class Probes:
    startup: Probe
    readiness: Probe
    liveness: Probe


def read(r: Reader, protocol: str, *, listens: bool = True) -> Probes:
    """The three probes of a workload that speaks `protocol`, or listens nowhere."""
    if not listens:
        return _read_commands(r)
    own = {"http": "path", "grpc": "grpc", "tcp": "tcp"}[protocol]
    asked = r.values.get("readiness", {})
    if protocol == "tcp" and isinstance(asked, Mapping) and not _says(asked):
        hint = "a command such as exec: [redis-cli, ping]; an open port alone does not mean that it can serve"
        says = "does not say what to ask" if asked else "is missing"
        r.problem("readiness", NO_READINESS, f"{says}, and protocol is tcp", hint)
    probes = Probes(
        startup=_probe(r.at("startup"), Probe("grpc" if protocol == "grpc" else "tcp", failures=30)),
        readiness=_probe(r.at("readiness"), Probe("exec" if own == "tcp" else own, failures=3)),
        liveness=_probe(r.at("liveness"), Probe("tcp", period=10, failures=6)),
    )
    same = [(p.kind, p.path if p.kind == "path" else p.exec) for p in (probes.readiness, probes.liveness)]
    if same[0] == same[1]:
        _alike(r)
    return probes


def _read_commands(r: Reader) -> Probes:
    """Where there is no port, there is nothing but commands to ask. It has started once it is ready."""
    for key in ("startup", "readiness", "liveness"):
        for kind in _kinds(r.at(key)):
            if kind != "exec":
                hint = "give a command, as exec: [is-well], or give port"
                r.problem((key, kind), DOES_NOT_APPLY, "is given, and there is no port to ask", hint)
    for key, rule in (("readiness", NO_READINESS), ("liveness", MISSING)):
        asked = r.values.get(key, {})
        if isinstance(asked, Mapping) and not _says(asked):
            hint = "give port, or for what listens nowhere a command, as exec: [is-well]"
            says = "does not say what to ask" if asked else "is missing"
            r.problem(key, rule, f"{says}, and there is no port", hint)
    readiness = _probe(r.at("readiness"), Probe("exec", failures=3))
    probes = Probes(
        startup=_probe(r.at("startup"), Probe("exec", exec=readiness.exec, failures=30)),
        readiness=readiness,
        liveness=_probe(r.at("liveness"), Probe("exec", period=10, failures=6)),
    )
    if readiness.exec and readiness.exec == probes.liveness.exec:
        _alike(r)
    return probes


def _alike(r: Reader) -> None:
    hint = "what is overloaded should get less traffic, not a restart; ask different questions"
    r.problem("liveness", PROBES_ALIKE, "is the same probe as readiness", hint)


def _says(asked: Mapping[str, object]) -> bool:
    """Whether it says what to ask; what is empty is reported with the types."""
    return any(asked.get(kind, False) is not False for kind in KINDS)


def _kinds(r: Reader) -> list[str]:
    return [kind for kind in KINDS if r.values.get(kind) not in (None, False)]


def _probe(r: Reader, default: Probe) -> Probe:
    kinds = _kinds(r)
    if r.values.get("exec") == []:
        r.problem("exec", EMPTY, "is empty", "give a command, its arguments one by one")
    if len(kinds) > 1:
        r.problem((), EITHER_OR, f"has {' and '.join(kinds)}", "a probe is exactly one of path, grpc, tcp and exec")
    path = r.value("path", str, default.path)
    r.problems.extend(check_command(r.words("exec"), r.to("exec")))
    if not path.startswith("/") or " " in path or not path.isprintable():
        r.problem("path", INVALID_PATH, f"is {path!r}", "a path starts with /, without spaces")
    return Probe(
        kind=kinds[0] if kinds else default.kind,
        path=path,
        exec=tuple(r.words("exec")) or default.exec,
        period=r.seconds("period", default.period),
        timeout=r.seconds("timeout", default.timeout),
        failures=r.whole("failures", default.failures, 1),
    )
