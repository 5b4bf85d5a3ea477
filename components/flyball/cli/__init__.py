"""The command `flyball`: what a stack survives, what it comes to, and bringing it up and down."""

from pathlib import Path

import click

from flyball.cli import adopting, bringing, drilling, freezing, looking, measuring


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="flyball")
@click.option(
    "-C",
    "--project",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of Pulumi.yaml [searched upward from here].",
)
@click.pass_context
def main(context: click.Context, project: Path | None) -> None:
    """Services that survive losses, interruptions and their own automation.

    \b
    flyball adopt  -f manifests/      a stack file for what runs already
    flyball plan   -s prod            what each service survives, and every broken rule
    flyball render -s prod -o out/    the objects as YAML files
    flyball alerts -s prod            rules for Prometheus: too few pods, near the cap, a guard overridden
    flyball dashboards -o out/        dashboards for Grafana, from the same thresholds
    flyball check  -s prod            whether the cluster's nodes are set as the stack counts on
    flyball measure -s prod           load figures for the stack file, from a Prometheus or a load test
    flyball up     -s local           a cluster on this machine with the stack on it
    flyball down   -s local           and everything gone again
    flyball freeze -s prod --reason … automation takes nothing away until people lift it
    flyball engine                    Pulumi's engine, built from source
    flyball drill  spot               an incident replayed, with the guard and without it
    """
    context.obj = project


for _command in (
    adopting.adopt,
    looking.rules,
    looking.plan,
    looking.render,
    looking.alerts,
    looking.dashboards,
    looking.check,
    measuring.measure,
    bringing.up,
    bringing.down,
    bringing.kubeconfig,
    bringing.engine,
    freezing.freeze,
    freezing.unfreeze,
    freezing.frozen,
    drilling.drill,
):
    main.add_command(_command)
