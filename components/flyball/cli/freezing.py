"""Commands by which people stop automation, lift that, and look at it."""

import click

from flyball.cli.shared import context_option, refusals, say, stack_option, target_of


@click.command()
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
    with refusals():
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
        target, who = target_of(context, stack, kube_context), by or getpass.getuser()
        if is_platform(target.config):
            api, platform = freeze_fleets.reach(target.config)
            show.fleets_done(freeze_fleets.freeze(api, platform, Freeze(reason, who, now, until)), "")
        else:
            show.freeze(freezing.freeze(local.reach(target, say), reason, until, who))


@click.command()
@stack_option
@context_option
@click.pass_context
def unfreeze(context: click.Context, stack: str, kube_context: str | None) -> None:
    """Lift the freeze of the stack's cluster, or of a platform's fleets, and say what it was.

    Of a fleet goes on what the freeze has stopped, and nothing that had been suspended before it.
    """
    with refusals():
        from flyball import show
        from flyball.deploy import freeze as freezing
        from flyball.deploy import freeze_fleets
        from flyball.deploy import up as local
        from flyball.stack.platform import is_platform

        target = target_of(context, stack, kube_context)
        if is_platform(target.config):
            api, platform = freeze_fleets.reach(target.config)
            show.fleets_done(freeze_fleets.lift(api, platform), "lifted: ")
        else:
            show.unfrozen(freezing.lift(local.reach(target, say)))


@click.command()
@stack_option
@context_option
@click.pass_context
def frozen(context: click.Context, stack: str, kube_context: str | None) -> None:
    """Show the freeze of the stack's cluster, or of a platform's fleets. Exits with 1 if it is a forgotten one.

    Forgotten is a freeze whose end is past, or that was given no end and is older than a day. It is 1 too for a fleet
    that has the tag of a freeze, and in which something goes on that a freeze stops.
    """
    with refusals():
        from flyball import show
        from flyball.deploy import freeze as freezing
        from flyball.deploy import freeze_fleets
        from flyball.deploy import up as local
        from flyball.stack.platform import is_platform

        target = target_of(context, stack, kube_context)
        if is_platform(target.config):
            api, platform = freeze_fleets.reach(target.config)
            found = freeze_fleets.groups(api, platform)
            bad = show.fleets(found, freeze_fleets.missing(found, platform))
        else:
            bad = show.freeze(freezing.current(local.reach(target, say)))
        if bad:
            context.exit(1)
