"""Patches of a service's own balancer: each way to undo what holds it is refused with that guard's rule."""

import pytest
from tests.guards.workload.test_patch import BALANCED, FULL, nested, refused

SPEC = "balancer.spec"
UNDONE: list[tuple[str, object, str]] = [
    # Who may call.
    (f"{SPEC}.loadBalancerSourceRanges", ["0.0.0.0/0"], "balancer-open"),
    (f"{SPEC}.loadBalancerSourceRanges", [], "balancer-open"),
    (f"{SPEC}.loadBalancerSourceRanges", None, "balancer-open"),
    (f"{SPEC}.ipFamilyPolicy", "RequireDualStack", "balancer-open"),
    (f"{SPEC}.ipFamilies", ["IPv4", "IPv6"], "balancer-open"),
    (f"{SPEC}.externalIPs", ["192.0.2.1"], "unconfined"),
    (f"{SPEC}.allocateLoadBalancerNodePorts", True, "has-argument"),
    # To whom it leads.
    (f"{SPEC}.ports", [{"port": 443, "targetPort": 8080}], "past-the-proxy"),
    (f"{SPEC}.ports", None, "past-the-proxy"),
    (f"{SPEC}.externalName", "elsewhere.example", "past-the-proxy"),
    (f"{SPEC}.selector", {"app": "other"}, "own-label"),
    (f"{SPEC}.selector", None, "own-label"),
    (f"{SPEC}.publishNotReadyAddresses", True, "no-readiness"),
    # How it shares out.
    (f"{SPEC}.sessionAffinity", "ClientIP", "load-uneven"),
    (f"{SPEC}.sessionAffinityConfig", {"clientIP": {"timeoutSeconds": 9}}, "load-uneven"),
    (f"{SPEC}.trafficDistribution", "PreferSameZone", "load-uneven"),
    (f"{SPEC}.internalTrafficPolicy", "Local", "load-uneven"),
    (f"{SPEC}.clusterIP", "None", "load-uneven"),
    (f"{SPEC}.externalTrafficPolicy", "Local", "has-argument"),
    # Who makes it, and what nobody can change any more.
    (f"{SPEC}.type", "ClusterIP", "has-argument"),
    (f"{SPEC}.loadBalancerClass", "example.org/other", "has-argument"),
    (f"{SPEC}.healthCheckNodePort", 32_000, "balancer-fixed"),
    # What it is found by, and annotations, which are read by their own rules.
    ("balancer.metadata.name", "other", "own-label"),
    ("balancer.metadata.labels", {"app.kubernetes.io/name": "other"}, "own-label"),
    ("balancer.metadata.labels", None, "own-label"),
    ("balancer.metadata.annotations", {"service.beta.kubernetes.io/aws-load-balancer-scheme": "x"}, "has-argument"),
    ("balancer.metadata.annotations", {"pulumi.com/skipAwait": "false"}, "has-argument"),
    # Directives and slips of the pen.
    (f"{SPEC}.$patch", "replace", "patch-directive"),
    (f"{SPEC}.loadBalancerIp", "192.0.2.9", "unknown-key"),
    ("balancer", {}, "empty"),
]


@pytest.mark.parametrize(("path", "value", "rule"), UNDONE, ids=lambda each: str(each)[:70])
def test_what_would_undo_a_guard_of_a_balancer_is_refused_with_its_rule(path: str, value: object, rule: str) -> None:
    assert [problem.rule.id for problem in refused(nested(path, value), BALANCED)] == [rule]


def test_what_no_guard_of_a_balancer_needs_is_open() -> None:
    assert refused({"balancer": {"spec": {"loadBalancerIP": "192.0.2.9"}}}, BALANCED) == []
    assert refused({"balancer": {"metadata": {"labels": {"example.org/a": "b"}}}}, BALANCED) == []


def test_a_remedy_names_the_argument() -> None:
    spec = {"externalTrafficPolicy": "Local", "loadBalancerSourceRanges": ["0.0.0.0/0"], "ipFamilies": ["IPv6"]}
    at = "web.patch.balancer.spec"
    assert [str(problem) for problem in refused({"balancer": {"spec": spec}}, BALANCED)] == [
        f"{at}.externalTrafficPolicy: has an argument of its own; give expose.balancer.local",
        f"{at}.loadBalancerSourceRanges: would undo balancer-open; give expose.balancer.sources",
        f"{at}.ipFamilies: would undo balancer-open; leave it out: sources of one family let in everybody of the other",
    ]


def test_where_there_is_none_nothing_is_patched() -> None:
    [found] = refused({"balancer": {"metadata": {"labels": {"a": "b"}}}}, FULL)
    assert str(found) == "web.patch.balancer: is given, and there is no such object; say expose.balancer"
