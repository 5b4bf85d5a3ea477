"""Brings a stack up and down: by Pulumi's engine where there is one, else in this process and by kubectl."""

import functools
import gc
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flyball.deploy import (
    addresses,
    balancers,
    by_engine,
    canary,
    freeze,
    jobs,
    migrations,
    others,
    parts,
    pools,
    proxies,
    pulumi_cli,
    requirements,
    revisions,
    rollout,
    room,
    scaled,
    shrinking,
    unchanged,
    volumes,
)
from flyball.deploy import engine as engines
from flyball.deploy.apply import ApplySet, Result
from flyball.deploy.asked import Live
from flyball.deploy.canary import Release
from flyball.deploy.engine import Engine
from flyball.deploy.manifests import Object, Rendered, rendered
from flyball.deploy.others import Item, Signature
from flyball.deploy.program import run_program
from flyball.deploy.rollout import Standing
from flyball.deploy.stand_ins import StandIns
from flyball.deploy.unguard import check_left, unguard
from flyball.guards.aws.platform import Platform
from flyball.guards.fail_fast.rules import NEEDS_PULUMI_CLI, NOT_RUNNING
from flyball.guards.governor.freeze import Freeze
from flyball.guards.reading.problem import Problem, Refused, refuse
from flyball.guards.reading.reader import Reader
from flyball.guards.workload.limits import read_governed
from flyball.guards.workload.names import check_context
from flyball.guards.workload.resolve import Service
from flyball.kubectl import Kubectl
from flyball.kubernetes.workload import meanwhile
from flyball.lab.cluster import control_plane, keda, metrics, toolchain
from flyball.lab.cluster import volumes as offered
from flyball.lab.cluster.nodes import ZONES
from flyball.stack.configuration import already_read
from flyball.stack.either import read_either
from flyball.stack.read import Stack, read
from flyball.stack.schema import encrypted
from flyball.stack.target import Target

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an `up` did (None where the Pulumi CLI did it and has said so itself) and what stands now."""

    result: Result | None
    same: int | None
    """How many resources the Pulumi CLI was not asked about, because it would have found all of them unchanged."""
    standing: tuple[Standing, ...]
    services: Mapping[str, Service]
    """What stands, as the rules have resolved it."""
    freeze: Freeze | None = None
    """The freeze that is on in the cluster, where the stack has a Governor."""
    called: tuple[str, ...] = ()
    """Where services are called from outside, in words."""


def up(target: Target, report: Report, progress: Callable[[int, int], None]) -> Outcome:
    """Bring the stack up and wait until it stands; `progress` gets (done, all) workloads.

    Raises `Refused` before anything is changed, else the errors of the parts: `ControlPlaneError`, `ToolchainError`,
    `KubectlError`, `PulumiError`, `RolloutError`.
    """
    stack = read(target.config)
    engine = engines.find()
    if engine is None:
        refuse(_unreadable(target.config))
    result = render(target, stack)
    proxies.check(result.objects, report)
    kubectl = cluster(target, stack, report)
    applied = same = None
    members = ApplySet(kubectl, target.name, stack.place.owner, report)
    workloads = [o.named for o in result.objects if o.kind in rollout.KINDS]
    live = parts.live(kubectl, stack.services.values())
    canaries = canary.of(stack.services.values())
    refuse([*_fixed(kubectl, stack, live), *canary.check_alone(kubectl, canaries)])
    sizes = parts.taking_over(live, stack.services.values())

    def stands() -> None:
        rollout.reach(kubectl, sizes)
        rollout.wait(kubectl, workloads, progress)

    for line in shrinking.said(kubectl, stack):
        report(line)
    grow = functools.partial(volumes.grow, kubectl, stack.services.values(), report)
    migrations.settle(kubectl, result.objects, report)
    canary.clear(kubectl, canaries)
    releases = canary.releases(kubectl, canaries, result.objects)
    if engine and not _by_kubectl(members, report):
        there = members.live(result.objects)
        refuse(_in_the_way(there, engine, target, stack, result))
        grow()
        # What the state does not know, since its creation was killed, is created again: not smaller than it has become.
        with meanwhile.beginning(parts.running(live, stack.services.values())):
            same = None if sizes or releases else unchanged.count(engine, target, stack, there)
            if same is not None:
                report(f"nothing to change: what runs is what the stack asks for, so that {engine}, is not run")
            else:
                by_engine.bring_up(engine, target, kubectl, result, sizes, stands, releases, report)
    else:
        if engine is None:
            report("no Pulumi CLI on PATH and none built: kubectl applies what the program comes to in this process")
        refuse(_unreadable(target.config))
        grow()
        with meanwhile.at_least(sizes):
            first = parts.first(render(target, stack).objects, sizes) if sizes else None
        applied = _applied(members, result, first, stands, releases, report)
    rollout.wait(kubectl, workloads, progress)
    scaled.wait(kubectl, result.objects, report)
    grow()  # those of members that have joined
    canary.clear(kubectl, canaries)
    if applied is None:
        _sweep(kubectl, target, stack, result, report)
    for line in jobs.said(kubectl, result.objects):
        report(line)
    return _outcome(kubectl, stack, applied, same)


def _applied(
    members: ApplySet,
    result: Rendered,
    first: list[Object] | None,
    stands: Callable[[], None],
    releases: Sequence[Release],
    report: Report,
) -> Result:
    """By kubectl: what comes to stand before the rest, stage by stage, and then all of it."""
    kubectl, objects = members.kubectl, first or result.objects
    stages = [
        (canary.without(stage.objects, releases), functools.partial(_staged, kubectl, stage, report))
        for stage in migrations.stages(objects, migrations.live(kubectl, result.objects))
    ]
    if releases:
        stages.append((canary.without(objects, releases), functools.partial(canary.run, kubectl, releases, report)))
    applied = members.apply(result.objects, first, stands, stages)
    for other in result.others:
        report(f"not applied, for lack of the Pulumi CLI: {other.type} {other.name}")
    return applied


def _outcome(kubectl: Kubectl, stack: Stack, applied: Result | None, same: int | None) -> Outcome:
    standing = rollout.standing(kubectl, stack.namespace, list(stack.services), stack.place.platform)
    frozen = freeze.current(kubectl) if stack.governor else None
    called = addresses.said(kubectl, stack.services.values())
    return Outcome(applied, same, tuple(standing), stack.services, frozen, tuple(called))


def _sweep(kubectl: Kubectl, target: Target, stack: Stack, result: Rendered, report: Report) -> None:
    """Remove what the engine leaves: configurations that no revision needs any more, and what it knows nothing of."""
    revisions.sweep(kubectl, result.objects)
    others.sweep(kubectl, _signature(target), {stack.namespace}, report)


def _staged(kubectl: Kubectl, stage: migrations.Stage, report: Report) -> None:
    """Wait until the workloads of a stage stand, and its migrations have succeeded."""
    if stage.stands:
        rollout.wait(kubectl, stage.stands, lambda done, total: None)
    migrations.wait(kubectl, stage.jobs, report)


def preview(target: Target, report: Report) -> str | None:
    """What `up` would change, as the server sees it; empty where nothing would. Starts and changes nothing.

    None with the Pulumi CLI, which prints its own preview instead.
    """
    stack = read(target.config)
    result = render(target, stack)
    plane = control_plane.running(target.name) if target.is_local else None
    kubectl = plane.kubectl if plane else None if target.is_local else cluster(target, stack, report)
    refuse(_fixed(kubectl, stack, parts.live(kubectl, stack.services.values())) if kubectl else ())
    shrinks = shrinking.said(kubectl, stack) if kubectl else []
    first = _first(kubectl, stack, result) if kubectl else migrations.said(result.objects, {})
    members = ApplySet(kubectl, target.name, stack.place.owner) if kubectl else None
    engine = engines.find()
    if kubectl and target.is_local:
        refuse(list(others.check_shared(kubectl, stack)))
    if engine and not (members and _by_kubectl(members, report)):
        if members:
            refuse(_in_the_way(members.live(result.objects), engine, target, stack, result))
        pulumi_cli.up(engine, target.project, target.name, target.file, target.context, preview=True)
        for line in (*shrinks, *first):
            report(line)
        return None
    if members:
        changes = members.diff(result.objects)
        return "\n".join([*first, *([*shrinks, changes] if changes else [])])
    return "\n".join(
        [*first, *(f"+ {o.kind.lower()} {o.namespace}/{o.name}".replace(" /", " ") for o in result.objects)]
    )


def _first(kubectl: Kubectl, stack: Stack, result: Rendered) -> list[str]:
    """What comes before all else changes: volumes that grow, migrations, and the steps of canaries."""
    services = stack.services.values()
    return [
        *volumes.growing(kubectl, services),
        *migrations.said(result.objects, migrations.live(kubectl, result.objects)),
        *canary.said(kubectl, canary.releases(kubectl, canary.of(services), result.objects)),
    ]


def render(target: Target, stack: Stack | Platform | None = None) -> Rendered:
    """What the program comes to, run in this process. Raises `Refused`, also for values that only the CLI can read.

    `stack` is the target's, where it was read already. What `plan` refuses is refused here, in the same words: on its
    way to a program, a name that is a number becomes text, and a secret in plain text may be a decrypted one.
    """
    stack = stack or read_either(target.config)
    cloud = StandIns() if isinstance(stack, Platform) else None
    gc.disable()
    try:
        with already_read(stack):
            return rendered(run_program(target.project, target.name, target.config, cloud))
    finally:
        stays()
        gc.enable()


@functools.cache
def stays() -> None:
    """Keep what there is from Python's collector, once in a process.

    What a program leaves stays until the command ends; to look through it took a tenth of the time. Who renders again
    and again, such as the tests, would pile it up.
    """
    gc.freeze()


def cluster(target: Target, stack: Stack, report: Report) -> Kubectl:
    """kubectl on the stack's cluster; a control plane on this machine is started if it does not run.

    Raises `Refused` where a cluster that is not flyball's lacks what the stack needs.
    """
    if not target.is_local:
        kubectl = _own_cluster(target, stack.cluster, report)
        left = () if stack.pools else pools.check_left(kubectl, _signature(target))
        refuse([*requirements.check(kubectl, stack), *others.check_shared(kubectl, stack), *left])
        return kubectl
    if (engine := engines.find()) and control_plane.running(target.name) is None:
        pulumi_cli.forget(engine, target.project, target.name)  # what its state speaks of went with the control plane
    plane = control_plane.start(target.name, room.nodes(stack), report=report)
    # Without figures of the processors autoscalers stand still.
    metrics.start(plane, report)
    offered.offer(plane.kubectl, stack.zones or ZONES, volumes.wanted(stack.services.values()))
    if requirements.needs_keda(stack):
        keda.start(plane, report)
    refuse(list(others.check_shared(plane.kubectl, stack)))
    return plane.kubectl


def reach(target: Target, report: Report) -> Kubectl:
    """kubectl on the stack's cluster as it is; nothing is started. Raises `Refused` for a control plane that is not."""
    if not target.is_local:
        return _own_cluster(target, str(target.config.get("cluster", "")), report)
    if plane := control_plane.running(target.name):
        return plane.kubectl
    hint = f"bring it up with `flyball up -s {target.name}`"
    raise Refused(
        [Problem(("cluster",), NOT_RUNNING, f"the control plane {target.name} does not run on this machine", hint)]
    )


def _own_cluster(target: Target, name: str, report: Report) -> Kubectl:
    refuse([] if target.context else check_context(name, ("cluster",)))
    return Kubectl(kubectl_program(report), None, context=target.context or name)


def kubectl_program(report: Report) -> Path:
    """The pinned kubectl where it is built or can be; without Go the one on PATH."""
    try:
        return toolchain.ensure(["kubectl"], report)["kubectl"]
    except toolchain.ToolchainError:
        if found := shutil.which("kubectl"):
            return Path(found)
        raise


def _by_kubectl(members: ApplySet, report: Report) -> bool:
    """Whether kubectl brought the stack up: then it goes on with it, for the engine would find everything taken."""
    if not members.exists:
        return False
    report(
        f"kubectl goes on with what it brought up; `flyball down -s {members.name}` first gives it to Pulumi's engine"
    )
    return True


def _unreadable(config: Mapping[str, Any]) -> list[Problem]:
    hint = "install or build the CLI (`flyball engine`), or name an existing Secret in refs"
    return [
        Problem(path, NEEDS_PULUMI_CLI, "is encrypted, and only the Pulumi CLI can decrypt it", hint)
        for path in encrypted(config)
    ]


def down(target: Target, report: Report) -> list[str]:
    """Remove everything of the stack: what it made in the cluster, and a control plane on this machine altogether.

    What others have made stays, and with it a namespace that they have something in. Raises `Refused` where the stack
    is another team's.
    """
    if target.is_local:
        if engine := engines.find():
            pulumi_cli.forget(engine, target.project, target.name)
        return [f"control plane {target.name}"] if control_plane.stop(target.name) else []
    kubectl = reach(target, report)
    own = _signature(target)
    members = ApplySet(kubectl, target.name, own.owner or "", report)
    refuse([*members.check_owner(), *pools.check_down(kubectl, own)])
    shared = target.config.get("shared") is True
    namespace = str(target.config.get("namespace"))
    if governed := read_governed(Reader(target.config, (), [])):
        # That nobody needs the guards any more is what this command says.
        unguard(kubectl, own, namespace, policies=governed.policies, shared=shared)
    gone = pools.remove(kubectl, own, namespace)
    engine = engines.find()
    kept = {namespace} if shared else set[str]()
    if engine and not _by_kubectl(members, lambda line: None):
        pulumi_cli.destroy(engine, target.project, target.name, target.file, target.context)
        # What the engine leaves: configurations for the sake of old revisions, and namespaces.
        revisions.remove(kubectl, lambda item: others.signature(item) == own)
        return [*gone, *others.sweep(kubectl, own, kept, report), f"stack {target.name}"]
    deleted = members.delete()
    return [*gone, *deleted, *others.sweep(kubectl, own, kept, lambda line: None)]


def _signature(target: Target) -> Signature:
    """What is written on the objects of a stack."""
    return Signature(target.name, *(str(target.config.get(key, "")) for key in ("owner", "environment")))


def _in_the_way(live: Live, engine: Engine, target: Target, stack: Stack, result: Rendered) -> Iterator[Problem]:
    """What the engine, which takes over whatever it finds, would take from others, and what it could not take away."""
    made = functools.cache(lambda: pulumi_cli.made(engine, target.project, target.name))

    def is_own(o: Object, there: Item) -> bool:
        return others.alike(o.manifest, there) or o.named in made()

    yield from others.check(result.objects, live, is_own)
    if stack.governor:
        yield from check_left(made(), stack.namespace)


def _fixed(kubectl: Kubectl, stack: Stack, live: parts.Live) -> list[Problem]:
    """What of members, balancers and parts on spot cannot become what the stack says, as long as they are there."""
    services = stack.services.values()
    return [*volumes.check(kubectl, services), *balancers.check(kubectl, services), *canary.check(live, services)]
