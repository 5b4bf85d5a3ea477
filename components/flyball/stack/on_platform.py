"""A stack of services that names the platform it runs on: zones and nodes are that one's, and never stated twice."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as Folder
from typing import Any

from flyball.guards.aws import nodes
from flyball.guards.aws.nodes import Demand
from flyball.guards.aws.platform import Platform
from flyball.guards.clean_up.retention import MI
from flyball.guards.reading.problem import Path, Problem, Refused
from flyball.guards.reading.rules import GIVEN_TWICE, UNKNOWN_KEY, UNKNOWN_VALUE, WRONG_TYPE
from flyball.guards.reading.units import show_count
from flyball.guards.workload import pipeline
from flyball.guards.workload.caches import Cache
from flyball.guards.workload.extended import Extended
from flyball.guards.workload.jobs import Job
from flyball.guards.workload.pipeline import Pipeline
from flyball.guards.workload.resolve import Service
from flyball.stack.platform import examine_platform, is_platform

STACK, CONTENT = "stack", "content"
"""Keys of `platform`: the stack that it names, and what that stack's file says, put there when it is read."""
_NODE = {"aws-node": Demand(cpu=50, pods=1), "kube-proxy": Demand(cpu=100, pods=1), "pod identity": Demand(pods=1)}
"""What the add-ons ask for on each node (https://github.com/aws/amazon-vpc-cni-k8s, charts/aws-vpc-cni/values.yaml, two
containers of 25m; https://github.com/awslabs/amazon-eks-ami)."""
_ONCE = {"coredns": (2, Demand(100, 70 * MI, 1))}
"""How many, and what each asks for (https://github.com/coredns/deployment, kubernetes/coredns.yaml.sed)."""


@dataclass(frozen=True, slots=True)
class Named:
    """The platform that a stack names, and the configuration of the stack with what follows from it."""

    platform: Platform | None
    config: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()


def with_platform(
    config: Mapping[str, Any], find: Callable[[str], Folder], load: Callable[[Folder], Mapping[str, Any]]
) -> tuple[dict[str, Any], list[Problem]]:
    """The configuration with the content of the platform's stack, which `find` and `load` read, beside its name."""
    given = config.get("platform")
    named = {STACK: given} if isinstance(given, str) else given
    if not isinstance(named, Mapping) or STACK not in named:
        return dict(config), []
    if CONTENT in named:
        hint = "the stack that it names has it"
        problem = Problem(("platform", CONTENT), UNKNOWN_KEY, "is not a known key", hint)
        return {**config, "platform": _without(named)}, [problem]
    if not isinstance(named[STACK], str):
        return dict(config), []
    try:
        content = dict(load(find(named[STACK])))
    except Refused as refused:
        return {**config, "platform": _without(named)}, [
            Problem(("platform",), problem.rule, problem.message, problem.remedy) for problem in refused.problems
        ]
    return {**config, "platform": {**named, CONTENT: content}}, []


def is_resolved(config: Mapping[str, Any]) -> bool:
    """Whether the platform's content is there already: so commands hand it to a program in their own process."""
    given = config.get("platform")
    return isinstance(given, Mapping) and CONTENT in given


def _without(named: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in named.items() if key not in (STACK, CONTENT)}


def name(config: Mapping[str, Any]) -> Named:
    """The platform of a configuration, and what is wrong with how it is named; without one, all as it is."""
    given = config.get("platform")
    if isinstance(given, str):
        hint = "give the name of a stack file beside this one, without Pulumi. and .yaml"
        problem = Problem(("platform",), WRONG_TYPE, f"is {given!r}, which was not read", hint)
        return Named(None, {**config, "platform": {}}, (problem,))
    if not isinstance(given, Mapping) or CONTENT not in given:
        return Named(None, config)
    content, stack = given[CONTENT], given.get(STACK)
    if not isinstance(content, Mapping) or not is_platform(content):
        problem = Problem(("platform",), UNKNOWN_VALUE, f"{stack!r} is no stack of a platform", "name one with aws")
        return Named(None, {**config, "platform": _without(given)}, (problem,))
    found, broken = examine_platform(content)
    problems = [*_twice(config, str(stack))]
    if broken:
        hint = f"`flyball plan -s {stack}` names them"
        problems.append(
            Problem(("platform",), broken[0].rule, f"{stack} breaks {show_count(len(broken), 'rule')}", hint)
        )
    followed = {"zones": list(found.zones), "nodes": {"count": found.nodes, "disk": _gi(found.base.disk)}}
    return Named(found, {**config, "platform": {"name": "eks", **_without(given)}, **followed}, tuple(problems))


def _gi(size: int) -> str:
    return f"{size // 2**30}Gi"


def _twice(config: Mapping[str, Any], stack: str) -> Iterator[Problem]:
    for key in ("zones", "nodes"):
        if key in config:
            yield Problem((key,), GIVEN_TWICE, f"is said in the platform {stack} too", "remove it here")


def check_base(
    platform: Platform,
    services: Mapping[str, Service],
    jobs: Iterable[Job],
    caches: Mapping[str, Cache],
    logs: Pipeline | None,
    more: Demand,
    path: Path,
) -> Iterator[Problem]:
    """Hold the size of the platform's nodes against the pods, one by one, and that of its base group against all that
    has to run on demand, services, caches and what is `more`."""
    everywhere, base = daemons(logs), [platform.base.size]
    spot = [platform.pool.size] if platform.pool else []
    pods = [((*service.path, "resources"), base, _pod(service.spec)) for service in services.values()]
    pods += [((*job.path, "resources"), [*base, *spot] if job.spec.spot else base, _pod(job.spec)) for job in jobs]
    pods += [(("caches", name, "memory"), base, _cached(cache)) for name, cache in caches.items()]
    too_large = [each for at, sizes, pod in pods for each in nodes.check_pod(sizes, pod, everywhere, at)]
    yield from too_large
    if not too_large:
        yield from nodes.check_base(platform.base, [*replicas(services, caches), *_each(more)], everywhere, path)


def replicas(services: Mapping[str, Service], caches: Mapping[str, Cache]) -> list[tuple[int, Demand]]:
    """How many on-demand replicas of what size there are, each service's at its floor: with spot on, those of its
    base."""
    asked = [*_ONCE.values()]
    for service in services.values():
        count = service.not_autoscaled if service.sizing.split else service.sizing.floor
        asked.append((count, _pod(service.spec)))
    return [*asked, *((cache.replicas, _cached(cache)) for cache in caches.values())]


def _pod(spec: Extended) -> Demand:
    return Demand(*spec.asked, pods=1)


def _cached(cache: Cache) -> Demand:
    return Demand(cache.cpu, cache.memory, 1)


def _each(all_of_them: Demand) -> list[tuple[int, Demand]]:
    """Pods that are alike, one by one."""
    count = all_of_them.pods
    return [(count, Demand(all_of_them.cpu // count, all_of_them.memory // count, 1))] if count else []


def daemons(logs: Pipeline | None) -> Demand:
    """What runs on each node: the add-ons, and the collector of logs where the stack ships them."""
    ours = [Demand(pipeline.CPU, logs.memory, 1)] if logs else []
    every = [*_NODE.values(), *ours]
    return Demand(sum(d.cpu for d in every), sum(d.memory for d in every), sum(d.pods for d in every))
