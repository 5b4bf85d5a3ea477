"""What the command does, once it is known of which stack."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flyball import prometheus
from flyball.guards.headroom.measured import tried
from flyball.guards.reading.problem import Problem, Refused, refuse
from flyball.guards.reading.rules import DOES_NOT_APPLY, EITHER_OR, MISSING
from flyball.guards.workload.resolve import Service
from flyball.measure import asked, collect, trial
from flyball.measure.collect import Report
from flyball.measure.queries import OWN, Own
from flyball.prometheus import Server

Say = Callable[[str], None]
_ENTRY = ("user", "password_file", "token_file")


def from_prometheus(
    config: Mapping[str, Any],
    names: Iterable[str],
    url: str | None,
    end: float,
    options: Mapping[str, Any],
    say: Say,
) -> list[Report]:
    """What a Prometheus has seen of the services until `end`. Raises `Refused`, `PrometheusError`."""
    own = Own(*(options[name] for name in OWN))
    span, server, chosen, _ = asked.together(
        lambda: collect.span(options["days"], options["window"], end),
        lambda: _server(url, options),
        lambda: asked.services(config, names),
        lambda: refuse(own.check()),
    )
    reports = list[Report]()
    for service in chosen:
        say(f"asking for {service.name}")
        reports.append(collect.collect(server, service, span, own))
    return reports


def _server(url: str | None, options: Mapping[str, Any]) -> Server:
    if url is None:
        hint = "give it, or --load for a test of one replica"
        raise Refused([Problem(("--prometheus",), MISSING, "is missing", hint)])
    return prometheus.server(url, *(options[name] for name in _ENTRY))


def from_load(
    config: Mapping[str, Any],
    names: Iterable[str],
    load: str,
    url: str | None,
    options: Mapping[str, Any],
    say: Say,
) -> list[Report]:
    """What one replica of the one service that is named can do. Raises `Refused`, `ToolchainError`, `DrillError`."""
    wanted, chosen, _ = asked.together(
        lambda: trial.trial(load, options["most"], options["step"], options["against"]),
        lambda: asked.services(config, names),
        lambda: refuse(_besides(names, url, options)),
    )
    service: Service = chosen[0]
    say(f"loading {wanted.origin} with up to {wanted.most:g} requests per second")
    windows = trial.run(wanted, service.spec.deadline, say)
    return [Report(service, tried(windows, service.spec.utilization), tuple(windows), wanted.step / trial.PARTS)]


def _besides(names: Iterable[str], url: str | None, options: Mapping[str, Any]) -> Iterable[Problem]:
    """What does not go with a load test, and what it needs."""
    if len([*names]) != 1:
        yield Problem(("--load",), MISSING, "is of one service", "name the one whose replica it is")
    if url is not None:
        yield Problem(("--prometheus",), EITHER_OR, "is given beside --load", "keep one of them")
    for name in (*OWN, *_ENTRY):
        if options[name] is not None:
            option = f"--{name.replace('_', '-')}"
            yield Problem((option,), DOES_NOT_APPLY, "is given beside --load", "it is for --prometheus; remove it")
