"""The command that replays incidents."""

import json
from pathlib import Path

import click

from flyball.cli.shared import check_place, refusals, say


@click.command()
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--list", "only_list", is_flag=True, help="Name the drills, and do nothing.")
@click.option("--without", is_flag=True, help="Only the runs without the guard, which have to show the damage.")
@click.option("--report", type=click.Path(file_okay=False, path_type=Path), help="Folder for a report in HTML.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="File for the figures.")
@click.pass_context
def drill(
    context: click.Context,
    names: tuple[str, ...],
    only_list: bool,
    without: bool,
    report: Path | None,
    json_file: Path | None,
) -> None:
    """Replay incidents, each in a place of its own, with the guard and without it; all of them by default.

    Exits with 1 if a guard does not hold, or if the damage does not show without it.
    """
    with refusals():
        from flyball import show
        from flyball.drills import report as html
        from flyball.drills import run as drills

        if only_list:
            show.drills(drills.DRILLS)
            return
        check_place("--report", report, folder=True)
        check_place("--json", json_file)
        ways = (False,) if without else (True, False)
        results = []
        for result in drills.run(names, ways, say):
            show.drilled(result)
            results.append(result)
        if json_file:
            json_file.write_text(json.dumps([result.as_json() for result in results], indent=2) + "\n")
        if report:
            click.echo(f"report: {html.write(results, drills.DRILLS, report)}")
        if not all(result.as_it_should_be for result in results):
            context.exit(1)
