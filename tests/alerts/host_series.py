"""What Prometheus knows of hosts, for each alert on them."""

HOST = {"instance": "app1"}
ON = '{instance="app1"}'
UP = 'up{job="node",instance="app%d",groups=",web,"}'


def of_hosts(*values: str) -> dict[str, str]:
    """Whether they answer, a string for each host of the group web."""
    return {UP % (i + 1): value for i, value in enumerate(values)}
