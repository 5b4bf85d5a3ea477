"""Every bad variable is refused at preflight, with its path and how to mend it, and nothing on the host changed."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from flyball.lab.hosts.ansible import COLLECTION, Ansible
from flyball.lab.hosts.lab import Lab

pytestmark = pytest.mark.hosts
CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("variables.yml").read_text())
# Not what any look at a host leaves: its journal, its processes' own files, and Ansible's for a moment.
_STATE = "find / -xdev -newer /root/before -type f -not -path '/var/log/journal/*' -not -path '/root/.ansible/*' | sort"


def test_bad_variables_are_refused_and_nothing_is_changed(hosts: Lab) -> None:
    (host,) = hosts.add("bare")
    ansible = Ansible(hosts, {}, {})
    tasks: list[dict[str, Any]] = []
    for i, case in enumerate(CASES):
        note = {"key": f"case{i}", "value": "{{ ansible_failed_result.msg | default(ansible_failed_result) }}"}
        tasks.append(
            {
                "block": [{"include_role": {"name": f"{COLLECTION}.{case['role']}"}, "vars": case["variables"]}],
                "rescue": [{"set_fact": {note["key"]: note["value"]}}],
            }
        )
    said = {f"case{i}": f"{{{{ case{i} | default('') }}}}" for i in range(len(CASES))}
    result = hosts.folder / "said.json"
    write = {"content": "{{ said | to_json }}", "dest": str(result)}
    tasks.append({"copy": write, "delegate_to": "localhost", "vars": {"said": said}})
    playbook = hosts.folder / "refused.json"
    playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    # The first Python of a host that is handed a program keeps what it has compiled, as any does that reads a module.
    host.run("echo pass | python3; sleep 1; touch /root/before")

    played = ansible.play(playbook).succeeded()

    found = json.loads(result.read_text())
    missed = [(case, found[f"case{i}"]) for i, case in enumerate(CASES) if case["says"] not in found[f"case{i}"]]
    assert missed == []
    assert played.total("changed") <= 1  # the file that the answers are in
    assert host.run(_STATE) == ""
