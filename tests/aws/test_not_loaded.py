"""Who has no platform on AWS never loads what knows it, and need not have it installed; who plans loads no SDK."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_PROGRAM = """
import sys
sys.modules.update(dict.fromkeys(["pulumi_aws", "boto3", "botocore"]))  # an import of them fails
{}
"""
_PLANS = """
sys.modules.update(dict.fromkeys(["pulumi", "pulumi_kubernetes"]))  # they take five times as long as a plan
from flyball.cli import main
main(['plan', '-s', 'prod'], standalone_mode=False)
main(['plan', '-s', 'prod-platform'], standalone_mode=False)
"""
_RENDER = """
from pathlib import Path
import flyball, flyball.plugin, flyball.kubernetes, flyball.stack.build, flyball.show, flyball.deploy.freeze_fleets
from flyball.deploy.up import render
from flyball.stack.target import find
assert len(render(find("prod", Path("."))).objects) > 10
"""


@pytest.mark.parametrize("program", [_PLANS, _RENDER])
def test_is_not_loaded(program: str) -> None:
    subprocess.run([sys.executable, "-c", _PROGRAM.format(program)], cwd=ROOT, check=True, timeout=300)
