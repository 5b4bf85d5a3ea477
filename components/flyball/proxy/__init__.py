"""HAProxy's configuration from the guards: one renderer for pods and hosts."""

from flyball.proxy.config import proxy_config
from flyball.proxy.inputs import Address, Families, InboundHop, Outbound, Proxy, Server

__all__ = ["Address", "Families", "InboundHop", "Outbound", "Proxy", "Server", "proxy_config"]
