"""A platform stack: `flyball:aws` in the place of services. Other stacks run on it, and name it as `platform`."""

from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

from flyball.guards.aws import names, platform
from flyball.guards.aws.platform import AwsArgs, Platform
from flyball.guards.fail_fast.container import check_word
from flyball.guards.reading.problem import Problem, refuse
from flyball.guards.reading.rules import DOES_NOT_APPLY
from flyball.guards.reading.strict import check
from flyball.stack.schema import StackArgs

KEY = "aws"
"""By which a platform stack is known."""


class PlatformStackArgs(TypedDict):
    """The configuration of one platform, in `stacks/Pulumi.<name>.yaml` under the prefix `flyball:`."""

    environment: str
    """Name of the environment, of the cluster, and a tag on everything."""
    owner: str
    """Who answers for it, a tag on everything."""
    aws: AwsArgs
    """The platform."""


def is_platform(config: Mapping[str, Any]) -> bool:
    """Whether a configuration is that of a platform, and not of services."""
    return KEY in config


def read_platform(config: Mapping[str, Any]) -> Platform:
    """The platform of a configuration. Raises `Refused` with every problem of the whole file."""
    found, problems = examine_platform(config)
    refuse(problems)
    return found


def examine_platform(config: Mapping[str, Any]) -> tuple[Platform, list[Problem]]:
    """As `read_platform`, but hands the problems over."""
    environment, owner = (
        value if isinstance(value := config.get(key), str) else "" for key in ("environment", "owner")
    )
    found, problems = platform.examine(config.get(KEY), environment, owner, (KEY,))
    return found, [*_check_outer(config), *problems]


def _check_outer(config: Mapping[str, Any]) -> Iterator[Problem]:
    others = {
        key for key in config if key in StackArgs.__annotations__ and key not in PlatformStackArgs.__annotations__
    }
    for key in sorted(others):
        hint = "put it into the stack of the services, which names this one as its platform"
        yield Problem((key,), DOES_NOT_APPLY, "is of services, and this is the stack of a platform", hint)
    outer = {key: value for key, value in config.items() if key not in others and key != KEY}
    yield from check(outer, _OuterArgs, ())
    for key in ("environment", "owner"):
        if isinstance(value := config.get(key), str):
            yield from check_word(value, (key,))
    if isinstance(name := config.get("environment"), str):
        yield from names.check_platform(name, ("environment",))


class _OuterArgs(TypedDict):
    environment: str
    owner: str
