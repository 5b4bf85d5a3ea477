"""The configuration of one HAProxy, 2.6 to 3.2, from values of the guards (https://docs.haproxy.org/)."""

from flyball.proxy import base
from flyball.proxy.inbound import inbound_sections
from flyball.proxy.inputs import Proxy
from flyball.proxy.outbound import outbound_sections


def proxy_config(proxy: Proxy) -> str:
    """The whole file: what the process needs, its hops in and out. The same input gives the same text."""
    sections = [
        base.global_section(proxy),
        base.defaults_section(),
        *base.peers_section(proxy),
        *base.resolvers_section(proxy),
        *base.metrics_section(proxy),
        *(inbound_sections(proxy.inbound, proxy.families, proxy.window) if proxy.inbound else []),
    ]
    for hop in proxy.outbound:
        sections += outbound_sections(hop, proxy.families, proxy.peers is not None, proxy.window)
    return "\n".join(sections)
