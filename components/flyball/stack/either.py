"""A stack file of either kind: of services, or of the platform that they run on."""

from collections.abc import Mapping
from typing import Any

from flyball.guards.aws.platform import Platform
from flyball.guards.reading.problem import Problem
from flyball.stack import platform, read
from flyball.stack.read import Stack


def read_either(config: Mapping[str, Any], *, decrypted: bool = False) -> Stack | Platform:
    """What a configuration says. Raises `Refused` with every problem of the whole file."""
    if platform.is_platform(config):
        return platform.read_platform(config)
    return read.read(config, decrypted=decrypted)


def problems(config: Mapping[str, Any], *, decrypted: bool = False) -> list[Problem]:
    """What is wrong with a configuration."""
    if platform.is_platform(config):
        return platform.examine_platform(config)[1]
    return read.examine(config, decrypted=decrypted)[1]
