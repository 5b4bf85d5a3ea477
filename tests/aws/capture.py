"""What a platform's program registers, in this process, with ids and ARNs of the right kind.

The expectations beside, `expected/CASE.yaml`, are written anew by `python -m tests.aws.capture CASE...`; read what has
changed in them.
"""

import base64
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from flyball.deploy.program import run
from flyball.deploy.registered import Registered
from flyball.deploy.stand_ins import StandIns
from flyball.stack.build import build
from flyball.stack.file import load
from flyball.stack.platform import read_platform

ROOT = Path(__file__).parents[2]
EXPECTED = Path(__file__).parent / "expected"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
"""A Thursday, in the afternoon of Berlin."""
Shown = dict[str, dict[str, Any]]


def cases() -> dict[str, Path]:
    """Stack files by case: the platforms of this repository, and those in `cases/`."""
    own = {name: ROOT / f"stacks/Pulumi.{name}.yaml" for name in ("prod-platform", "dev-platform")}
    return own | {file.stem: file for file in sorted((Path(__file__).parent / "cases").glob("*.yaml"))}


@cache
def of_case(name: str) -> tuple[Registered, ...]:
    """Everything that a case's stack file comes to."""
    return capture(load(cases()[name]))


def capture(config: Mapping[str, Any], *, preview: bool = False) -> tuple[Registered, ...]:
    """Everything that a configuration comes to; in a preview ids and outputs are unknown."""
    found = read_platform(config)
    return tuple(run(lambda: build(found, NOW), "flyball", "test", preview=preview, cloud=StandIns()))


def changed(config: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The configuration with another value at a path, as `aws.cluster.version`; None removes the key."""
    key, _, rest = path.partition(".")
    inner = changed(config.get(key, {}), rest, value) if rest else value
    return {**{k: v for k, v in config.items() if k != key}, **({} if inner is None else {key: inner})}


def shown(resources: Iterable[Registered]) -> Shown:
    """By type and name: inputs, user data as lines, and what each waits for."""
    return {title(r.urn): _shown(r) for r in resources if r.custom}


def by_title(resources: Iterable[Registered]) -> dict[str, Registered]:
    """Resources by type and name, as `shown` has them."""
    return {title(r.urn): r for r in resources}


def title(urn: str) -> str:
    """`aws:ec2/vpc:Vpc network`: type and name of a resource."""
    *_, kinds, name = urn.split("::")
    return f"{kinds.rpartition('$')[2]} {name}"


def _shown(r: Registered) -> dict[str, Any]:
    inputs = dict(r.inputs)
    if data := inputs.get("userData"):
        inputs["userData"] = base64.b64decode(data).decode().splitlines()
    after = sorted(title(urn) for urn in r.after)
    extra = {"ignored": sorted(r.ignored), "protect": r.protect, "secrets": sorted(r.secrets), "after": after}
    return {"inputs": inputs, **{key: value for key, value in extra.items() if value}}


def main(names: list[str]) -> None:
    for name in names or cases():
        text = yaml.safe_dump(shown(of_case(name)), sort_keys=False, width=120)
        (EXPECTED / f"{name}.yaml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
