"""The figures of a breaker, from the access log of the sidecar that has it; there are none without the guard."""

from collections.abc import Mapping

from flyball.drills.traffic.lab import Lab
from flyball.drills.traffic.sidecar import circuit, flaps


def breaker_figures(lab: Lab, service: str, hop: str, fell: float, rose: float) -> Mapping[str, float | int]:
    """When the circuit of a hop opened and closed, held against when its dependency fell ill and rose again [s].

    Marks both in the plots.
    """
    if not lab.guard:
        return {}
    sidecar = lab.sidecars[service]
    [breaker] = [o.hop.breaker for o in sidecar.proxy.outbound if o.name == hop and o.hop.breaker]
    passages = [p for p in sidecar.passages(hop, lab.began) if p.at >= 0]
    found = circuit(passages, breaker.permitted)
    lab.mark([(at, "the circuit opens") for at in found.opened] + [(at, "the circuit closes") for at in found.closed])
    first = next((at for at in found.opened if at >= fell), rose)
    while_open = [p for p in passages if first <= p.at < rose]
    probes = sum(p.forwarded for p in while_open)
    return {
        "seconds_ill": round(rose - fell, 2),
        "times_opened": len(found.opened),
        "times_closed": len(found.closed),
        "flaps": flaps(found),
        "seconds_until_open": round(first - fell, 2),
        "probes_while_open": probes,
        "arrived_while_open": len(while_open),
        "probe_share": round(probes / len(while_open), 4) if while_open else 0.0,
        "seconds_until_closed": round(found.closed[-1] - rose, 2) if found.closed else -1,
    }
