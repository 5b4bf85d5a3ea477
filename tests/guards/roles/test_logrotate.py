"""Rotation on hosts: limits that hold between two looks, and who lets go of the old file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.clean_up.retention import HOST_LOGS, MI, ROTATION_INTERVAL, FileLogs, rotation_interval
from flyball.guards.roles.logrotate import PRESETS, check_host, read


def problems(interval: str = "1h", **log: object) -> list[str]:
    known = {"name": "shop", "paths": ["/var/log/shop.log"], "reopens": True}
    return [str(p) for p in read({"logrotate_interval": interval, "logrotate_logs": [{**known, **log}]})[1]]


def test_the_defaults_are_those_of_hosts() -> None:
    rotation, found = read(
        {"logrotate_interval": "1h", "logrotate_logs": [{"name": "a", "paths": ["/a"], "reopens": True}]}
    )
    assert found == []
    assert rotation.interval == ROTATION_INTERVAL == 3_600_000
    assert rotation.logs[0].limits == HOST_LOGS == FileLogs(100 * MI, 7, 7, 1024 * MI)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_sound(preset: str) -> None:
    rotation, found = read({"logrotate_interval": "1h", "logrotate_logs": [{"name": preset, "preset": preset}]})
    assert found == []
    assert rotation.logs[0].mode == "0640"


@given(
    size=st.integers(1, 10**9),
    files=st.integers(1, 50),
    spare=st.integers(0, 10**12),
    rate=st.integers(1, 10**9),
)
def test_between_two_looks_the_volume_is_never_outgrown(size: int, files: int, spare: int, rate: int) -> None:
    logs = FileLogs(size=size, files=files, volume=size * (files + 1) + spare)
    if spare < rate:
        with pytest.raises(ValueError, match="hold no second of"):
            rotation_interval(logs, rate)
        return
    interval = rotation_interval(logs, rate)
    assert logs.held + rate * interval // 1000 <= logs.volume
    assert interval == ROTATION_INTERVAL or logs.held + rate * (interval + 1000) // 1000 > logs.volume


def test_a_rate_asks_for_a_shorter_interval() -> None:
    assert problems("4m", rate="1Mi") == [
        "logrotate_interval: in 4m shop grows by 240Mi, more than its volume of 1Gi has left; allowed is at most 3m44s"
    ]
    assert problems("3m44s", rate="1Mi") == []


def test_a_name_given_twice_is_refused() -> None:
    log = {"name": "shop", "reopens": True}
    logs = [{**log, "paths": ["/a"]}, {**log, "paths": ["/b"]}]
    _, found = read({"logrotate_interval": "1h", "logrotate_logs": logs})
    assert [str(p) for p in found] == ["logrotate_logs[1].name: 'shop' is also that of logrotate_logs[0]"]


def test_what_is_on_the_host_already_is_held_against_the_logs() -> None:
    rotation, _ = read({"logrotate_interval": "1h", "logrotate_logs": [{"name": "nginx", "preset": "nginx"}]})
    lines = [
        "644 /etc/logrotate.d/apt",
        "664 /etc/logrotate.d/shop",
        "/etc/logrotate.d/nginx:/var/log/nginx/*.log {",
        "/etc/logrotate.d/old:/var/log/old.log /var/log/nginx/*.log {",
    ]
    assert [str(p) for p in check_host(lines, rotation.logs)] == [
        "/etc/logrotate.d/shop: has mode 664, so logrotate ignores it; chmod 0644",
        "/etc/logrotate.d/old: already rotates /var/log/nginx/*.log; give 'nginx' the name 'old', or remove it",
    ]


def test_types_are_checked_before_anything_is_made_of_them() -> None:
    assert problems(files="7", mode=640) == [
        "logrotate_logs[0].files: is text ('7'), not a whole number",
        "logrotate_logs[0].mode: is the number 640, not text; quote it",
    ]
