"""What a patch may touch of what leads to a service, and all that it may touch of a service's objects (`patch_fields`),
by the word for the object.
"""

from collections.abc import Mapping

from flyball.guards.fail_fast.rules import BALANCER_OPEN, UNCONFINED
from flyball.guards.governor.rules import BALANCER_FIXED
from flyball.guards.headroom.rules import LOAD_UNEVEN
from flyball.guards.interruptions.rules import BALANCER_STILL_SENDS, NO_READINESS
from flyball.guards.timeouts.rules import PAST_THE_PROXY, TIMEOUT_BELOW_DEADLINE
from flyball.guards.workload.patch_fields import (
    AUTOSCALER,
    BUDGET,
    DEPLOYMENT,
    NETWORK,
    OF_ACCOUNT,
    SELECTS,
    STATEFUL_SET,
    metadata,
)
from flyball.guards.workload.patch_nodes import OPEN, Field, Fields, alike, said

_UNEVEN = Field(LOAD_UNEVEN, "leave it out: headroom reckons with a load that all replicas share")
_PAST = Field(PAST_THE_PROXY, "leave it out: the proxy is where the Service leads")
_LEADS: Fields = {
    **alike(_UNEVEN, "sessionAffinity", "sessionAffinityConfig", "trafficDistribution", "internalTrafficPolicy"),
    **alike(_UNEVEN, "clusterIP", "clusterIPs"),
    "publishNotReadyAddresses": Field(NO_READINESS, "leave it out: who is not ready gets nothing"),
    "selector": SELECTS,
    "externalName": _PAST,
    "externalIPs": Field(UNCONFINED, "leave it out: it takes traffic that is for others"),
}
"""Of the spec of any Service."""
_SERVICE: Fields = {
    "metadata": metadata(
        ("service.kubernetes.io/topology", _UNEVEN),
        ("service.alpha.kubernetes.io/tolerate-unready-endpoints", Field(NO_READINESS, "leave it out")),
    ),
    "spec": {
        **_LEADS,
        "ports": Field(PAST_THE_PROXY, "give port and ports"),
        **alike(OPEN, "ipFamilies", "ipFamilyPolicy"),
        **alike(
            said("expose.balancer"),
            "type",
            "externalTrafficPolicy",
            "healthCheckNodePort",
            "allocateLoadBalancerNodePorts",
        ),
        **alike(said("expose.balancer"), "loadBalancerClass", "loadBalancerIP", "loadBalancerSourceRanges"),
    },
}
_FAMILY = Field(BALANCER_OPEN, "leave it out: sources of one family let in everybody of the other")
_BALANCER: Fields = {
    "metadata": {**metadata(), "annotations": said("expose.balancer.annotations")},
    "spec": {
        **_LEADS,
        "ports": Field(PAST_THE_PROXY, "give expose.balancer.port"),
        **alike(_FAMILY, "ipFamilies", "ipFamilyPolicy"),
        "type": said("expose"),
        "externalTrafficPolicy": said("expose.balancer.local"),
        "allocateLoadBalancerNodePorts": said("expose.balancer.nodeports"),
        "loadBalancerClass": said("expose.balancer.class"),
        "loadBalancerSourceRanges": Field(BALANCER_OPEN, "give expose.balancer.sources"),
        "healthCheckNodePort": Field(BALANCER_FIXED, "leave it out: once it is said, nobody can change it"),
        "loadBalancerIP": OPEN,
    },
}
"""That a range of one family says nothing of the other: each is kept by a proxy of its own (`loadBalancerSourceRanges`
in pkg/proxy/serviceport.go of Kubernetes)."""
_WAITS = Field(TIMEOUT_BELOW_DEADLINE, "give deadline")
_SNIPPET = Field(UNCONFINED, "leave it out: nobody can see what it undoes")
_INGRESS_NGINX = "nginx.ingress.kubernetes.io/"
_OF_INGRESS = (
    *(
        (_INGRESS_NGINX + key, _WAITS)
        for key in ("proxy-connect-timeout", "proxy-read-timeout", "proxy-send-timeout", "proxy-next-upstream")
    ),
    ("haproxy.org/timeout-", _WAITS),
    ("alb.ingress.kubernetes.io/load-balancer-attributes", _WAITS),
    ("alb.ingress.kubernetes.io/target-group-attributes", Field(BALANCER_STILL_SENDS, "give platform.way")),
    *(
        (_INGRESS_NGINX + key, _UNEVEN)
        for key in ("affinity", "session-cookie", "load-balance", "upstream-hash-by", "canary")
    ),
    *(
        (_INGRESS_NGINX + key, _SNIPPET)
        for key in ("configuration-snippet", "server-snippet", "auth-snippet", "stream-snippet", "modsecurity-snippet")
    ),
    ("haproxy.org/backend-config-snippet", _SNIPPET),
)
_INGRESS: Fields = {
    "metadata": metadata(*_OF_INGRESS),
    "spec": {
        "ingressClassName": said("platform.way.ingress"),
        "rules": said("expose.host and expose.path"),
        "tls": said("expose.tls"),
        "defaultBackend": said("expose"),
    },
}
_ROUTE: Fields = {
    "metadata": metadata(),
    "spec": {
        "parentRefs": said("platform.way.gateway"),
        "hostnames": said("expose.host"),
        "rules": Field(TIMEOUT_BELOW_DEADLINE, "give expose.path and deadline"),
        "useDefaultGateways": said("platform.way.gateway"),
    },
}
KINDS: Mapping[str, Fields] = {
    "deployment": DEPLOYMENT,
    "statefulset": STATEFUL_SET,
    "service": _SERVICE,
    "balancer": _BALANCER,
    "account": OF_ACCOUNT,
    "autoscaler": AUTOSCALER,
    "budget": BUDGET,
    "network": NETWORK,
    "ingress": _INGRESS,
    "route": _ROUTE,
}
"""By the word for the object."""
