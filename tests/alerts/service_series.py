"""For each alert on services in a cluster what kube-state-metrics and the API server tell of a shop.

web may have 9 to 15 pods and needs 7, each of which can do 100 requests a second and is to carry 80 %; it calls pay.
still has always 3 and needs 2; cart needs 2 of 3 to 6. orders has 5 members, of which 3 must be there, and till stands
alone.
"""

from typing import Any

from tests.alerts.case import SAMPLES, STEP, after, always

from flyball.guards.alerting.objectives import Objective
from flyball.guards.alerting.services import Thresholds
from flyball.guards.headroom.members import Members

Series = dict[str, str]

_OF_TEAM = ("team", "prod")
_OBJECTIVE = Objective(99, 1000)
_REPLICA: dict[str, Any] = {"replica": 100, "utilization": 0.8, "deadline": 2.0, "objective": _OBJECTIVE}
_CART: dict[str, Any] = {"replica": 100, "objective": _OBJECTIVE, "protocol": "grpc"}
THRESHOLDS = [
    Thresholds("shop", "web", *_OF_TEAM, need=7, floor=9, warn=12, ceiling=15, **_REPLICA, zones=3, hops={"pay": 0.5}),
    Thresholds("shop", "still", *_OF_TEAM, need=2, floor=3, warn=3, ceiling=None),
    Thresholds("shop", "cart", *_OF_TEAM, need=2, floor=3, warn=5, ceiling=6, **_CART),
    Thresholds("shop", "orders", *_OF_TEAM, need=3, floor=5, warn=5, ceiling=None, members=Members(5, 3)),
    Thresholds("shop", "till", *_OF_TEAM, need=1, floor=1, warn=1, ceiling=None, members=Members(1, 1)),
]
_WEB = {"namespace": "shop", "workload": "web"}
OF_WEB = {**_WEB, "owner": "team", "environment": "prod"}
_CHECKS = "apiserver_validating_admission_policy_check_total"
_FREEZE = 'kube_configmap_created{namespace="flyball-system",configmap="freeze"}'


def _deployments(what: str, **values: str) -> Series:
    """Of the whole shop: those that are not given have what they should."""
    found = {"still": always(3), "cart": always(3), "web": always(4), "web_spot": always(6)}
    return {
        f'kube_deployment_{what}{{namespace="shop",deployment="{name.replace("_", "-")}"}}': value
        for name, value in (found | values).items()
    }


def ready(**values: str) -> Series:
    """Of all Deployments, with all members."""
    return _deployments("status_replicas_ready", **values) | members()


def asked(**values: str) -> Series:
    return _deployments("spec_replicas", **values)


def load(rate: float, pod: str = "web-7f9c-x2k8p") -> Series:
    """Requests per second that reach web, as its proxies count them."""
    return {f'haproxy_frontend_http_requests_total{{namespace="shop",pod="{pod}",proxy="inbound"}}': grows(rate)}


def grows(rate: float) -> str:
    """A counter of so many a second."""
    return f"0+{round(rate * STEP, 6):g}x{SAMPLES}"


def _condition(which: str, status: str, *names: str, values: str = always(1)) -> Series:
    return {
        "kube_horizontalpodautoscaler_status_condition"
        f'{{namespace="shop",horizontalpodautoscaler="{name}",condition="{which}",status="{status}"}}': values
        for name in names
    }


def _limited(name: str) -> Series:
    return _condition("ScalingLimited", "true", name)


def _blind(*names: str) -> Series:
    """From the tenth minute on."""
    return _condition("ScalingActive", "false", *names, values=after(600, 0, 1))


def _of_pod(series: str, value: str, pod: str = "web-spot-5d9f-x2k8p", **labels: str) -> Series:
    more = "".join(f',{name}="{text}"' for name, text in labels.items())
    return {f'{series}{{namespace="shop",pod="{pod}"{more}}}': value}


def _restarts(value: str, pod: str = "web-spot-5d9f-x2k8p") -> Series:
    return _of_pod("kube_pod_container_status_restarts_total", value, pod, container="web")


def _killed(value: float) -> Series:
    name = "kube_pod_container_status_last_terminated_reason"
    return _of_pod(name, always(value), container="web", reason="OOMKilled")


def _evicted(value: str) -> Series:
    return _of_pod("kube_pod_status_reason", value, reason="Evicted")


def _budget(allowed: str, expected: int = 10, name: str = "web") -> Series:
    return {
        f'kube_poddisruptionbudget_status_{what}{{namespace="shop",poddisruptionbudget="{name}"}}': value
        for what, value in (("pod_disruptions_allowed", allowed), ("expected_pods", always(expected)))
    }


def _checked(policy: str, action: str, value: str) -> Series:
    """Of a server that has been asked all the time."""
    other = f'{_CHECKS}{{instance="api",policy="flyball-budgets",enforcement_action="allow"}}'
    return {f'{_CHECKS}{{instance="api",policy="{policy}",enforcement_action="{action}"}}': value, other: always(9)}


def members(orders: str = always(5), till: str = always(1)) -> Series:
    """The StatefulSets of the shop, and one of others."""
    found = {"orders": orders, "till": till, "other": always(0)}
    return {
        f'kube_statefulset_status_replicas_ready{{namespace="shop",statefulset="{name}"}}': value
        for name, value in found.items()
    }


def volume(free: str, claim: str = "data-orders-2") -> Series:
    """A volume of 1,000 bytes, as the kubelets of two nodes tell of it."""
    of = f'namespace="shop",persistentvolumeclaim="{claim}"'
    return {
        **{f'kubelet_volume_stats_available_bytes{{{of},node="{node}"}}': free for node in "ab"},
        **{f'kubelet_volume_stats_capacity_bytes{{{of},node="{node}"}}': always(1000) for node in "ab"},
    }


def _of(workload: str, **more: str) -> dict[str, str]:
    return {**OF_WEB, "workload": workload, **more}


_CLAIM = {"persistentvolumeclaim": "data-orders-2"}
_SPOT_AWAY = asked(cart_spot=always(20)) | ready(web=always(7), web_spot=after(600, 2, 0), cart_spot=always(20))
LOUD: list[tuple[str, int, dict[str, str], Series, str]] = [
    ("WorkloadBelowNeed", 600, OF_WEB, ready(web=always(4), web_spot=after(600, 3, 2)), "6"),
    ("WorkloadBelowFloor", 600, OF_WEB, ready(web=always(4), web_spot=after(600, 5, 4)), "8"),
    # All that it has on spot machines stays away, while others of the namespace keep theirs.
    ("WorkloadBelowFloor", 600, OF_WEB, _SPOT_AWAY, "7"),
    ("QuorumLost", 600, _of("orders"), members(orders=after(600, 3, 2)), "2"),
    ("MemberMissing", 600, _of("orders"), members(orders=after(600, 5, 4)), "4"),
    ("SingleDown", 600, _of("till"), members(till=after(600, 1, 0)), "0"),
    ("SingleWasAway", 720, _of("till"), members(till=f"1x9 0 0 1x{SAMPLES}"), "1"),
    # A byte a minute of 400 at the beginning: at half past six hours it is known that tomorrow there is none.
    ("VolumeFullSoon", 60, _of("orders", **_CLAIM), volume(f"390-1x{SAMPLES}"), ""),
    ("VolumeNearlyFull", 600, _of("orders", **_CLAIM), volume(after(600, 100, 99)), ""),
    # The Deployment is gone.
    ("WorkloadUnknown", 600, OF_WEB, ready(web="4x9 stale", web_spot="6x9 stale"), ""),
    # 8 carry 640 without 2 of the 10; over five minutes 641 are reached in the last of them.
    ("HeadroomLost", 300, OF_WEB, ready() | load(641), "641"),
    # What a new version gets comes to those before it where that is taken away.
    ("HeadroomLost", 300, OF_WEB, ready() | load(541) | load(100, pod="web-canary-8f4d-x2k8p"), "641"),
    # Of 6 there are 2.
    ("SpotStorm", 600, {"namespace": "shop"}, asked() | ready(web_spot=after(600, 3, 2)), "2"),
    ("WorkloadNearCap", 600, OF_WEB, asked(web=always(4), web_spot=after(600, 7, 8)), "12"),
    # At its cap, and wants no more.
    ("WorkloadNearCap", 600, OF_WEB, asked(web=always(4), web_spot=after(600, 7, 11)), "15"),
    ("WorkloadAtCap", 600, OF_WEB, asked(web_spot=after(600, 10, 11)) | _limited("keda-hpa-web-spot"), "15"),
    ("WorkloadRestarts", 600, OF_WEB, _restarts(f"0x5 1 2 3 4 5 6 7 7x{SAMPLES}"), ""),
    ("WorkloadOutOfMemory", 600, OF_WEB, _restarts(after(600, 0, 1)) | _killed(1), ""),
    ("WorkloadEvicted", 600, OF_WEB, _evicted(after(600, 0, 1)), ""),
    ("BudgetUsedUp", 600, OF_WEB, _budget(after(600, 1, 0)), ""),
    ("CanaryHalfway", 600, OF_WEB, asked(web_canary=after(600, 0, 2)), "2"),
    ("AutoscalerBlind", 600, OF_WEB, _blind("web-spot"), ""),
    ("AutoscalersBlind", 600, {}, _blind("web-spot", "still", "keda-hpa-cart"), "3"),
    # Its first use: the counter comes into being.
    (
        "OverrideUsed",
        600,
        {"policy": "flyball-scale-override"},
        _checked("flyball-scale-override", "audit", f"_x10 1x{SAMPLES}"),
        "",
    ),
    (
        "WritesRefused",
        24 * 60,
        {"policy": "flyball-pods"},
        _checked("flyball-pods", "deny", f"0x5 0+1x10 10+2x{SAMPLES}"),
        "",
    ),
    (
        "ClusterFrozen",
        600,
        {"namespace": "flyball-system", "configmap": "freeze"},
        {_FREEZE: f"_x10 600x{SAMPLES}"},
        "",
    ),
    ("GovernorUnwatched", 0, {}, ready(), ""),
    ("ClusterFrozenLong", 60, {"namespace": "flyball-system", "configmap": "freeze"}, {_FREEZE: always(-86_350)}, ""),
]
QUIET: list[tuple[str, Series]] = [
    ("WorkloadBelowNeed", ready(web=always(4), web_spot=always(3))),
    # A restart: pods go one by one, and come back.
    ("WorkloadBelowNeed", ready(web_spot=f"6x9 2 6x9 2 6x{SAMPLES}")),
    # Of another's Deployment nobody has said what it needs, and the figures that are missing are told of as such.
    ("WorkloadBelowNeed", ready(other=always(0))),
    ("WorkloadBelowNeed", ready(web="_x1", web_spot="_x1")),
    ("QuorumLost", members(orders=always(3))),
    # What stands alone is told of as such, and no less is known of what nobody tells.
    ("QuorumLost", members(till=always(0))),
    ("QuorumLost", {}),
    ("MemberMissing", members()),
    ("MemberMissing", members(orders=always(2))),
    # An update: one after the other, for some minutes each.
    ("MemberMissing", members(orders=f"5x5 4x10 5 4x10 5x{SAMPLES}")),
    ("SingleDown", members(till=f"1x9 0 0 1x{SAMPLES}")),
    ("SingleDown", members(orders=always(0))),
    ("SingleWasAway", members()),
    ("SingleWasAway", members(till=always(0))),
    ("SingleWasAway", members(orders=f"5x9 0 5x{SAMPLES}")),
    ("WorkloadBelowNeed", members(orders=always(0), till=always(0))),
    ("WorkloadBelowFloor", members(orders=always(4))),
    ("VolumeFullSoon", volume(f"990-1x{SAMPLES}")),
    ("VolumeFullSoon", volume(always(390))),
    ("VolumeFullSoon", volume(f"390-1x{SAMPLES}", claim="data-others-2")),
    ("VolumeNearlyFull", volume(always(100))),
    ("VolumeNearlyFull", volume(always(1), claim="uploads")),
    ("WorkloadBelowFloor", ready(web=always(4), web_spot=always(5))),
    ("WorkloadBelowFloor", ready(web=always(0), web_spot=always(0))),
    ("WorkloadUnknown", ready(web=always(0), web_spot=always(0))),
    ("HeadroomLost", ready() | load(640)),
    # At night, with as few as there may be; and nobody knows how many there are.
    ("HeadroomLost", ready(web=always(4), web_spot=always(5)) | load(560)),
    ("HeadroomLost", load(5000)),
    ("HeadroomLost", ready() | load(5000, pod="other-7f9c-x2k8p")),
    ("SpotStorm", asked() | ready(web_spot=always(3))),
    ("SpotStorm", _SPOT_AWAY),
    ("SpotStorm", asked(web_spot=always(0)) | ready(web_spot=always(0))),
    # A base that is away is told of as such.
    ("SpotStorm", asked() | ready(web=always(0))),
    ("WorkloadNearCap", asked(web=always(4), web_spot=always(7))),
    ("WorkloadNearCap", asked(still=always(3))),
    ("WorkloadNearCap", asked(web_spot=always(11)) | _limited("web-spot")),
    ("WorkloadAtCap", asked(web_spot=always(10)) | _limited("web-spot")),
    ("WorkloadAtCap", asked(web_spot=always(11))),
    # At its lowest of the night an autoscaler is limited as well.
    ("WorkloadAtCap", asked(still=always(3)) | _limited("still")),
    ("WorkloadRestarts", _restarts(f"0x5 1 2 3 4 4x{SAMPLES}")),
    ("WorkloadRestarts", _restarts(f"0+1x{SAMPLES}", pod="other-5d9f-x2k8p")),
    ("WorkloadOutOfMemory", _restarts(always(3)) | _killed(1)),
    ("WorkloadOutOfMemory", _restarts(after(600, 0, 1)) | _killed(0)),
    ("WorkloadEvicted", _evicted(always(0))),
    ("BudgetUsedUp", _budget(always(1))),
    ("CanaryHalfway", asked(web=always(4), web_canary=always(0))),
    # It is no replica of the old version's, whose size is as it was.
    ("WorkloadNearCap", asked(web=always(4), web_canary=always(9))),
    ("CanaryHalfway", asked(other_canary=always(2))),
    ("BudgetUsedUp", _budget(always(0), expected=0)),
    ("BudgetUsedUp", _budget(always(0), name="other")),
    ("AutoscalerBlind", _condition("ScalingActive", "false", "web", values=always(0))),
    ("AutoscalerBlind", _blind("web", "still", "cart")),
    ("AutoscalersBlind", _blind("web", "still")),
    ("OverrideUsed", _checked("flyball-scale-override", "audit", always(4))),
    # A server that nobody has asked before.
    ("OverrideUsed", {f'{_CHECKS}{{policy="flyball-scale-override",enforcement_action="audit"}}': f"_x10 4x{SAMPLES}"}),
    ("OverrideUsed", _checked("flyball-scale", "deny", f"0+1x{SAMPLES}")),
    ("WritesRefused", _checked("flyball-pods", "deny", f"0+1x{SAMPLES}")),
    ("WritesRefused", _checked("others", "deny", f"0+9x{SAMPLES}")),
    # The server began anew: what it counts now, it has counted since.
    ("OverrideUsed", _checked("flyball-scale-override", "audit", f"7x9 0x{SAMPLES}")),
    ("GovernorUnwatched", _checked("flyball-pods", "deny", always(0))),
    ("ClusterFrozen", {}),
    ("ClusterFrozenLong", {_FREEZE: always(-80_000)}),
]
