"""Bringing up a platform: what `flyball` can say of it, since only Pulumi's CLI with AWS's plugin makes it."""

from collections.abc import Iterator
from typing import NoReturn

from flyball.deploy.up import render
from flyball.guards.fail_fast.rules import NEEDS_PULUMI_CLI
from flyball.guards.reading.problem import Problem, Refused
from flyball.stack.file import load
from flyball.stack.on_platform import STACK
from flyball.stack.platform import KEY, read_platform
from flyball.stack.target import Target


def up(target: Target, *, preview: bool) -> Iterator[str]:
    """Each resource that would be registered. Raises `Refused` for anything but a preview, and changes nothing."""
    found = read_platform(target.config)
    resources = render(target, found).others
    command = f"`pulumi up -s {target.name}`"
    if not preview:
        message = f"are {len(resources)} resources of the account {found.account}, and nothing was changed"
        hint = f"{command} makes them, with the vendor's CLI and its plugin for AWS; --preview lists them"
        raise Refused([Problem((KEY,), NEEDS_PULUMI_CLI, message, hint)])
    for resource in resources:
        yield f"+ {resource.type} {resource.name}"
    yield f"{len(resources)} resources, if none is there yet; {command} makes them"


def down(target: Target) -> NoReturn:
    """Refuse it, and say in which order it goes: of a platform nothing is in a cluster that this program could ask.

    What runs on it goes first, while there is somebody to end its machines; raises `Refused` in any case.
    """
    found = read_platform(target.config)
    steps = [f"`flyball down -s {name}`" for name in _on(target)]
    if found.fleets:
        steps.append(f"`flyball unfreeze -s {target.name}`, since a frozen group ends no instance")
    if found.cluster.protect:
        steps.append(f"`pulumi up -s {target.name}` with cluster.protect: false")
    steps.append(f"`pulumi destroy -s {target.name}`, with the vendor's CLI and its plugin for AWS")
    message = f"is the account {found.account}'s, and nothing was removed"
    raise Refused([Problem((KEY,), NEEDS_PULUMI_CLI, message, f"in this order: {'; '.join(steps)}")])


def _on(target: Target) -> Iterator[str]:
    """The stacks beside it that name it as their platform."""
    for file in sorted(target.file.parent.glob("Pulumi.*.yaml")):
        named = load(file).get("platform")
        if isinstance(named, dict) and named.get(STACK) == target.name:
            yield file.name.removeprefix("Pulumi.").removesuffix(".yaml")
