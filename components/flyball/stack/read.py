"""Everything a stack file promises, read and held against the rules, all problems at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flyball.guards.alerting.stack import Alerting
from flyball.guards.aws.platform import Platform as AwsPlatform
from flyball.guards.aws.pools import Pool
from flyball.guards.clean_up import nodes
from flyball.guards.clean_up.nodes import Nodes
from flyball.guards.fail_fast.container import check_word
from flyball.guards.fail_fast.rules import NAMESPACE_RESERVED
from flyball.guards.reading import bounds
from flyball.guards.reading.problem import Path, Problem, Refused, refuse
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import (
    DOES_NOT_APPLY,
    GIVEN_TWICE,
    MISSING,
    SECRET_IN_PLAIN_TEXT,
    UNKNOWN_VALUE,
)
from flyball.guards.reading.strict import check, is_torn
from flyball.guards.timeouts.deadlines import Promise
from flyball.guards.workload import digests, members, on_nodes, platform, resolve, without_port
from flyball.guards.workload.caches import Cache
from flyball.guards.workload.digests import Used
from flyball.guards.workload.held import hold
from flyball.guards.workload.job_set import Described
from flyball.guards.workload.jobs import Job
from flyball.guards.workload.limits import Governed, read_governed
from flyball.guards.workload.names import JOBS_PRIORITY, check_context, check_namespace
from flyball.guards.workload.other_words import check_service
from flyball.guards.workload.pipeline import Pipeline
from flyball.guards.workload.resolve import Place, Service
from flyball.kubernetes.governor import balance
from flyball.kubernetes.pools import controller
from flyball.stack import on_platform, pools
from flyball.stack.alerts import read_alerts
from flyball.stack.logs import read_logs
from flyball.stack.platform import KEY
from flyball.stack.schema import CacheArgs, Encrypted, JobArgs, ServiceArgs, StackArgs
from flyball.wellknown import SYSTEM_NAMESPACE

LOCAL = "local"
_RESERVED_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")


@dataclass(frozen=True, slots=True)
class Stack:
    """What a stack file comes to: where its services run, on which nodes, and what they are.

    `promises` are those of all services and jobs, as far as they could be read.
    """

    place: Place
    cluster: str
    nodes: Nodes
    services: Mapping[str, Service]
    promises: Mapping[str, Promise]
    jobs: Mapping[str, Job] = field(default_factory=dict)
    caches: Mapping[str, Cache] = field(default_factory=dict)
    governor: Governed | None = None
    shared: bool = False
    """Whether the namespace is others' too, and not this stack's to make, label or delete."""

    logs: Pipeline | None = None
    """Where the logs of the cluster's pods go, where this stack ships them."""
    alerts: Alerting | None = None
    """Who hears of what, where anybody does."""

    base: AwsPlatform | None = None
    """The platform that it names, where it names one."""
    pools: Mapping[str, Pool] = field(default_factory=dict)
    """Spot nodes of that platform that this stack brings, by name."""

    @property
    def namespace(self) -> str:
        return self.place.namespace

    @property
    def migrations(self) -> tuple[Job, ...]:
        """Those of its services."""
        return tuple(service.migration for service in self.services.values() if service.migration)

    @property
    def zones(self) -> tuple[str, ...]:
        return self.place.zones

    @property
    def images(self) -> list[Used]:
        """The image of each container that it brings."""
        of_logs = digests.of_pipeline(self.logs, ("logs",)) if self.logs else ()
        of_pools = [Used((pools.KEY,), controller.IMAGE)] if self.pools else []
        of_set = digests.of_set(self.services, self.jobs, self.caches, ())
        return [*of_set, *balance.images(self.governor, ("governor",)), *of_logs, *of_pools]


def read(config: Mapping[str, Any], *, decrypted: bool = False) -> Stack:
    """The stack of a configuration. Raises `Refused` with every problem of the whole file.

    `decrypted` says that the values of secrets come from an encrypted configuration, though they no longer show it.
    """
    if KEY in config:
        hint = "name the stack of services that runs on it; of a platform there are plan, render and up"
        raise Refused([Problem((KEY,), DOES_NOT_APPLY, "makes this the stack of a platform, without services", hint)])
    stack, problems = examine(config, decrypted=decrypted)
    refuse(problems)
    return stack


def examine(config: Mapping[str, Any], *, decrypted: bool = False) -> tuple[Stack, list[Problem]]:
    """As `read`, but hands the problems over; services that break a rule of their own are left out."""
    named = on_platform.name(config)
    config = named.config
    defaults, nothing = _map(config, "defaults"), [*resolve.check_any(config, ())]
    outer = {**config, **{key: {} for key in resolve.PARTS if isinstance(config.get(key), Mapping)}}
    outer |= {"services": {}} if nothing else {}
    (logs, unread), (alerts, unheard) = read_logs(config), read_alerts(config)
    own = {str(name): args for name, args in _map(config, "services").items()}
    described, of_nodes = nodes.examine(config.get("nodes"), ("nodes",))
    problems = [
        *named.problems,
        *check({key: value for key, value in outer.items() if key not in ("logs", "alerts")}, StackArgs, ()),
        *unread,
        *unheard,
        *_check_outer(config),
        *platform.check(config, ()),
        *of_nodes,
        *_check_defaults(defaults),
    ]
    if too_much := bounds.defaults_problem(bounds.count(defaults), len(own), ("defaults",)):
        problems, defaults = [*problems, *too_much], {}
    problems += nothing
    place = _place(config)
    merged = {
        name: _merge(_applicable(defaults, args), args) if isinstance(args, Mapping) else args
        for name, args in own.items()
    }
    jobs = {str(name): args for name, args in _map(config, "jobs").items()}
    held = hold(config.get("caches"), {**own, **jobs}, place.namespace, ("caches",), CacheArgs)
    described_jobs = Described(jobs, ("jobs",), JobArgs)
    found = resolve.examine(merged, place, ("services",), ServiceArgs, jobs=described_jobs, caches=held.callees)
    by_service = {name: list(theirs) for name, theirs in found.own.items()}
    by_job = {name: list(theirs) for name, theirs in found.of_jobs.items()}
    if not decrypted:
        for key, args, own_problems in (("services", merged, by_service), ("jobs", jobs, by_job)):
            for name, theirs in own_problems.items():
                said = {problem.path for problem in theirs}
                theirs.extend(p for p in _check_secrets(args[name], (key, name)) if p.path not in said)
    count = None if of_nodes else described.count
    for name, problem in on_nodes.check_services(found.services, count) if count else ():
        by_service[name].append(problem)
    problems += [*_blame(by_service, own, defaults), *(p for each in by_job.values() for p in each), *found.between]
    problems += held.check_callers(found.callers, found.pods)
    problems += [*held.problems, *(on_nodes.check_caches(held.caches, count, ("caches",)) if count else ())]
    for name, args in _map(config, "caches").items() if not decrypted else ():
        problems += _check_password(args, ("caches", str(name)))
    cluster = config.get("cluster")
    stack = Stack(
        place=place,
        cluster=cluster if isinstance(cluster, str) else "",
        nodes=described,
        services=found.services,
        promises=found.promises,
        jobs=found.jobs,
        caches=held.called(found.callers),
        governor=read_governed(Reader(config, (), [])),
        shared=_is_shared(config),
        logs=logs,
        base=named.platform,
        alerts=alerts,
        pools=pools.brought(config, named.platform),
    )
    unread = [
        *digests.unread(merged, found.services, ("services",)),
        *digests.unread(jobs, found.jobs, ("jobs",)),
        *digests.unread(_map(config, "caches"), held.caches, ("caches",)),
    ]
    used = [_at_default(each, own, defaults) for each in (*stack.images, *unread)]
    # Of what could not be read, each image that it may have without saying so.
    more = [Used((), image) for image in digests.DEFAULTS] if problems else []
    problems += digests.check(used, place.platform.registry, ())
    problems += digests.check_unused([*used, *more], place.platform.registry, ())
    problems += pools.check(config, named, stack.governor)
    if named.platform and not problems:
        more = pools.demand(stack.pools)
        run = [*stack.jobs.values(), *stack.migrations]
        problems += on_platform.check_base(named.platform, stack.services, run, stack.caches, logs, more, ("platform",))
    return stack, list(dict.fromkeys(problems))


def _place(config: Mapping[str, Any]) -> Place:
    """Values of a wrong type are reported already."""
    r = Reader(config, (), [])
    namespace, environment, owner = (r.value(key, str, "") for key in ("namespace", "environment", "owner"))
    # A PriorityClass is of the whole cluster, and each of the stacks that share a namespace has its own.
    own = f"-{owner}-{environment}".lower().replace("_", "-") if _is_shared(config) else ""
    return Place(
        namespace=namespace,
        zones=tuple(r.words("zones")),
        environment=environment,
        owner=owner,
        priority=f"flyball-{namespace}{own}",
        jobs=JOBS_PRIORITY.format(namespace + own),
        platform=platform.read(r.at("platform")),
    )


def _is_shared(config: Mapping[str, Any]) -> bool:
    return config.get("shared") is True


def _applicable(defaults: Mapping[str, Any], args: Mapping[str, Any]) -> Mapping[str, Any]:
    """Defaults of all services as far as they mean something for one."""
    return without_port.applicable(members.applicable(defaults, args), args)


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


def _at_default(used: Used, own: Mapping[str, object], defaults: Mapping[str, Any]) -> Used:
    """An image of a service where it is said: one of a default there."""
    if used.path[0] != "services":
        return used
    name, below = str(used.path[1]), used.path[2:]
    inherited = _has(defaults, below) and not _has(own[name], below)
    return replace(used, path=("defaults", *below)) if inherited else used


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
    for problem in check_service(defaults, ServiceArgs, ("defaults",)):
        if problem.rule is not MISSING:
            yield problem


def _check_outer(config: Mapping[str, Any]) -> Iterator[Problem]:
    """The rules for what is not a service."""
    for key in ("environment", "owner"):
        if isinstance(value := config.get(key), str):
            yield from check_word(value, (key,))
    if isinstance(namespace := config.get("namespace"), str):
        yield from _check_namespace(namespace, shared=_is_shared(config))
    cluster = config.get("cluster")
    if isinstance(cluster, str) and not is_torn(cluster) and (cluster == "aws" or check_context(cluster, ())):
        hint = "allowed are local, or a kubeconfig context"
        yield Problem(("cluster",), UNKNOWN_VALUE, f"{cluster!r} is no cluster", hint)
    seen: set[str] = set()
    for i, zone in enumerate(_list(config, "zones")):
        if isinstance(zone, str):
            yield from check_word(zone, ("zones", i))
            if zone in seen:
                yield Problem(("zones", i), GIVEN_TWICE, f"{zone!r} is given twice", "name each zone once")
            seen.add(zone)


def _check_namespace(name: str, *, shared: bool) -> Iterator[Problem]:
    yield from check_namespace(name, ("namespace",))
    if shared and name == "default":
        return
    if owner := "Kubernetes" if name in _RESERVED_NAMESPACES else "the Governor" if name == SYSTEM_NAMESPACE else "":
        hint = "the stack creates its namespace, and `down` deletes it; choose a name of your own"
        yield Problem(("namespace",), NAMESPACE_RESERVED, f"{name!r} belongs to {owner}", hint)


def _check_secrets(args: object, path: Path) -> Iterator[Problem]:
    """Secrets that anyone could read: written in plain text, or encrypted where they would not stay so."""
    for name, value in _map(args, "secrets").items():
        if isinstance(value, str) and not isinstance(value, Encrypted):
            hint = "encrypt it with `pulumi config set --secret --path`, or name an existing Secret in refs"
            yield Problem((*path, "secrets", str(name)), SECRET_IN_PLAIN_TEXT, "is a secret in plain text", hint)
    for name, files in _map(args, "files").items():
        for key, value in _map(files, "secrets").items():
            if isinstance(value, str) and not isinstance(value, Encrypted):
                hint = "encrypt it with `pulumi config set --secret --path`, or name an existing Secret in secret"
                at = (*path, "files", str(name), "secrets", str(key))
                yield Problem(at, SECRET_IN_PLAIN_TEXT, "is a secret in plain text", hint)
    others = _open(args)
    for at, value in _leaves(others, path):
        if isinstance(value, Encrypted):
            hints = {
                "env": "put a secret environment variable under secrets",
                "files": "put a secret file under secrets",
            }
            hint = hints.get(str(at[len(path)]), "write it in plain text")
            yield Problem(at, SECRET_IN_PLAIN_TEXT, "is encrypted, and would be plain text in the cluster", hint)


def _open(args: object) -> dict[str, Any]:
    """What of a service is no secret."""
    plain = {key: value for key, value in args.items() if key != "secrets"} if isinstance(args, Mapping) else {}
    files = {
        name: {key: value for key, value in each.items() if key != "secrets"} if isinstance(each, Mapping) else each
        for name, each in _map(plain, "files").items()
    }
    return {**plain, "files": files} if files else plain


def _check_password(args: object, path: Path) -> Iterator[Problem]:
    for key, value in args.items() if isinstance(args, Mapping) else ():
        if key == "password" and isinstance(value, str) and not isinstance(value, Encrypted):
            hint = "encrypt it with `pulumi config set --secret --path`, or name an existing Secret in secret"
            yield Problem((*path, "password"), SECRET_IN_PLAIN_TEXT, "is a secret in plain text", hint)
        elif key != "password" and isinstance(value, Encrypted):
            yield Problem((*path, str(key)), SECRET_IN_PLAIN_TEXT, "is encrypted", "write it in plain text")


def _leaves(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _leaves(inner, (*path, i))
    else:
        yield path, value


def _map(values: object, key: str) -> Mapping[str, Any]:
    inner = values.get(key) if isinstance(values, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}


def _list(values: Mapping[str, Any], key: str) -> list[Any]:
    inner = values.get(key)
    return inner if isinstance(inner, list) else []
