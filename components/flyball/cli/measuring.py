"""The command that proposes load figures from data."""

import time
from pathlib import Path

import click

from flyball.cli.shared import refusals, say, stack_option, target_of


@click.command()
@stack_option
@click.argument("services", nargs=-1, metavar="[SERVICE...]")
@click.option("--prometheus", "url", metavar="URL", help="Ask this Prometheus.")
@click.option("--user", metavar="NAME", help="User of the Prometheus, whose password is in --password-file.")
@click.option("--password-file", type=click.Path(path_type=Path), help="File with the password, one line.")
@click.option("--token-file", type=click.Path(path_type=Path), help="File with a bearer token instead, one line.")
@click.option("--days", type=float, default=14.0, show_default=True, help="How far back; a part of a day is fine.")
@click.option("--window", default="5m", show_default=True, help="Over which rates are averaged.")
@click.option("--requests", metavar="QUERY", help="Of requests per second, in place of the proxies' counters.")
@click.option("--latency", metavar="QUERY", help="Of the average latency in seconds, in place of the proxies'.")
@click.option("--replicas", metavar="QUERY", help="Of ready replicas, in place of kube-state-metrics.")
@click.pass_context
def measure(
    context: click.Context,
    stack: str,
    services: tuple[str, ...],
    url: str | None,
    user: str | None,
    password_file: Path | None,
    token_file: Path | None,
    days: float,
    window: str,
    requests: str | None,
    latency: str | None,
    replicas: str | None,
) -> None:
    """Propose load figures for the services of a stack, or for those that are named, from what a Prometheus has seen.

    load.peak, load.replica, inbound.latency and proven, as a part of the stack file to paste, with what is said today
    and what the change comes to; where data do not suffice, it says so. Nothing is changed.

    The figures are those of the proxies' exporters and of kube-state-metrics. A QUERY of one's own comes to one
    series; $namespace, $service and $window in it stand for those that are meant.

    Exits with 1 if there is nothing to propose.
    """
    end = time.time()
    with refusals():
        from flyball import prometheus
        from flyball.guards.reading.problem import refuse
        from flyball.measure import asked, collect, fragment
        from flyball.measure.queries import Own

        target, own = target_of(context, stack), Own(requests, latency, replicas)
        span, server, chosen, _ = asked.together(
            lambda: collect.span(days, window, end),
            lambda: prometheus.server(url or "", user, password_file, token_file),
            lambda: asked.services(target.config, services),
            lambda: refuse(own.check()),
        )
        reports = []
        for service in chosen:
            say(f"asking for {service.name}")
            reports.append(collect.collect(server, service, span, own))
        proposed = {
            service.name: fragment.figures(service, report.measured)
            for service, report in zip(chosen, reports, strict=True)
        }
        words = {report.service: report.measured.words for report in reports}
        click.echo(fragment.text(proposed, fragment.changes(target.config, proposed), words), nl=False)
        if not any(proposed.values()):
            context.exit(1)
