"""Variables as Ansible hands them over: a wrong name is refused in the preflight, whatever else the role has set."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.playbooks.programs import Programs

from flyball.guards.roles.collection import ROLES

pytestmark = pytest.mark.integration

COLLECTION = Path(__file__).parents[2] / "playbooks"
WITHOUT: dict[str, dict[str, Any]] = {
    "alertmanager": {
        "alertmanager_page": {"webhooks": ["http://a"]},
        "alertmanager_warning": {"webhooks": ["http://a"]},
    },
    "freeze": {"freeze_state": "thawed"},
    "haproxy": {"haproxy_proxy": {"calls": {"shop": {"host": "app1", "port": 80}}}},
    "log_shipping": {"log_shipping_host": "logs"},
    "planned_restart": {"planned_restart_reboot": True, "planned_restart_lock_host": "cache1"},
}
"""What a role cannot do without."""
SHARED = {"rollout_load": {"peak": 1, "host": 2}}


Preflights = Callable[..., list[str]]


@pytest.fixture
def preflights(ansible_programs: Programs, tmp_path: Path) -> Preflights:
    return lambda cases, *options: _preflights(ansible_programs, tmp_path, cases, *options)


def _preflights(
    ansible: Programs, folder: Path, cases: Sequence[tuple[str, Mapping[str, Any]]], *options: str
) -> list[str]:
    """What the preflight of each role says to some variables on this machine; nothing where it lets them pass."""
    tasks: list[dict[str, Any]] = []
    for i, (role, variables) in enumerate(cases):
        include = [
            {"include_role": {"name": f"flyball.guards.{role}", "tasks_from": part}, "vars": dict(variables)}
            for part in ("look", "preflight")
            if (COLLECTION / "roles" / role / f"tasks/{part}.yml").exists()
        ]
        note = {f"case{i}": "{{ ansible_failed_result.msg | default(ansible_failed_result) }}"}
        tasks.append({"block": include, "rescue": [{"set_fact": note}]})
    file = folder / "said.json"
    said = [f"{{{{ case{i} | default('') }}}}" for i in range(len(cases))]
    tasks.append({"copy": {"content": "{{ said | to_json }}", "dest": str(file)}, "vars": {"said": said}})
    play = folder / "play.json"
    groups = {
        "all": {
            "hosts": {"localhost": {"ansible_connection": "local"}},
            "children": {"web": {"hosts": {"b": {"node_exporter_addresses": ["192.0.2.1"]}}}},
        }
    }
    (folder / "hosts.json").write_text(json.dumps(groups))
    play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "vars": SHARED, "tasks": tasks}]))
    done = ansible.run("playbook", f"--inventory={folder / 'hosts.json'}", str(play), *options)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(file.read_text())


def test_what_no_role_declares_is_refused_with_the_nearest_name(preflights: Preflights) -> None:
    cases = [(role, {**WITHOUT.get(role, {}), f"{role}_timeuot": "{{ nowhere }}"}) for role in ROLES]
    cases.append(("redis", {"redis_maxmemory": "1Gi", "redis_maxclients": 900}))
    *each, redis = preflights(cases)
    assert [
        role for (role, _), said in zip(cases, each, strict=False) if not said.startswith(f"{role}_timeuot: ")
    ] == []
    assert redis == (
        "redis_maxmemory: is no known variable; did you mean 'redis_maxmemory_share'?\n"
        "redis_maxclients: is no known variable; did you mean 'redis_max_clients'?"
    )


def test_what_roles_set_for_themselves_is_no_variable_of_theirs(preflights: Preflights) -> None:
    """Twice, since the first time has registered all that they look at."""
    cases = [(role, WITHOUT.get(role, {})) for role in ROLES if role != "planned_restart"]
    assert preflights([*cases, *cases]) == [""] * len(cases) * 2


@pytest.mark.parametrize("name", ["rollout_lod", "rollout_utilisation"])
def test_of_variables_that_roles_share_a_wrong_name_is_refused_too(preflights: Preflights, name: str) -> None:
    case = ("planned_restart", {**WITHOUT["planned_restart"], name: 1})
    (said,) = preflights([case])
    assert said.startswith(f"{name}: is no known variable; did you mean 'rollout_")


def test_a_log_is_held_against_the_folders_and_accounts_of_the_host(preflights: Preflights, tmp_path: Path) -> None:
    (tmp_path / "all").mkdir(mode=0o777)
    (tmp_path / "all").chmod(0o777)
    me = (tmp_path / "all").owner()

    def log(**given: Any) -> tuple[str, dict[str, Any]]:
        return "logrotate", {
            "logrotate_logs": [{"name": "shop", "reopens": True, "owner": me, "group": "adm", **given}]
        }

    anybody, nobody, sound = preflights(
        [
            log(paths=[f"{tmp_path}/all/*.log"]),
            log(paths=[f"{tmp_path}/*.log"], owner="shopkeeper", group="shopkeepers"),
            log(paths=[f"{tmp_path}/*.log", f"{tmp_path}/later/a.log"]),
        ],
    )
    assert anybody.startswith(f"{tmp_path}/all: anybody may write there")
    assert nobody.splitlines()[-2:] == [
        "logrotate_logs: there is no user shopkeeper; create it before its log is rotated",
        "logrotate_logs: there is no group shopkeepers; create it before its log is rotated",
    ]
    assert sound == ""


def test_text_from_the_command_line_is_taken_as_its_type(preflights: Preflights) -> None:
    """As `-e redis_max_clients=900` gives it, which Ansible's own check of arguments takes too."""
    given = {
        "redis_max_clients": "900",
        "redis_keys_without_ttl": "0.1",
        "redis_bind": "127.0.0.1,::1",
        "spot_drain_rebalance": "yes",
        "base_keepalive": "30s",
    }
    options = [option for name, value in given.items() for option in ("-e", f"{name}={value}")]
    assert preflights([("redis", {}), ("spot_drain", {}), ("base", {})], *options) == ["", "", ""]


def test_text_that_is_none_of_its_type_is_refused(preflights: Preflights) -> None:
    options = ["-e", "redis_max_clients=many", "-e", "redis_port=63799", "-e", "redis_keys_without_ttl=2"]
    assert preflights([("redis", {})], *options) == [
        "redis_max_clients: is text ('many'), not a whole number\n"
        "redis_keys_without_ttl: is 2; allowed is a share from 0 to 1"
    ]
