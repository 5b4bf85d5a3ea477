"""Commands that bring a stack up and down, and what they need."""

from pathlib import Path

import click

from flyball.cli.shared import context_option, refusals, say, stack_option, target_of


@click.command()
@stack_option
@context_option
@click.option("--preview", is_flag=True, help="Only show what would change, as the server sees it.")
@click.pass_context
def up(context: click.Context, stack: str, kube_context: str | None, preview: bool) -> None:
    """Bring the stack up, wait until it stands, and say what it survives and where it is called from outside.

    A stack whose cluster is `local` gets a control plane on this machine first. Pulumi's engine does the work where
    its CLI is on PATH or was built (`flyball engine`); without it, or with FLYBALL_ENGINE=off, kubectl applies what
    the same program comes to and prunes what has left it. Bringing a stack up twice changes nothing the second time.

    A platform's resources are AWS's: `pulumi up` makes them, with the vendor's plugin; --preview lists them.
    """
    with refusals():
        from flyball import show
        from flyball.deploy import platforms
        from flyball.deploy import up as local
        from flyball.stack.platform import is_platform

        target = target_of(context, stack, kube_context)
        if is_platform(target.config):
            for line in platforms.up(target, preview=preview):
                click.echo(line)
            return
        if preview:
            changes = local.preview(target, say)
            if changes is not None:
                click.echo(changes or "nothing would change")
            return
        with show.progress() as progress:
            outcome = local.up(target, progress.say, progress.advance)
        if outcome.result is not None:
            show.result(outcome.result)
        if outcome.same is not None:
            click.echo(f"{outcome.same} unchanged")
        show.standing(outcome.standing, outcome.services)
        for line in outcome.called:
            click.echo(line)
        if outcome.freeze:
            show.freeze(outcome.freeze)


@click.command()
@stack_option
@context_option
@click.pass_context
def down(context: click.Context, stack: str, kube_context: str | None) -> None:
    """Remove everything of the stack, and with a local stack its control plane and state.

    Of a platform it says in which order it goes, and removes nothing.
    """
    with refusals():
        from flyball.deploy import platforms
        from flyball.deploy import up as local
        from flyball.stack.platform import is_platform

        target = target_of(context, stack, kube_context)
        if is_platform(target.config):
            platforms.down(target)
        for removed in local.down(target, say) or ["nothing was there"]:
            click.echo(f"removed {removed}" if removed != "nothing was there" else removed)


@click.command()
@stack_option
@click.pass_context
def kubeconfig(context: click.Context, stack: str) -> None:
    """Print the path of the kubeconfig in use for the stack."""
    with refusals():
        import os

        own = os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
        click.echo(target_of(context, stack).kubeconfig or own)


@click.command()
def engine() -> None:
    """Build Pulumi's engine, and print the folder to put on PATH for `pulumi` typed by hand.

    The CLI and the Kubernetes provider come from pinned Go modules, which takes some twenty minutes on two processors
    once. `flyball up` uses them from then on, unless another `pulumi` is on PATH.
    """
    with refusals():
        from flyball.deploy import engine as engines

        built = engines.build(say)
        say(f"for `pulumi` typed by hand: export PATH={built.folder}:$PATH")
        click.echo(built.folder)
