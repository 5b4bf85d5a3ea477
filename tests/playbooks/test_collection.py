"""The collection as a whole: what it promises in its specs, and that it can be installed."""

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tools import roles

from flyball.guards.roles import alertmanager
from flyball.guards.roles.collection import PLAYBOOKS, ROLES
from flyball.guards.roles.variables import Role
from flyball.lab.hosts import ansible

REPOSITORY = Path(__file__).parents[2]
COLLECTION = REPOSITORY / "playbooks"
BIN = Path(sys.executable).parent


def run(*command: str | Path, cwd: Path = REPOSITORY) -> str:
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_role_is_declared() -> None:
    assert sorted(ROLES) == sorted(folder.name for folder in (COLLECTION / "roles").iterdir())


def test_playbooks_read_no_variable_of_theirs_but_by_their_declaration() -> None:
    """Most are read by their declaration; some, such as the group, a playbook must know before that."""
    for name, role in PLAYBOOKS.items():
        used = set(re.findall(rf"\b{name}_[a-z]\w*", (COLLECTION / f"{name}.yml").read_text()))
        assert used <= {variable.name for variable in role.variables}


@pytest.mark.parametrize("role", [*ROLES.values(), *PLAYBOOKS.values()], ids=[*ROLES, *PLAYBOOKS])
def test_every_variable_says_what_it_is_and_has_a_default_of_its_type(role: Role) -> None:
    for variable in role.variables:
        assert variable.name.startswith(f"{role.name}_")
        assert variable.text.endswith(".")
    assert [str(problem) for problem in role.read({}).problems] == [str(p) for p in role.read(role.defaults).problems]
    # What a host must be told has an empty default.
    assert {p.message for p in role.read({}).problems} <= {"is missing"}


@pytest.mark.parametrize("path", roles.files(), ids=str)
def test_the_files_of_roles_are_written_from_the_declarations(path: Path) -> None:
    assert path.read_text() == roles.files()[path], "run make roles"


@pytest.mark.long
@pytest.mark.xdist_group(name="ansible-lint")
def test_ansible_lint_finds_nothing_by_its_strictest_profile(unless_passed: Callable[..., None]) -> None:
    command = ("ansible-lint", "--profile", "production", "--offline", "--strict", ".")

    def check() -> None:
        run(BIN / command[0], *command[1:], cwd=COLLECTION)

    settings = (".ansible-lint", ".ansible-lint.yml", ".ansible-lint.yaml", ".config", ".gitignore", ".yamllint")
    # The plugins import the components; and what is installed for the user, roles may be found among.
    reads = [COLLECTION, REPOSITORY / "components", *(REPOSITORY / name for name in settings)]
    installed = [Path.home() / ".ansible" / name for name in ("collections", "roles")]
    unless_passed(command, [*reads, *installed], check)


def test_the_playbooks_are_sound_by_their_full_names() -> None:
    stems = [file.stem for file in sorted(COLLECTION.glob("*.yml")) if file.stem != "galaxy"]
    names = [f"{ansible.COLLECTION}.{stem}" for stem in stems]
    inventory = COLLECTION / "inventory/example.yml"
    said = run(BIN / "ansible-playbook", "--syntax-check", "--inventory", inventory, *names)
    assert re.findall(r"^playbook: .*/(\w+)\.yml$", said, re.MULTILINE) == stems


def test_who_hears_in_the_example_is_sound() -> None:
    inventory = yaml.safe_load((COLLECTION / "inventory/example.yml").read_text())
    monitoring = inventory["all"]["children"]["monitoring"]
    assert len(monitoring["hosts"]) == 2
    for host in monitoring["hosts"].values():
        text = yaml.safe_dump({**monitoring["vars"], **host}).replace("{{ address }}", host["address"])
        given = yaml.safe_load(text)
        of_role = {name: value for name, value in given.items() if name.startswith("alertmanager_")}
        said, problems = alertmanager.read(of_role)
        assert problems == []
        assert said.people.watchdog
        # Each Prometheus tells each Alertmanager, and these know each other.
        others = {other["address"] for other in monitoring["hosts"].values()} - {host["address"]}
        assert {peer.rpartition(":")[0] for peer in said.peers} == others
        told = {target.rpartition(":")[0] for target in given["prometheus_alertmanagers"]}
        assert told == {*others, host["address"]}


def test_the_site_installs_early_what_the_roles_of_each_group_need() -> None:
    """Not what watches: that must not start before it is told where to listen."""
    first, *later = yaml.safe_load((COLLECTION / "site.yml").read_text())
    for group, packages in first["vars"]["site__by_group"].items():
        (play,) = (play for play in later if play["hosts"] == group)
        (role,) = (entry["role"].rpartition(".")[2] for entry in play["roles"])
        wanted = yaml.safe_load((COLLECTION / "roles" / role / "vars/main.yml").read_text())[f"{role}__packages"]
        assert {*packages, "logrotate"} == set(wanted)


def test_the_collection_builds(tmp_path: Path) -> None:
    run(BIN / "ansible-galaxy", "collection", "build", "--output-path", tmp_path, COLLECTION)
    assert [file.name for file in tmp_path.iterdir()] == ["flyball-guards-0.1.0.tar.gz"]


def test_the_collection_travels_in_the_wheel(tmp_path: Path) -> None:
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    inside = "ansible_collections/flyball/guards"
    assert {f"{inside}/galaxy.yml", f"{inside}/playbooks/site.yml", f"{inside}/playbooks/group_vars/all.yml"} <= names
    for role in ROLES:
        assert f"{inside}/roles/{role}/tasks/main.yml" in names


def test_the_recap_is_read_by_host() -> None:
    output = (
        "PLAY RECAP ***\napp1  : ok=3    changed=1    unreachable=0    failed=0\n"
        "app-2 : ok=0 changed=0 unreachable=1 failed=0\n"
    )
    assert ansible.recap(output) == {
        "app1": {"ok": 3, "changed": 1, "unreachable": 0, "failed": 0},
        "app-2": {"ok": 0, "changed": 0, "unreachable": 1, "failed": 0},
    }
