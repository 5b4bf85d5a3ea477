"""The way to a new version, and the way out."""

from math import floor
from typing import Any

from flyball.deploy.adopt import balancer, containers
from flyball.deploy.adopt.found import mapping
from flyball.deploy.adopt.work import Work
from flyball.guards.interruptions.interruption import LONGEST_SHUTDOWN, Shutdown
from flyball.guards.reading.units import duration
from flyball.guards.workload.init_containers import DEFAULT_STOP
from flyball.guards.workload.spec import MOST_HISTORY, Rollout

_DEPLOYED = (
    *("replicas", "selector", "template", "strategy", "minReadySeconds", "progressDeadlineSeconds"),
    *("revisionHistoryLimit", "volumeClaimTemplates", "persistentVolumeClaimRetentionPolicy", "podManagementPolicy"),
    *("serviceName", "updateStrategy"),
)
_RELEASED = {
    "paused": "its rollouts stand still; here they go on",
    "ordinals": "members are counted from 0",
}
_ONE_BY_ONE = "a new version comes to one member after the other by itself"
_NONE_MISSING = "a new pod comes before an old one goes, and none is missing meanwhile"
_USUAL, _ROLLOUT = Shutdown(), Rollout()
_LONGEST_WAY_OUT, _PRESTOP, _STOP = LONGEST_SHUTDOWN // 1000, _USUAL.prestop // 1000, _USUAL.stop // 1000
_REST = _USUAL.drain // 1000 + _STOP
"""Seconds, of all of a way out, and of its parts where nothing is said; the rest is to drain and to stop."""
_GRACE, _HISTORY = 30, 10
"""What Kubernetes takes where nothing is said: seconds for the way out, and revisions that are kept."""


_SURGE, _PROGRESS = "spec.strategy.rollingUpdate.maxSurge", "spec.progressDeadlineSeconds"


def describe(work: Work, *, fixed: bool) -> dict[str, Any]:
    """`rollout`, and how long a pod that leaves waits; `fixed` is a number of members, who are replaced one by one."""
    if not work.item.is_ours:
        _unsaid(work)
    rollout = {**_surge(work, fixed=fixed), **_times(work, fixed=fixed)}
    return {**({"rollout": rollout} if rollout else {}), **_prestop(work)}


def _unsaid(work: Work) -> None:
    spec = work.item.spec
    strategy, members = mapping(spec.get("strategy")), mapping(spec.get("updateStrategy"))
    rolling, one_by_one = (mapping(each.get("rollingUpdate")) for each in (strategy, members))
    work.rest(spec, _DEPLOYED, "spec", _RELEASED)
    if rolling.get("maxUnavailable") not in (None, 0, "0", "0%", "25%"):
        work.lose("spec.strategy.rollingUpdate.maxUnavailable", _NONE_MISSING)
    if strategy.get("type") == "Recreate" and spec.get("replicas", 1) != 1:
        work.lose("spec.strategy.type", "all old pods end before a new one begins; here a new one begins first")
    if members.get("type") not in (None, "RollingUpdate") or one_by_one.get("partition"):
        work.lose("spec.updateStrategy", _ONE_BY_ONE)
    elif one_by_one.get("maxUnavailable") not in (None, 0, 1):
        work.lose("spec.updateStrategy.rollingUpdate.maxUnavailable", _ONE_BY_ONE)


def _surge(work: Work, *, fixed: bool) -> dict[str, int]:
    """Percent of the replicas that come beyond them; of a number, what share of the replicas of today it is."""
    said = mapping(mapping(work.item.spec.get("strategy")).get("rollingUpdate")).get("maxSurge")
    if said is None:
        return {}
    text, count = str(said), work.item.spec.get("replicas", 1)
    number = int(text.removesuffix("%")) if text.removesuffix("%").isdigit() else 0
    if fixed or number == 0:
        work.lose(_SURGE, _ONE_BY_ONE if fixed else _NONE_MISSING)
        return {}
    share = number if text.endswith("%") else floor(100 * number / max(1, count))
    if share > 100 or not text.endswith("%"):
        work.say(f"{text} {'pods of ' + str(count) if text == str(number) else 'of the replicas'}", "rollout")
    share = max(1, min(100, share))
    return {"surge": share} if share != _ROLLOUT.surge else {}


def _times(work: Work, *, fixed: bool) -> dict[str, Any]:
    spec, found = work.item.spec, dict[str, Any]()
    settle, progress, kept = (
        spec.get(k) for k in ("minReadySeconds", "progressDeadlineSeconds", "revisionHistoryLimit")
    )
    if settle and settle != _ROLLOUT.settle:
        found["settle"] = f"{settle}s"
    if progress and progress != _ROLLOUT.progress:
        if fixed:
            work.lose(_PROGRESS, "nobody gives up a new version of members")
        elif progress <= (settle or _ROLLOUT.settle):
            work.lose(
                _PROGRESS,
                f"a rollout would be given up before its first replica counts, in {settle or _ROLLOUT.settle} s",
            )
        else:
            found["progress"] = f"{progress}s"
    if isinstance(kept, int) and kept not in (_HISTORY, _ROLLOUT.history):
        if 1 <= kept <= MOST_HISTORY:
            found["history"] = kept
        else:
            work.lose("spec.revisionHistoryLimit", f"from 1 to {MOST_HISTORY} old revisions are kept here")
    return found


def _prestop(work: Work) -> dict[str, Any]:
    """How long a pod that leaves waits, where it says so: no longer than leaves the rest of its way out its time."""
    hooks = mapping(work.container.get("lifecycle"))
    hook, at = mapping(hooks.get("preStop")), f"{work.path}.lifecycle.preStop"
    if not work.item.is_ours:
        begins = "it is not run: what has to be done first, a container in `init` does"
        work.rest(hooks, ("preStop",), f"{work.path}.lifecycle", {"postStart": begins})
    waits = mapping(hook.get("sleep")).get("seconds")
    words = [str(word) for word in mapping(hook.get("exec")).get("command") or []]
    if len(words) == 2 and words[0].endswith("sleep") and words[1].isdigit():
        waits = int(words[1])
    elif hook.keys() - {"sleep"}:
        work.lose(at, "it is not run: a pod that leaves waits until nobody sends any more")
    if not isinstance(waits, int) or waits in (0, _PRESTOP):
        return {}
    longest = _LONGEST_WAY_OUT - _ways_out(work) - _REST
    if waits > longest:
        work.lose(at, f"{waits} s leave none for the rest; {longest} s here")
    return {"shutdown": {"prestop": f"{min(waits, longest)}s"}}


def drain(work: Work, args: dict[str, Any]) -> None:
    """Put in how long it has for what is under way, where that is more than is usual."""
    grace, shutdown, others = work.pod.get("terminationGracePeriodSeconds"), args.get("shutdown", {}), _ways_out(work)
    prestop = duration(shutdown["prestop"]) // 1000 if shutdown else balancer.prestop(args)
    at, least = f"{work.pod_path}.terminationGracePeriodSeconds", others + prestop + _REST
    if not isinstance(grace, int) or grace <= least:
        if not work.item.is_ours and grace not in (None, _GRACE, least):
            work.lose(at, f"it has {least} s here: those of its parts, which `shutdown` says")
        return
    args["shutdown"] = {**shutdown, "drain": f"{min(grace, _LONGEST_WAY_OUT) - others - prestop - _STOP}s"}
    if grace > _LONGEST_WAY_OUT:
        work.lose(at, f"{grace} s are more than a spot notice leaves; {_LONGEST_WAY_OUT} s here")


def _ways_out(work: Work) -> int:
    """Seconds in which its sidecars end, after it."""
    return DEFAULT_STOP // 1000 * sum(part.within[0] == containers.SIDECARS for part in work.parts)
