"""A service's place in what leads into the cluster: an Ingress, or a route of a Gateway."""

from flyball.guards.reading.units import Milliseconds, ceil_div
from flyball.guards.workload.canary import SUFFIX as CANARY_SUFFIX
from flyball.guards.workload.resolve import Service
from flyball.guards.workload.way_in import Expose, WayIn
from flyball.kubernetes.objects import FORCED, PORT_NAME, Manifest, metadata

API_VERSION, KIND = "gateway.networking.k8s.io/v1", "HTTPRoute"
GROUP, ROUTES = "gateway.networking.k8s.io", "httproutes.gateway.networking.k8s.io"
GATEWAYS, INGRESSES = "gateways", "ingresses.networking.k8s.io"
WHOLE = 100
"""Sum of a route's weights."""


def ingress(s: Service, expose: Expose, way: WayIn) -> Manifest:
    """For the class; how long it may wait is said in the words of the controllers that have some."""
    backend = {"service": {"name": s.name, "port": {"name": PORT_NAME}}}
    paths = [{"path": expose.path, "pathType": "Prefix", "backend": backend}]
    tls = [{"hosts": [expose.host], "secretName": expose.tls}] if expose.tls else []
    return {
        "metadata": metadata(s, annotations={**_waits(s.spec.deadline), "pulumi.com/skipAwait": "true"}),
        "spec": {
            "ingressClassName": way.ingress,
            "rules": [{"host": expose.host, "http": {"paths": paths}}],
            **({"tls": tls} if tls else {}),
        },
    }


def _waits(deadline: Milliseconds) -> dict[str, str]:
    """Never shorter than what is promised, and no second try by who knows nothing of budgets.

    https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#custom-timeouts, in whole
    seconds; `timeout-server` of https://www.haproxy.com/documentation/kubernetes-ingress/.
    """
    seconds = str(ceil_div(deadline, 1000))
    nginx = "nginx.ingress.kubernetes.io"
    return {
        f"{nginx}/proxy-connect-timeout": seconds,
        f"{nginx}/proxy-read-timeout": seconds,
        f"{nginx}/proxy-send-timeout": seconds,
        f"{nginx}/proxy-next-upstream": "off",
        "haproxy.org/timeout-server": f"{deadline}ms",
    }


def route(s: Service, expose: Expose, way: WayIn) -> Manifest:
    """Of a Gateway (https://gateway-api.sigs.k8s.io/api-types/httproute/#timeouts-optional).

    Where a new version gets its share by route, it is there with weight 0, and a release moves the weights: whoever
    is outermost has known its Service for long when the first requests go there.
    """
    deadline = f"{s.spec.deadline}ms" if s.spec.deadline % 1000 else f"{s.spec.deadline // 1000}s"
    return {
        "metadata": metadata(s, annotations=FORCED if s.spec.routed else None),
        "spec": {
            "parentRefs": [{"name": way.gateway, "namespace": way.namespace}],
            "hostnames": [expose.host],
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": expose.path}}],
                    "backendRefs": _backends(s),
                    "timeouts": {"request": deadline, "backendRequest": deadline},
                }
            ],
        },
    }


def _backends(s: Service) -> list[Manifest]:
    """The Services behind it. The sum of weights is a hundred, so that each is a percentage."""
    if not s.spec.routed:
        return [{"name": s.name, "port": s.spec.service}]
    weights = {s.name: WHOLE, s.name + CANARY_SUFFIX: 0}
    return [{"name": name, "port": s.spec.service, "weight": weight} for name, weight in weights.items()]
