"""The command that proposes load figures from data."""

import time
from pathlib import Path
from typing import Any

import click

from flyball.cli.shared import check_place, refusals, say, server_options, stack_option, target_of

DAYS = 14.0
"""Two weeks: each day of the week twice, and what a Prometheus keeps by default is 15 days."""


@click.command()
@stack_option
@click.argument("services", nargs=-1, metavar="[SERVICE...]")
@click.option("--prometheus", "url", metavar="URL", help="Ask this Prometheus.")
@server_options
@click.option("--days", type=float, default=DAYS, show_default=True, help="How far back; a part of a day is fine.")
@click.option("--window", default="5m", show_default=True, help="Over which rates are averaged.")
@click.option("--requests", metavar="QUERY", help="Of requests per second, in place of the proxies' counters.")
@click.option("--latency", metavar="QUERY", help="Of the average latency in seconds, in place of the proxies'.")
@click.option("--replicas", metavar="QUERY", help="Of ready replicas, in place of kube-state-metrics.")
@click.option("--load", metavar="URL", help="Load this one replica of the named service instead, until it is too much.")
@click.option("--most", type=float, metavar="RATE", help="Of --load: the most requests per second.")
@click.option("--step", default="10s", show_default=True, help="Of --load: how long each of its ten steps takes.")
@click.option("--against", metavar="HOST", help="Of --load: the host once more, where it is not this machine.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder for a report: pictures and queries.")
@click.pass_context
def measure(
    context: click.Context,
    stack: str,
    services: tuple[str, ...],
    url: str | None,
    load: str | None,
    output: Path | None,
    **options: Any,
) -> None:
    """Propose load figures for the services of a stack, or for those that are named, from what a Prometheus has seen.

    load.peak, load.replica, inbound.latency and proven, as a part of the stack file to paste, with what is said today
    and what the change comes to; where data do not suffice, it says so. Nothing is changed.

    The figures are those of the proxies' exporters and of kube-state-metrics. A QUERY of one's own comes to one
    series; $namespace, $service and $window in it stand for those that are meant.

    With --load it sends requests to one replica, which nobody should be using: up to --most per second, in ten steps,
    until many fail or answers take longer than the service's deadline. That gives load.replica and inbound.latency.

    Exits with 1 if there is nothing to propose.
    """
    end = time.time()
    with refusals():
        check_place("--output", output, folder=True)
        from flyball.measure import asked, command, fragment

        config, lacking = asked.filled(target_of(context, stack).config)
        if load is None:
            reports = command.from_prometheus(config, services, url, end, options, say)
        else:
            reports = command.from_load(config, services, load, url, options, say)
        result = fragment.result(config, reports, lacking)
        click.echo(fragment.text(result), nl=False)
        if output:
            from flyball.measure import report

            say(f"report: {report.write(result, output)}")
        if not any(each.figures for each in result):
            context.exit(1)
