"""Everything a stack file promises, read and held against the rules, all problems at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flyball.guards.fail_fast.container import check_label
from flyball.guards.fail_fast.rules import NAMESPACE_RESERVED
from flyball.guards.reading.problem import Path, Problem, refuse
from flyball.guards.reading.rules import EMPTY, GIVEN_TWICE, MISSING, OUT_OF_RANGE, SECRET_IN_PLAIN_TEXT, UNKNOWN_VALUE
from flyball.guards.reading.strict import check, nearest
from flyball.guards.timeouts import deadlines
from flyball.guards.timeouts.deadlines import Promise
from flyball.guards.timeouts.hops import PROTOCOLS
from flyball.guards.timeouts.rules import HIDDEN_SERVICE, UNKNOWN_CALLEE, WRONG_PORT
from flyball.guards.workload.sizing import Sizing, guard_all, promise
from flyball.guards.workload.spec import Spec, check_namespace
from flyball.stack.schema import Encrypted, ServiceArgs, StackArgs
from flyball.wellknown import SYSTEM_NAMESPACE

LOCAL = "local"
_RESERVED_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")


@dataclass(frozen=True, slots=True)
class Governed:
    """The stack's services have limits; `policies` says whether the stack also brings what enforces them."""

    policies: bool = True


@dataclass(frozen=True, slots=True)
class Service:
    """One service: its arguments with the stack's defaults, what they mean, and how it is sized if they hold."""

    args: Mapping[str, Any]
    spec: Spec
    sizing: Sizing | None


@dataclass(frozen=True, slots=True)
class Stack:
    environment: str
    owner: str
    namespace: str
    cluster: str
    zones: tuple[str, ...]
    nodes: int | None
    services: Mapping[str, Service]
    governor: Governed | None = None

    @property
    def promises(self) -> dict[str, Promise]:
        return {name: promise(service.spec) for name, service in self.services.items()}

    def callers(self, callee: str) -> list[str]:
        """Services that declare a call to `callee`, in alphabetical order."""
        return sorted(name for name, s in self.services.items() if callee in s.spec.calls)


def read(config: Mapping[str, Any], *, decrypted: bool = False) -> Stack:
    """The stack of a configuration. Raises `Refused` with every problem of the whole file.

    `decrypted` says that the values of secrets come from an encrypted configuration, though they no longer show it.
    """
    stack, problems = examine(config, decrypted=decrypted)
    refuse(problems)
    return stack


def examine(config: Mapping[str, Any], *, decrypted: bool = False) -> tuple[Stack, list[Problem]]:
    """As `read`, but hands the problems over; services with a problem may have no sizing."""
    given, defaults = config.get("services", ()), _map(config, "defaults")
    outer = {**config, "services": {}} if given is None or isinstance(given, Mapping) else config
    problems = [*check(outer, StackArgs, ()), *_check_outer(config), *_check_defaults(defaults)]
    zones = tuple(zone for zone in _list(config, "zones") if isinstance(zone, str))
    own = {str(name): args for name, args in _map(config, "services").items()}
    if not given and outer is not config:
        problems.append(Problem(("services",), EMPTY, "has no service", "name at least one, with image, port and load"))
    services: dict[str, Service] = {}
    promises: dict[str, Promise] = {}
    found: dict[str, list[Problem]] = {}
    for name, args in own.items():
        found[name] = []
        services[name], promises[name] = _service(name, args, defaults, own, len(zones), found[name])
        if not decrypted:
            said = {problem.path for problem in found[name]}
            secrets = _check_secrets(services[name].args, ("services", name))
            found[name].extend(problem for problem in secrets if problem.path not in said)
    problems.extend(_blame(found, own, defaults))
    problems += [*_check_graph(services), *deadlines.check(promises), *_check_names(services)]
    nodes = config.get("nodes")
    text = {key: value if isinstance(value := config.get(key), str) else "" for key in StackArgs.__required_keys__}
    return Stack(
        environment=text["environment"],
        owner=text["owner"],
        namespace=text["namespace"],
        cluster=text["cluster"],
        zones=zones,
        nodes=nodes if isinstance(nodes, int) else None,
        services=services,
        governor=_governor(config),
    ), list(dict.fromkeys(problems))


def _governor(config: Mapping[str, Any]) -> Governed | None:
    """None where the key is not there, or says so. Values of a wrong type are reported already."""
    given = config.get("governor")
    if not isinstance(given, Mapping) or given.get("enabled") is False:
        return None
    return Governed(policies=given.get("policies") is not False)


def _service(
    name: str,
    given: object,
    defaults: Mapping[str, Any],
    own: Mapping[str, object],
    zones: int,
    problems: list[Problem],
) -> tuple[Service, Promise]:
    path = ("services", name)
    merged = _merge(defaults, given) if isinstance(given, Mapping) else {}
    if not isinstance(given, Mapping):
        problems.extend(check(given, ServiceArgs, path))
        spec, _, _, bad = guard_all(name, {}, zones, path, ServiceArgs)
        return Service({}, spec, None), promise(spec, bad | {("deadline",)})
    spoken = _with_protocols(merged, own, defaults)
    spec, sizing, found, bad = guard_all(name, spoken, zones, path, ServiceArgs)
    problems.extend(found)
    return Service(merged, spec, sizing), promise(spec, bad)


def _with_protocols(args: Mapping[str, Any], own: Mapping[str, object], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments, with what each callee of the stack speaks; what cannot be read of that is said of the callee."""
    calls = args.get("calls")
    if not isinstance(calls, Mapping):
        return dict(args)
    spoken: dict[str, Any] = dict(calls)
    for name, call in calls.items():
        callee = own.get(name) if isinstance(name, str) else None
        if isinstance(callee, Mapping) and isinstance(call, Mapping) and "host" not in call:
            protocol = callee.get("protocol", defaults.get("protocol", "http"))
            spoken[name] = {"protocol": protocol, **call} if protocol in PROTOCOLS else call
    return {**args, "calls": spoken}


def _merge(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The service's own arguments over the defaults, maps merged key by key."""
    merged = dict(defaults)
    for key, value in given.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def _blame(
    found: Mapping[str, list[Problem]], own: Mapping[str, object], defaults: Mapping[str, Any]
) -> Iterator[Problem]:
    """The problems; those that a default brought in at the default, once or with the name of each service it breaks."""
    everywhere: dict[Problem, bool] = {}
    within = {name: {_below(problem) for problem in problems} for name, problems in found.items()}
    for name, problems in found.items():
        for problem in problems:
            below = _below(problem)
            if not _has(defaults, below.path) or _has(own[name], below.path):
                yield problem
                continue
            if below not in everywhere:
                heirs = [heir for heir, args in own.items() if isinstance(args, Mapping) and not _has(args, below.path)]
                everywhere[below] = all(below in within[heir] for heir in heirs)
            message = problem.message if everywhere[below] else f"in {name}: {problem.message}"
            yield replace(problem, path=("defaults", *below.path), message=message)


def _below(problem: Problem) -> Problem:
    """The problem as seen from its service."""
    return replace(problem, path=problem.path[2:])


def _has(values: Any, path: Path) -> bool:
    """Whether there is a value at a path."""
    for step in path:
        inside: Any = dict(enumerate(values)) if isinstance(values, list) else values
        if not isinstance(inside, Mapping) or step not in inside:
            return False
        values = inside[step]
    return True


def _check_defaults(defaults: Mapping[str, Any]) -> Iterator[Problem]:
    """Names and types of the defaults, also of those that every service replaces. What is missing a service may add."""
    for problem in check(defaults, ServiceArgs, ("defaults",)):
        if problem.rule is not MISSING:
            yield problem


def _check_outer(config: Mapping[str, Any]) -> Iterator[Problem]:
    """The rules for what is not a service."""
    for key in ("environment", "owner"):
        if isinstance(value := config.get(key), str):
            yield from _check_word(value, (key,))
    if isinstance(namespace := config.get("namespace"), str):
        yield from _check_namespace(namespace)
    if config.get("cluster") in ("", "aws"):
        yield Problem(
            ("cluster",),
            UNKNOWN_VALUE,
            f"{config['cluster']!r} is no cluster",
            "allowed are local, or a kubeconfig context",
        )
    zones = _list(config, "zones")
    for i, zone in enumerate(zones):
        if isinstance(zone, str):
            yield from _check_word(zone, ("zones", i))
        if zone in zones[:i]:
            yield Problem(("zones", i), GIVEN_TWICE, f"{zone!r} is given twice", "name each zone once")
    nodes = config.get("nodes")
    if isinstance(nodes, int) and not isinstance(nodes, bool) and nodes < 1:
        yield Problem(("nodes",), OUT_OF_RANGE, f"is {nodes}", "allowed is at least 1")


def _check_namespace(name: str) -> Iterator[Problem]:
    yield from check_namespace(name, ("namespace",))
    if owner := "Kubernetes" if name in _RESERVED_NAMESPACES else "the Governor" if name == SYSTEM_NAMESPACE else "":
        hint = "the stack creates its namespace, and `down` deletes it; choose a name of your own"
        yield Problem(("namespace",), NAMESPACE_RESERVED, f"{name!r} belongs to {owner}", hint)


def _check_word(value: str, path: Path) -> Iterator[Problem]:
    if not value:
        yield Problem(path, EMPTY, "is empty", "give a name")
    yield from check_label(value, path)


def _check_secrets(args: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    """Secrets that anyone could read: written in plain text, or encrypted where they would not stay so."""
    for name, value in _map(args, "secrets").items():
        if isinstance(value, str) and not isinstance(value, Encrypted):
            hint = "encrypt it with `pulumi config set --secret --path`, or name an existing Secret in refs"
            yield Problem((*path, "secrets", name), SECRET_IN_PLAIN_TEXT, "is a secret in plain text", hint)
    for at, value in _leaves({key: value for key, value in args.items() if key != "secrets"}, path):
        if isinstance(value, Encrypted):
            hint = (
                "put a secret environment variable under secrets"
                if at[len(path)] == "env"
                else "write it in plain text"
            )
            yield Problem(at, SECRET_IN_PLAIN_TEXT, "is encrypted, and would be plain text in the cluster", hint)


def _leaves(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _leaves(inner, (*path, i))
    else:
        yield path, value


def _check_graph(services: Mapping[str, Service]) -> Iterator[Problem]:
    """Callees that do not exist, and hosts that hide a service. Deadlines and circles: `deadlines.check`."""
    for name, service in services.items():
        for callee, call in service.spec.calls.items():
            path = ("services", name, "calls", callee)
            if not call.outside and callee not in services:
                others = [other for other in services if other != name]
                hint = "what is outside of it needs host and port"
                yield Problem(
                    path,
                    UNKNOWN_CALLEE,
                    "is no service of this stack",
                    f"{nearest(callee, others)} ({hint})" if others else hint,
                )
            elif call.outside and callee in services:
                yield Problem(
                    (*path, "host"), HIDDEN_SERVICE, f"hides the service {callee}", "give the outside one another name"
                )
            elif not call.outside:
                yield from _check_port(service, callee, services[callee], path)


def _check_port(service: Service, callee: str, other: Service, path: Path) -> Iterator[Problem]:
    """Nobody answers on another port than the callee's. Ports that could not be read are reported already."""
    given, right = service.spec.call_ports.get(callee), other.spec.port
    if given is None or given == right:
        return
    if given == service.args["calls"][callee]["port"] and right == other.args.get("port"):
        yield Problem((*path, "port"), WRONG_PORT, f"is {given}, and {callee} listens on {right}", "leave it out")


def _check_names(services: Mapping[str, Service]) -> Iterator[Problem]:
    """Two services whose objects would have the same name."""
    for name, service in services.items():
        twin = f"{name}-spot"
        if service.spec.spot and twin in services:
            hint = f"{name} runs its spot part under that name; rename one of them"
            yield Problem(("services", twin), GIVEN_TWICE, f"has the name of a Deployment of {name}", hint)


def _map(values: object, key: str) -> Mapping[str, Any]:
    inner = values.get(key) if isinstance(values, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}


def _list(values: Mapping[str, Any], key: str) -> list[Any]:
    inner = values.get(key)
    return inner if isinstance(inner, list) else []
