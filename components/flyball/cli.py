"""The command `flyball`: what a stack survives, what it comes to, and bringing it up and down."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from flyball.stack.target import Target

_STACK_HELP = "Stack: a name (stacks/Pulumi.NAME.yaml) or the path of a stack file."
stack_option = click.option("-s", "--stack", "stack", required=True, metavar="STACK", help=_STACK_HELP)
context_option = click.option(
    "--context", "kube_context", metavar="NAME", help="Use this kubeconfig context instead of its cluster."
)


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
    flyball plan   -s prod            what each service survives, and every broken rule
    flyball render -s prod -o out/    the objects as YAML files
    flyball alerts -s prod            rules for Prometheus: too few pods, near the cap, a guard overridden
    flyball dashboards -o out/        dashboards for Grafana, from the same thresholds
    flyball check  -s prod            whether the cluster's nodes are set as the stack counts on
    flyball up     -s local           a cluster on this machine with the stack on it
    flyball down   -s local           and everything gone again
    flyball freeze -s prod --reason … automation takes nothing away until people lift it
    flyball engine                    Pulumi's engine, built from source
    flyball drill  spot               an incident replayed, with the guard and without it
    """
    context.obj = project


@main.command()
@click.argument("identity", required=False, metavar="[ID]")
def rules(identity: str | None) -> None:
    """List the rules, or explain the one with this id: what it is for, where it comes from, what mends it.

    Ids are those of `plan --json`, and of docs/rules.md.
    """
    with _refusals():
        from flyball import show
        from flyball.guards import catalogue

        if identity is None:
            show.rules()
        else:
            show.rule(catalogue.find(identity))


@main.command()
@stack_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@click.option("--before", metavar="STACK", help="Also say what shrinks, compared with this stack file.")
@click.pass_context
def plan(context: click.Context, stack: str, as_json: bool, before: str | None) -> None:
    """Show what each service survives, from the rules alone.

    For each service: the replicas it needs at its peak, its floor, the autoscaler's target and the ceiling; how
    loaded replicas are at the peak now and after losing a replica, a node, a zone or all spot; the probability that a
    request waits, before and after the loss it is sized for; and how much of its deadline its calls may take.

    Of a platform: its zones, its nodes, and the most that there may be of them.

    Needs no cluster and no Pulumi CLI. Exits with 1 if the stack breaks a rule.
    """
    from flyball.stack import platform_plan
    from flyball.stack.plan import plan as make
    from flyball.stack.plan import shrinks
    from flyball.stack.platform import is_platform

    with _refusals():
        config = _target(context, stack).config
        if is_platform(config):
            result, less = platform_plan.plan(config), []
        else:
            result = make(config)
            less = shrinks(config, _target(context, before).config) if before else []
        if as_json:
            click.echo(json.dumps({**result.as_json(), **({"shrinks": less} if before else {})}, indent=2))
        else:
            from flyball import show

            show.platform(result) if isinstance(result, platform_plan.PlatformPlan) else show.plan(result)
            for line in less:
                click.echo(line)
        if result.findings:
            context.exit(1)


@main.command()
@stack_option
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder for the files.")
@click.pass_context
def render(context: click.Context, stack: str, output: Path) -> None:
    """Write the stack's Kubernetes objects as YAML files, and all other resources into plan.jsonl.

    What the kubelets of its nodes need is in 90-flyball.conf, for their --config-dir. Of a platform all resources are
    in plan.jsonl; ids and ARNs in it stand in for those that AWS gives.
    The files keep their names as long as their objects do, and hold no value of any secret. Files of an earlier
    render that are no longer wanted are removed.
    """
    with _refusals():
        from flyball.deploy import up as local
        from flyball.deploy.manifests import PLAN_FILE, write
        from flyball.guards.workload import kubelet
        from flyball.stack.platform import is_platform, read_platform
        from flyball.stack.read import read

        target = _target(context, stack)
        if is_platform(target.config):
            result = local.render(target, read_platform(target.config))
            write(result, output, {})
            click.echo(f"{len(result.others)} resources of AWS in {output / PLAN_FILE}, and none was made")
            return
        found = read(target.config)
        result = local.render(target, found)
        write(result, output, {kubelet.FILE: {**kubelet.HEAD, **kubelet.configuration(found.nodes)}})
        others = f", {len(result.others)} other resources in plan.jsonl" if result.others else ""
        click.echo(f"{len(result.objects)} objects in {output}{others}")


@main.command()
@stack_option
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="KEY=VALUE",
    help="Print objects of Prometheus' operator instead, with this label, by which it selects them; may be repeated.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder for files instead: of all that there is.")
@click.pass_context
def alerts(context: click.Context, stack: str, labels: tuple[str, ...], output: Path | None) -> None:
    """Print alert rules for the stack's services, as a rule file of Prometheus.

    They tell when a service has fewer pods than it needs or can spare, is near its cap or at it, when autoscalers are
    blind, containers run out of memory or are evicted, when a service that has to survive the loss of a zone would not,
    and what the Governor refuses or lets pass. The figures come from kube-state-metrics with
    --metric-labels-allowlist=nodes=[topology.kubernetes.io/zone], and from the API server. Of caches they tell when
    keys have no time to live, by the exporter in each pod. Where the stack ships logs, they tell when these wait or are
    lost; those figures are the collectors'.

    With -o, a folder gets rules.yml; with `alerts` in the stack file also alertmanager.yml, which says who hears, the
    objects of Prometheus' operator that the stack makes, and values.yaml for the chart kube-prometheus-stack, with what
    the rules need of it.
    """
    with _refusals():
        import yaml

        from flyball.alerts import cluster
        from flyball.alerts.rule import rule_file
        from flyball.stack import alerting
        from flyball.stack.read import read

        selected = cluster.selecting(labels)
        found = read(_target(context, stack).config)
        if output:
            from flyball.deploy.manifests import write_documents

            written = write_documents(alerting.files(found), output)
            click.echo(f"{len(written)} files in {output}")
            return
        of_file = rule_file(alerting.groups(found), alerting.runbooks(found))
        documents = alerting.rule_objects(found, selected) if selected else [of_file]
        click.echo(yaml.safe_dump_all(documents, sort_keys=False, width=120), nl=False)


@main.command()
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder for the files.")
def dashboards(output: Path) -> None:
    """Write dashboards for Grafana as JSON: a stack, a workload, a call of it, the Governor, and hosts.

    They ask for the series that alert rules go by, and the thresholds that these rules record; namespace, workload and
    call are chosen in Grafana. It takes the extra `dashboards` of the package.
    """
    with _refusals():
        from flyball.errors import FlyballError

        try:
            from flyball.dashboards import grafana
        except ModuleNotFoundError as error:
            raise FlyballError(f"{error.name} is not installed; pip install 'flyball[dashboards]'") from error
        output.mkdir(parents=True, exist_ok=True)
        found = grafana.files()
        for name, text in found.items():
            (output / name).write_text(text, encoding="utf-8")
        click.echo(f"{len(found)} dashboards in {output}")


@main.command()
@stack_option
@context_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, which names every node.")
@click.option("--prometheus", "url", metavar="URL", help="Also ask this Prometheus for the stack's rules and figures.")
@click.pass_context
def check(context: click.Context, stack: str, kube_context: str | None, as_json: bool, url: str | None) -> None:
    """Ask the cluster of the stack what the stack file cannot know, and change nothing.

    kubelets: whether each node's kubelet rotates logs, removes images and evicts pods as the stack counts on. It needs
    the rights `list` on `nodes` and `get` on `nodes/proxy`.

    prometheus, with --prometheus: whether every rule of the stack is loaded as it is now, and every figure there that
    they are made from. The URL is without a user, as of kubectl port-forward: http://127.0.0.1:9090.

    Exits with 1 if something differs, or could not be asked.
    """
    with _refusals():
        from flyball import show
        from flyball.deploy import checks
        from flyball.deploy import up as local
        from flyball.stack.read import read

        target = _target(context, stack, kube_context)
        wanted = read(target.config)
        outcomes = {}
        for name, outcome in checks.run(local.reach(target, _say), wanted, url):
            outcomes[name] = outcome
            if not as_json:
                show.check(name, outcome)
        if as_json:
            click.echo(json.dumps({name: outcome.as_json() for name, outcome in outcomes.items()}, indent=2))
        if not all(outcome.good for outcome in outcomes.values()):
            context.exit(1)


@main.command()
@stack_option
@context_option
@click.option("--preview", is_flag=True, help="Only show what would change, as the server sees it.")
@click.pass_context
def up(context: click.Context, stack: str, kube_context: str | None, preview: bool) -> None:
    """Bring the stack up, wait until it stands, and say what it survives.

    A stack whose cluster is `local` gets a control plane on this machine first. Pulumi's engine does the work where
    its CLI is on PATH or was built (`flyball engine`); without it, or with FLYBALL_ENGINE=off, kubectl applies what
    the same program comes to and prunes what has left it. Bringing a stack up twice changes nothing the second time.

    A platform's resources are AWS's: `pulumi up` makes them, with the vendor's plugin; --preview lists them.
    """
    with _refusals():
        from flyball import show
        from flyball.deploy import platforms
        from flyball.deploy import up as local
        from flyball.stack.platform import is_platform

        target = _target(context, stack, kube_context)
        if is_platform(target.config):
            for line in platforms.up(target, preview=preview):
                click.echo(line)
            return
        if preview:
            changes = local.preview(target, _say)
            if changes is not None:
                click.echo(changes or "nothing would change")
            return
        with show.progress() as progress:
            outcome = local.up(target, progress.say, progress.advance)
        if outcome.result is not None:
            show.result(outcome.result)
        show.standing(outcome.standing, outcome.services)
        if outcome.freeze:
            show.freeze(outcome.freeze)


@main.command()
@stack_option
@context_option
@click.pass_context
def down(context: click.Context, stack: str, kube_context: str | None) -> None:
    """Remove everything of the stack, and with a local stack its control plane and state."""
    with _refusals():
        from flyball.deploy import up as local

        for removed in local.down(_target(context, stack, kube_context), _say) or ["nothing was there"]:
            click.echo(f"removed {removed}" if removed != "nothing was there" else removed)


@main.command()
@stack_option
@context_option
@click.option("--reason", required=True, help="Why, for everybody whose automation is stopped by it.")
@click.option("--for", "duration", metavar="DURATION", help="When it is meant to end, as 2h or 90m [when lifted].")
@click.option("--by", metavar="NAME", help="Whom to ask about it [the name you are logged in with].")
@click.pass_context
def freeze(
    context: click.Context, stack: str, kube_context: str | None, reason: str, duration: str | None, by: str | None
) -> None:
    """Freeze the cluster of the stack, or the fleets of a platform: automation takes nothing away, people still may.

    Service accounts and autoscalers can then neither scale down nor evict, and delete no pods, nodes or Deployments.
    The freeze lives in the cluster, where no package manager and no deployment tool lifts it, and holds for the whole
    cluster. It does not end by itself: what goes on longer than planned needs it most. Once its time is past, `frozen`
    and `up` say so. To freeze again changes the reason and the end of one's own freeze.

    A platform's fleets are frozen at AWS, with the credentials that boto3 finds: each Auto Scaling group takes nothing
    away, its instance refresh is stopped for good, and its tag flyball.dev/freeze says who, since, until and why. Each
    for itself: a group that refuses keeps no other from it, and makes the exit code 1.
    """
    with _refusals():
        import getpass
        from datetime import UTC, datetime, timedelta

        from flyball import show
        from flyball.deploy import freeze as freezing
        from flyball.deploy import freeze_fleets
        from flyball.deploy import up as local
        from flyball.guards.governor.freeze import Freeze, reason_problem
        from flyball.guards.reading.problem import refuse
        from flyball.guards.reading.units import duration as milliseconds
        from flyball.stack.platform import is_platform

        until, now = None, datetime.now(UTC)
        if duration is not None:
            try:
                until = now + timedelta(milliseconds=milliseconds(duration))
            except ValueError as error:
                raise click.BadParameter(str(error), param_hint="--for") from None
        refuse(reason_problem(reason, ("--reason",)))
        target, who = _target(context, stack, kube_context), by or getpass.getuser()
        if is_platform(target.config):
            api, platform = freeze_fleets.reach(target.config)
            show.fleets_done(freeze_fleets.freeze(api, platform, Freeze(reason, who, now, until)), "")
        else:
            show.freeze(freezing.freeze(local.reach(target, _say), reason, until, who))


@main.command()
@stack_option
@context_option
@click.pass_context
def unfreeze(context: click.Context, stack: str, kube_context: str | None) -> None:
    """Lift the freeze of the stack's cluster, or of a platform's fleets, and say what it was.

    Of a fleet goes on what the freeze has stopped, and nothing that had been suspended before it.
    """
    with _refusals():
        from flyball import show
        from flyball.deploy import freeze as freezing
        from flyball.deploy import freeze_fleets
        from flyball.deploy import up as local
        from flyball.stack.platform import is_platform

        target = _target(context, stack, kube_context)
        if is_platform(target.config):
            api, platform = freeze_fleets.reach(target.config)
            show.fleets_done(freeze_fleets.lift(api, platform), "lifted: ")
        else:
            show.unfrozen(freezing.lift(local.reach(target, _say)))


@main.command()
@stack_option
@context_option
@click.pass_context
def frozen(context: click.Context, stack: str, kube_context: str | None) -> None:
    """Show the freeze of the stack's cluster, or of a platform's fleets. Exits with 1 if it is a forgotten one.

    Forgotten is a freeze whose end is past, or that was given no end and is older than a day. It is 1 too for a fleet
    that has the tag of a freeze, and in which something goes on that a freeze stops.
    """
    with _refusals():
        from flyball import show
        from flyball.deploy import freeze as freezing
        from flyball.deploy import freeze_fleets
        from flyball.deploy import up as local
        from flyball.stack.platform import is_platform

        target = _target(context, stack, kube_context)
        if is_platform(target.config):
            api, platform = freeze_fleets.reach(target.config)
            found = freeze_fleets.groups(api, platform)
            bad = show.fleets(found, freeze_fleets.missing(found, platform))
        else:
            bad = show.freeze(freezing.current(local.reach(target, _say)))
        if bad:
            context.exit(1)


@main.command()
@stack_option
@click.pass_context
def kubeconfig(context: click.Context, stack: str) -> None:
    """Print the path of the kubeconfig in use for the stack."""
    with _refusals():
        import os

        own = os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
        click.echo(_target(context, stack).kubeconfig or own)


@main.command()
def engine() -> None:
    """Build Pulumi's engine, and print the folder to put on PATH for `pulumi` typed by hand.

    The CLI and the Kubernetes provider come from pinned Go modules, which takes some twenty minutes on two processors
    once. `flyball up` uses them from then on, unless another `pulumi` is on PATH.
    """
    with _refusals():
        from flyball.deploy import engine as engines

        built = engines.build(_say)
        _say(f"for `pulumi` typed by hand: export PATH={built.folder}:$PATH")
        click.echo(built.folder)


@main.command()
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
    with _refusals():
        from flyball import show
        from flyball.drills import report as html
        from flyball.drills import run as drills

        if only_list:
            show.drills(drills.DRILLS)
            return
        ways = (False,) if without else (True, False)
        results = []
        for result in drills.run(names, ways, _say):
            show.drilled(result)
            results.append(result)
        if json_file:
            json_file.write_text(json.dumps([result.as_json() for result in results], indent=2) + "\n")
        if report:
            click.echo(f"report: {html.write(results, drills.DRILLS, report)}")
        if not all(result.as_it_should_be for result in results):
            context.exit(1)


def _target(context: click.Context, stack: str, kube_context: str | None = None) -> "Target":
    from flyball.stack.target import find

    target = find(stack, context.obj, kube_context)
    if target.is_example:
        _say(f"no Pulumi.yaml here or above: {target.file} is built by the program that comes with flyball")
    return target


def _say(line: str) -> None:
    click.echo(line, err=True)


@contextmanager
def _refusals() -> Iterator[None]:
    """Bad input and failures as a message and exit code 1, never as a traceback."""
    from flyball.errors import FlyballError
    from flyball.guards.reading.problem import Refused

    try:
        yield
    except Refused as refused:
        click.echo(f"refused, and nothing was changed:\n{refused}", err=True)
        sys.exit(1)
    except (click.exceptions.Exit, click.ClickException):
        raise
    except Exception as error:
        if not (isinstance(error, FlyballError) or _is_run_error(error)):
            raise
        click.echo(f"{error}", err=True)
        sys.exit(1)


def _is_run_error(error: Exception) -> bool:
    """Whether it is Pulumi's `RunError`, raised for people to read too; told by its name, as Pulumi loads slowly."""
    return any(f"{kind.__module__}.{kind.__name__}" == "pulumi.errors.RunError" for kind in type(error).__mro__)
