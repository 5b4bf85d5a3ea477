"""Bringing up a platform: what `flyball` can say of it, since only Pulumi's CLI with AWS's plugin makes it."""

from collections.abc import Iterator

from flyball.deploy.up import render
from flyball.guards.fail_fast.rules import NEEDS_PULUMI_CLI
from flyball.guards.reading.problem import Problem, Refused
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
