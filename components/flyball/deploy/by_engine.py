"""Has Pulumi's engine bring a stack up."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from flyball.deploy import canary, jobs, migrations, parts, pulumi_cli
from flyball.deploy.canary import Release
from flyball.deploy.engine import Engine
from flyball.deploy.manifests import Rendered
from flyball.deploy.others import Report
from flyball.guards.workload.names import SPOT_SUFFIX
from flyball.kubectl import Kubectl
from flyball.kubernetes.workload import meanwhile
from flyball.kubernetes.workload.meanwhile import Sizes
from flyball.stack.target import Target


def bring_up(
    engine: Engine,
    target: Target,
    kubectl: Kubectl,
    result: Rendered,
    sizes: Sizes,
    stands: Callable[[], None],
    releases: Sequence[Release],
    report: Report,
) -> None:
    """Run what the program has come to, and wait for what has to stand between.

    In two runs where a part of a workload takes over from another, which the first one leaves as it is; and where a
    new version comes beside an old one, which the first one leaves too. Raises `PulumiError`, or `MigrationError`.
    """
    report(f"bringing it up with {engine}")
    place = (engine, target.project, target.name, target.file, target.context)
    going = [f"**apps/v1:Deployment::{each.namespace}-{each.name}" for each in releases]
    going += [f"**::{namespace}-{name}{SPOT_SUFFIX}" for namespace, name in parts.giving_up(sizes)]
    with _migrating(kubectl, engine, target, result):
        if sizes or releases:
            with meanwhile.at_least(sizes):
                pulumi_cli.up(*place, preview=False, leave=going)
        if sizes:
            stands()
        canary.run(kubectl, releases, report)
        pulumi_cli.up(*place, preview=False)


@contextmanager
def _migrating(kubectl: Kubectl, engine: Engine, target: Target, result: Rendered) -> Iterator[None]:
    """Within it, the engine runs migrations; says of those that failed what is to be done."""
    if failed := migrations.failed(kubectl, result.objects):
        # The engine makes anew what its state knows, and waits in vain for what it does not.
        made = pulumi_cli.made(engine, target.project, target.name, whole=True)
        jobs.remove(kubectl, [o for o in failed if o.named not in made])
    try:
        yield
    except pulumi_cli.PulumiError:
        migrations.check(kubectl, result.objects, migrations.live(kubectl, result.objects))
        raise
