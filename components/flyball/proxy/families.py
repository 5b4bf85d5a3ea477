"""IPv4, IPv6 or both: where to listen and where to go, also in a pod, whose addresses nobody knows before it runs.

A socket of IPv6 cannot even be had where the kernel has none (`ipv6.disable=1`), and HAProxy ends where it cannot
listen. So a pod tells its proxy its addresses in variables, and the configuration asks these as it is read
(https://docs.haproxy.org/2.6/configuration.html#2.4). Each family has a socket of its own: to one that takes both, a
client of IPv4 is `::ffff:10.0.0.1`, to the application too.
"""

from flyball.proxy.inputs import Address, Families, Server

IP, IPS = "POD_IP", "POD_IPS"
"""Variables of the pod: its first address, and all of them with commas between."""
EVERYWHERE = "::"
"""As an address to listen on, every one of both families, as elsewhere."""
APPLICATION, PREFER = "APPLICATION", "PREFER"
"""Variables of the configuration's own: where the application is, and which family a name is resolved to."""


def variables(families: Families) -> list[str]:
    """What a pod's configuration has to find out first.

    Where there is no IPv4 but the pod's own loopback address, the application listens on IPv6, and what has both
    families is called over that. HAProxy before 2.8 cannot look into a text, and stays with IPv4.
    """
    if families is not Families.POD:
        return []
    return [
        f"setenv {APPLICATION} 127.0.0.1",
        f"setenv {PREFER} ipv4",
        ".if version_atleast(2.8)",
        f".if strstr(\"'${IPS}'\",:) && !strstr(\"'${IPS}'\",.)",
        f"setenv {APPLICATION} ::1",
        f"setenv {PREFER} ipv6",
        ".endif",
        ".endif",
    ]


def application(app: Server, families: Families) -> str:
    """Where the application beside the proxy is; in a pod the variables know better."""
    return f'"${{{APPLICATION}}}:{app.port}"' if families is Families.POD else str(app)


def prefer(families: Families) -> str:
    """Which address of a name that has both is taken, if there is one."""
    if families is Families.POD:
        return f'"${{{PREFER}}}"'
    return "ipv6" if families is Families.IPV6 else "ipv4"


def binds(listen: Address, families: Families, options: str = "") -> list[str]:
    """The lines that listen there; where no address is named, on every one of the machine's.

    A pod with one family listens on its address: on all of IPv6 it need not be able to.
    """
    if listen.host not in ("", EVERYWHERE):
        return [f"bind {listen}{options}"]
    v4, v6 = f"bind :{listen.port}{options}", f"bind :::{listen.port} v6only{options}"
    if listen.host == EVERYWHERE:
        return [v4, v6]
    if families is Families.POD:
        return [
            v4,
            f".if streq(\"'${IP}'\",\"'${IPS}'\")",
            f'bind "${{{IP}}}:{listen.port}"{options}',
            ".else",
            v6,
            ".endif",
        ]
    return [v4] if families is Families.IPV4 else [v4, v6]
