"""The command that describes what runs already, and what a stack would change of it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flyball.cli.shared import check_place as check_written
from flyball.cli.shared import refusals, say
from flyball.guards.reading.units import show_are, show_count

if TYPE_CHECKING:
    from flyball.deploy.adopt.found import Found
    from flyball.stack.target import Target


def against_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where what runs already is read from, to say what a stack would change of it."""
    path = click.Path(path_type=Path)
    for decorator in (
        click.option("--against-context", metavar="NAME", help="The same, read from this kubeconfig context."),
        click.option(
            "--against", type=path, help="Also say what it would change of these manifests: a file or a folder."
        ),
    ):
        command = decorator(command)
    return command


def compared(against: Path | None, context: str | None, before: str | None, *, is_platform: bool) -> list[str]:
    """The options that say with what a stack is compared. Raises `Refused` where two say it, and of a platform."""
    from flyball.guards.reading.problem import Problem, refuse
    from flyball.guards.reading.rules import DOES_NOT_APPLY, EITHER_OR

    options = {"--against": against, "--against-context": context, "--before": before}
    given = [option for option, value in options.items() if value]
    message, hint = "is of a stack of services, and this is the stack of a platform", "name the stack of the services"
    problems = [Problem((each,), DOES_NOT_APPLY, message, f"{hint} that run on it") for each in given if is_platform]
    if against and context:
        remedy = "compare with one of them"
        problems.append(Problem(("--against-context",), EITHER_OR, "is given beside --against", remedy))
    refuse(problems)
    return given


def changed(target: "Target", against: Path | None, context: str | None) -> list[str]:
    """What a stack would change of what runs, in lines."""
    if not against and not context:
        return []
    from flyball.deploy import up
    from flyball.deploy.adopt.changes import changes
    from flyball.deploy.adopt.found import in_files

    namespace = str(target.config.get("namespace"))
    found = in_files(against, rather=namespace) if against else _live(context or "", namespace)
    lines, stays = changes(found, up.render(target).objects, namespace)
    return [*map(str, lines), *stays, f"{show_count(len(lines), 'change')}; nothing was changed"]


def _live(context: str, namespace: str) -> "Found":
    from flyball.deploy.adopt.live import in_cluster
    from flyball.deploy.up import kubectl_program
    from flyball.kubectl import Kubectl

    return in_cluster(Kubectl(kubectl_program(say), None, context=context), namespace)


@click.command()
@click.option("-f", "--file", "path", type=click.Path(path_type=Path), help="Manifests: a file, or a folder of them.")
@click.option("--context", "kube_context", metavar="NAME", help="Read them from this kubeconfig context instead.")
@click.option(
    "--namespace", metavar="NAME", help="Namespace of what is described [of manifests the one that they name]."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write [standard output].")
def adopt(path: Path | None, kube_context: str | None, namespace: str | None, out: Path | None) -> None:
    """Write a stack file for what runs already: Deployments, and what belongs to them. Changes nothing.

    Image, ports, variables, probes, resources, volumes and files, security and account are taken over as they are.
    Load comes from an autoscaler that counts requests, else it is a question in the file, "?", that `plan` asks until
    it is answered. Who calls whom is guessed from values that name other services, and said to be a guess. What a stack
    file cannot say is listed at its head, each with what is lost. No value of a Secret enters it, nor what looks like
    one.

    `flyball plan -s FILE --against MANIFESTS` says what the stack would change.
    """
    with refusals():
        from flyball.deploy.adopt.adopt import adopt as describe
        from flyball.deploy.adopt.adopt import check_place
        from flyball.deploy.adopt.found import in_files

        check_written("--out", out)
        check_place(path, kube_context, namespace, out)
        found = in_files(path, namespace) if path else _live(kube_context or "", namespace or "")
        adopted = describe(found, kube_context)
        for each in adopted.lost:
            say(f"not said: {each}")
        if out:
            out.write_text(adopted.text, encoding="utf-8")
        else:
            click.echo(adopted.text, nl=False)
        asked = f"; the load of {len(adopted.questions)} is asked for" if adopted.questions else ""
        services, jobs = adopted.config["services"], adopted.config.get("jobs", ())
        what = f"{show_count(len(services), 'service')} and {show_count(len(jobs), 'job')}"
        say(f"{what}{f' in {out}' if out else ''}{asked}; {show_are(len(adopted.lost), 'thing')} not said")
