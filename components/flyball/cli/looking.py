"""Commands that only look: what a stack survives, what it comes to, and whether what runs is as it counts on."""

import json
from pathlib import Path
from typing import Any

import click

from flyball.cli.adopting import against_options, changed, compared
from flyball.cli.shared import check_place, context_option, refusals, say, server_options, stack_option, target_of
from flyball.guards.reading.units import show_count


@click.command()
@click.argument("identity", required=False, metavar="[ID]")
def rules(identity: str | None) -> None:
    """List the rules, or explain the one with this id: what it is for, where it comes from, what mends it.

    Ids are those of `plan --json`, and of docs/rules.md.
    """
    with refusals():
        from flyball import show
        from flyball.guards import catalogue

        if identity is None:
            show.rules()
        else:
            show.rule(catalogue.find(identity))


@click.command()
@stack_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@click.option(
    "--before",
    metavar="STACK",
    help="Also say what shrinks, which volumes grow, and what of these and of balancers cannot change, compared with"
    " this stack file.",
)
@against_options
@click.pass_context
def plan(
    context: click.Context,
    stack: str,
    as_json: bool,
    before: str | None,
    against: Path | None,
    against_context: str | None,
) -> None:
    """Show what each service survives, from the rules alone.

    For each service: the replicas it needs at its peak, its floor, the autoscaler's target and the ceiling; how
    loaded replicas are at the peak now and after losing a replica, a node, a zone or all spot; the probability that a
    request waits, before and after the loss it is sized for; and how much of its deadline its calls may take.

    Of a platform: its zones, its nodes, and the most that there may be of them.

    With --against, also what it would change of what runs already, by object and field.

    Needs no cluster and no Pulumi CLI. Exits with 1 if the stack breaks a rule.
    """
    from flyball.stack import platform_plan
    from flyball.stack.plan import plan as make
    from flyball.stack.platform import is_platform

    with refusals():
        target = target_of(context, stack)
        config = target.config
        beside = compared(against, against_context, before, is_platform=is_platform(config))
        if is_platform(config):
            result, less = platform_plan.plan(config), []
        else:
            result = make(config, target_of(context, before).config if before else None)
            less = [*result.shrinks]
            if not result.findings:
                less += changed(target, against, against_context)
            elif against or against_context:
                less.append(f"{beside[0]}: not compared, as rules are broken; mend them first")
        if as_json:
            click.echo(
                json.dumps(
                    {**result.as_json(), **({"shrinks": less} if beside else {})},
                    indent=2,
                )
            )
        else:
            from flyball import show

            show.platform(result) if isinstance(result, platform_plan.PlatformPlan) else show.plan(result)
            for line in less:
                click.echo(line)
        if result.findings:
            context.exit(1)


@click.command()
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
    with refusals():
        from flyball.deploy import up as local
        from flyball.deploy.manifests import PLAN_FILE, write
        from flyball.guards.workload import kubelet
        from flyball.stack.platform import is_platform, read_platform
        from flyball.stack.read import read

        check_place("--output", output, folder=True)
        target = target_of(context, stack)
        if is_platform(target.config):
            result = local.render(target, read_platform(target.config))
            write(result, output, {})
            resources = show_count(len(result.others), "resource")
            click.echo(f"{resources} of AWS in {output / PLAN_FILE}, and none was made")
            return
        found = read(target.config)
        result = local.render(target, found)
        write(result, output, {kubelet.FILE: {**kubelet.HEAD, **kubelet.configuration(found.nodes)}})
        others = f", {show_count(len(result.others), 'other resource')} in plan.jsonl" if result.others else ""
        click.echo(f"{show_count(len(result.objects), 'object')} in {output}{others}")


@click.command()
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
    with refusals():
        import yaml

        from flyball.alerts import cluster
        from flyball.alerts.rule import rule_file
        from flyball.stack import alerting
        from flyball.stack.read import read

        check_place("--output", output, folder=True)
        selected = cluster.selecting(labels)
        found = read(target_of(context, stack).config)
        if output:
            from flyball.deploy.manifests import write_documents

            written = write_documents(alerting.files(found), output)
            click.echo(f"{show_count(len(written), 'file')} in {output}")
            return
        of_file = rule_file(alerting.groups(found), alerting.runbooks(found))
        documents = alerting.rule_objects(found, selected) if selected else [of_file]
        click.echo(yaml.safe_dump_all(documents, sort_keys=False, width=120), nl=False)


@click.command()
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder for the files.")
def dashboards(output: Path) -> None:
    """Write dashboards for Grafana as JSON: a stack, a workload, a call of it, the Governor, and hosts.

    They ask for the series that alert rules go by, and the thresholds that these rules record; namespace, workload and
    call are chosen in Grafana. It takes the extra `dashboards` of the package.
    """
    with refusals():
        from flyball.errors import FlyballError

        check_place("--output", output, folder=True)
        try:
            from flyball.dashboards import grafana
        except ModuleNotFoundError as error:
            raise FlyballError(f"{error.name} is not installed; pip install 'flyball[dashboards]'") from error
        output.mkdir(parents=True, exist_ok=True)
        found = grafana.files()
        for name, text in found.items():
            (output / name).write_text(text, encoding="utf-8")
        click.echo(f"{show_count(len(found), 'dashboard')} in {output}")


@click.command()
@stack_option
@context_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, which names every node.")
@click.option("--prometheus", "url", metavar="URL", help="Also ask this Prometheus for the stack's rules and figures.")
@server_options
@click.pass_context
def check(
    context: click.Context,
    stack: str,
    kube_context: str | None,
    as_json: bool,
    url: str | None,
    **entry: Any,
) -> None:
    """Ask the cluster of the stack what the stack file cannot know, and change nothing.

    kubelets: whether each node's kubelet rotates logs, removes images and evicts pods as the stack counts on. It needs
    the rights `list` on `nodes` and `get` on `nodes/proxy`.

    prometheus, with --prometheus: whether every rule of the stack is loaded as it is now, and every figure there that
    they are made from. The URL is as that of kubectl port-forward, http://127.0.0.1:9090; a user's password, or a token
    instead, is read from a file.

    Exits with 1 if something differs, or could not be asked.
    """
    with refusals():
        from flyball import prometheus, show
        from flyball.deploy import checks
        from flyball.deploy import up as local
        from flyball.stack.read import read

        server = None if url is None else prometheus.server(url, **entry)
        target = target_of(context, stack, kube_context)
        wanted = read(target.config)
        outcomes = {}
        for name, outcome in checks.run(local.reach(target, say), wanted, server):
            outcomes[name] = outcome
            if not as_json:
                show.check(name, outcome)
        if as_json:
            click.echo(json.dumps({name: outcome.as_json() for name, outcome in outcomes.items()}, indent=2))
        if not all(outcome.good for outcome in outcomes.values()):
            context.exit(1)
