"""What a frozen host tells the packages that ask it: stopping and looking are allowed, and nothing else."""

import subprocess
from pathlib import Path

import pytest

POLICY = Path(__file__).parents[2] / "playbooks/roles/freeze/files/policy-rc.d"
MARK = "/etc/flyball/freeze.json"
ALLOWED, FORBIDDEN = 0, 101


def ask(folder: Path, *words: str, frozen: bool = True) -> int:
    """What the policy answers, with its mark in a folder of ours."""
    program, mark = folder / "policy-rc.d", folder / "freeze.json"
    text = POLICY.read_text()
    assert MARK in text
    program.write_text(text.replace(MARK, str(mark)))
    if frozen:
        mark.touch()
    return subprocess.run(["sh", program, *words], check=False).returncode


# nginx's package asks to upgrade, others to rotate, reopen or reexec; what comes next nobody knows.
@pytest.mark.parametrize(
    "action", ["start", "restart", "reload", "upgrade", "reexec", "condrestart", "(start)", "stop start", ""]
)
@pytest.mark.parametrize("options", [(), ("--quiet",)])
def test_whatever_may_start_a_service_is_forbidden(tmp_path: Path, options: tuple[str, ...], action: str) -> None:
    assert ask(tmp_path, *options, "nginx", action) == FORBIDDEN


@pytest.mark.parametrize("action", ["stop", "status", "(stop)", "force-stop"])
def test_stopping_and_looking_stay_allowed(tmp_path: Path, action: str) -> None:
    assert ask(tmp_path, "nginx", action) == ALLOWED
    assert ask(tmp_path, "--quiet", "restart", action, "2") == ALLOWED  # a service of that name


def test_without_a_freeze_everything_is_allowed(tmp_path: Path) -> None:
    assert ask(tmp_path, "nginx", "upgrade", frozen=False) == ALLOWED
