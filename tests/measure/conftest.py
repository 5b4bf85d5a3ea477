"""The stack that is measured, and the command that does it."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flyball.cli import main

PLACE = """
config:
  flyball:environment: prod
  flyball:owner: shop
  flyball:namespace: shop
  flyball:cluster: prod
  flyball:services:
"""
"""What stands before the services of a stack file."""
STACK = (
    PLACE
    + """\
    web:
      image: registry.example/web:1.0.0
      port: 8080
      public: true
      deadline: 2s
      load: {peak: 200, replica: 100}
      calls: {db: {timeout: 1s}}
    db:
      image: registry.example/db:1.0.0
      port: 5432
      protocol: tcp
      deadline: 1s
      probes: {readiness: {tcp: true}, liveness: {exec: [alive]}}
      load: {peak: 50, replica: 100}
"""
)


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text(STACK)
    return file


def measured(*options: object) -> Result:
    return CliRunner().invoke(main, ["measure", *map(str, options)])
