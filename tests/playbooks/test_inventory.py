"""Hosts from a Pulumi stack: from the CLI and from an exported state, and nothing from what is wrong."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.playbooks.programs import Done, Programs

HOSTS = {
    "app1": {"address": "192.0.2.11", "groups": ["web", "zone_a"], "vars": {"nginx_max_connections": 512}},
    "cache1": {"address": "192.0.2.21", "groups": ["cache"]},
}
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}


Inventory = Callable[..., Done]


@pytest.fixture
def inventory(ansible_inventories: Programs) -> Inventory:
    """What ansible-inventory makes of a file with some options."""

    def made(folder: Path, path: str = "", **options: Any) -> Done:
        file = folder / "prod.pulumi_stack.yml"
        file.write_text(json.dumps({"plugin": "flyball.guards.pulumi_stack", **options}))
        return ansible_inventories.run("inventory", "-i", str(file), "--list", path=path)

    return made


def exported(folder: Path, hosts: Any) -> str:
    file = folder / "state.json"
    stack = {"type": "pulumi:pulumi:Stack", "outputs": {"hosts": hosts}}
    file.write_text(json.dumps({"version": 3, "deployment": {"resources": [stack]}}))
    return str(file)


def text(value: str) -> dict[str, str]:
    """How ansible-inventory shows text that is never taken for a template."""
    return {"__ansible_unsafe": value}


def check(done: Done) -> None:
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["_meta"]["hostvars"] == {
        "app1": {"ansible_host": text("192.0.2.11"), "nginx_max_connections": 512},
        "cache1": {"ansible_host": text("192.0.2.21")},
    }
    assert {name: found[name]["hosts"] for name in ("web", "zone_a", "cache")} == {
        "web": ["app1"],
        "zone_a": ["app1"],
        "cache": ["cache1"],
    }


def test_hosts_of_an_exported_state(inventory: Inventory, tmp_path: Path) -> None:
    check(inventory(tmp_path, state_file=exported(tmp_path, HOSTS)))


def test_hosts_that_the_cli_names(inventory: Inventory, tmp_path: Path) -> None:
    cli = tmp_path / "pulumi"
    expected = "stack output --json --non-interactive --stack prod"
    cli.write_text(
        f"#!/bin/sh\n[ \"$*\" = '{expected}' ] || exit 9\ncat <<'END'\n{json.dumps({'hosts': HOSTS})}\nEND\n"
    )
    cli.chmod(0o755)
    check(inventory(tmp_path, f"{tmp_path}:{os.environ['PATH']}", stack="prod", project=str(tmp_path)))


@pytest.mark.parametrize(
    ("hosts", "says"),
    [
        ({"app1": {"adress": "192.0.2.11"}}, "hosts.app1.adress: is not a known key; did you mean 'address'?"),
        ({"app1": {"address": 7}}, "hosts.app1.address: is the number 7, not text; quote it"),
        ({"app1": {"address": "a", "groups": ["a-b"]}}, "hosts.app1.groups[0]: 'a-b' is no group"),
        ({"app1": {"address": "a", "vars": {"password": SECRET}}}, "hosts.app1.vars.password: is a secret"),
        ({"-a": {"address": "a"}}, "hosts.-a: '-a' is no name of a host"),
    ],
)
def test_an_output_that_is_wrong_is_refused(inventory: Inventory, tmp_path: Path, hosts: Any, says: str) -> None:
    done = inventory(tmp_path, state_file=exported(tmp_path, hosts))
    assert done.returncode != 0
    assert says in " ".join(done.stderr.split())


def test_an_output_that_is_not_there_is_named(inventory: Inventory, tmp_path: Path) -> None:
    done = inventory(tmp_path, state_file=exported(tmp_path, HOSTS), output="host")
    assert done.returncode != 0
    assert "host: is no output of the stack; did you mean 'hosts'?" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "is no state that `pulumi stack export` wrote"),
        ("[" * 100_000, "maximum recursion depth exceeded"),
    ],
)
def test_an_odd_state_file_is_refused_by_name(inventory: Inventory, tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(text)
    done = inventory(tmp_path, state_file=str(file))
    assert done.returncode != 0
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
