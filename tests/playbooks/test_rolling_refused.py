"""What is wrong with the variables of one host of a group keeps a run from all of them: a canary that was changed in
front of it would be a release that has no end."""

import json
from pathlib import Path

import pytest
from tests.playbooks.programs import Programs

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
SITE = {"name": "shop", "port": 80, "servers": ["127.0.0.1:8080"], "deadline": "2s"}


@pytest.mark.parametrize("playbook", ["roll", "restart", "drain"])
def test_one_host_whose_variables_are_wrong_keeps_a_run_from_all(
    ansible_programs: Programs, tmp_path: Path, playbook: str
) -> None:
    hosts = {"app1": {}, "app2": {}, "app3": {"rollout_load": {"peak": "many"}}}
    variables = {"ansible_connection": "local", "nginx_sites": [SITE], "rollout_load": {"peak": 100, "host": 100}}
    inventory = tmp_path / "hosts.json"
    inventory.write_text(json.dumps({"web": {"hosts": hosts, "vars": variables}}))
    done = ansible_programs.run("playbook", "--check", "-i", str(inventory), str(PLAYBOOKS / f"{playbook}.yml"))
    assert done.returncode == 2
    assert "rollout_load.peak: is text ('many'), not a number" in done.stdout + done.stderr
    assert "TASK [Reach every host]" not in done.stdout
    assert "PLAY RECAP" in done.stdout
