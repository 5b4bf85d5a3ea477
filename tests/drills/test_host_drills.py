"""Each incident on real hosts: the role holds, and without it the damage shows."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from flyball.drills.hosts import cache_flood, log_server_dead, revived, watched_cache
from flyball.drills.hosts.drill import shared
from flyball.drills.run import HOSTS, run

EXACT: dict[tuple[str, bool], dict[str, Any]] = {
    ("revived", True): {"servers_terminated": 0, "scaler_running": 0, "upgraded": 1},
    ("revived", False): {"servers_terminated": revived.SERVERS, "scaler_running": 1, "upgraded": 1},
    ("log-storm", True): {"lines_lost": 0},
    ("log-storm", False): {"disk_used_percent": 100, "files_rotated": 0},
    ("log-storm-pod", True): {"lines_lost": 0, "requests_failed": 0, "rotation_ran": 1},
    # 64 MiB hold as many lines of 512 bytes, and nginx goes on answering while it loses the others.
    ("log-storm-pod", False): {"volume_used_percent": 100, "requests_failed": 0, "rotation_ran": 0},
    ("rotation", True): {"lines_lost": 0, "service_runs": 1, "people_told": 1},
    ("rotation", False): {"service_runs": 0, "people_told": 0},
    ("log-server-dead", True): {"lines_lost": 0, "lines_local": log_server_dead.LINES},
    ("log-server-dead", False): {},
    ("cache-flood", True): {"writes_done": cache_flood.VALUES, "writes_refused": 0, "died": 0},
    ("cache-flood", False): {"evicted": 0},
    ("cache-flood-pod", True): {"writes_refused": 0, "over_limit_mib": 0},
    ("cache-flood-pod", False): {"writes_refused": 0, "clients_evicted": 0},
    ("cache-setting", True): {"caches_changed": 3, "caches_emptied": 0, "backend_requests": 0},
    ("cache-setting", False): {"caches_changed": 3, "caches_emptied": 3},
    ("rollout", True): {"lost_in_bad_release": 0, "hosts_with_bad_release": 1},
    ("rollout", False): {"hosts_with_bad_release": 3},
    ("colliding-changes", True): {"fewest_serving": 2, "requests_lost": 0, "changes_done": 1},
    ("colliding-changes", False): {"changes_done": 2},
    ("spot-notice", True): {"requests_lost": 0, "stopped_in_time": 1},
    ("spot-notice", False): {"stopped_in_time": 0},
    ("planned-restarts", True): {"requests_lost": 0, "restarts_while_dead": 0},
    ("planned-restarts", False): {"restarts_while_dead": 2, "restarts_when_back": 3},
}
"""Figures that come out the same each time; all others depend on how fast the machine is."""
DAMAGE = {
    "revived": "servers_terminated",
    "log-storm": "lines_lost",
    "log-storm-pod": "lines_lost",
    "rotation": "lines_lost",
    "log-server-dead": "lines_lost",
    "cache-flood": "writes_refused",
    "cache-flood-pod": "over_limit_mib",
    "cache-setting": "backend_requests",
    "rollout": "requests_lost",
    "colliding-changes": "requests_lost",
    "spot-notice": "requests_lost",
    "planned-restarts": "requests_lost",
}
TOLD = {"cache-flood-pod": ["CacheEvicting"]}
"""With the guard people are told of this, and of nothing else that comes within a drill (`watched_cache.LONGER`)."""
TOLD_WITHOUT = {"cache-flood-pod": ({"CacheClientsUnread"}, {"CacheEvicting", "CacheMemoryHigh"})}
"""Without it of these, and perhaps of those: how long keys go and memory is above its limit depends on the machine."""


def in_groups() -> Iterator[Any]:
    """Drills that begin with the same hosts run in one worker, and each of the others for itself."""
    for drill in HOSTS.drills:
        together = [pytest.mark.xdist_group(name=f"drills-{drill.set_up.__module__}")] if drill.set_up else []
        yield pytest.param(drill.name, marks=together)


@pytest.fixture
def set_up_once(at_group_end: ExitStack) -> None:
    """What drills of a group begin with is set up once for all of them."""
    at_group_end.enter_context(shared())


@pytest.mark.hosts
@pytest.mark.usefixtures("set_up_once")
@pytest.mark.parametrize("name", [*in_groups()])
def test_drill(name: str) -> None:
    results = {result.guard: result for result in run([name], (True, False), print)}
    for guard, result in results.items():
        exact = EXACT[name, guard]
        assert {key: result.figures[key] for key in exact} == exact
        assert result.held is guard
    assert results[False].figures[DAMAGE[name]] > 0
    if name in TOLD:
        told = {guard: [each.alert for each in result.told] for guard, result in results.items()}
        assert [alert for alert in told[True] if alert not in watched_cache.LONGER] == TOLD[name]
        always, perhaps = TOLD_WITHOUT[name]
        assert always <= set(told[False]) <= {*always, *perhaps, *watched_cache.LONGER}
