"""The collector's configuration: each choice that loses lines where it is made otherwise, as the drill shows."""

import re
from typing import Any

import pytest

from flyball.collector.config import Node, configuration
from flyball.guards.clean_up.retention import MI
from flyball.guards.workload.pipeline import Pipeline, Target

FOUND = configuration(Pipeline(Target("https://logs.example:4318"), queue=64 * MI, redact=("a", "b$"), memory=256 * MI))
CONTAINERS, VOLUMES = (FOUND["receivers"][f"file_log/{kind}"] for kind in ("containers", "volumes"))
EXPORTER = FOUND["exporters"]["otlp_http"]


@pytest.mark.parametrize("receiver", [CONTAINERS, VOLUMES], ids=["containers", "volumes"])
def test_files_are_read_from_their_beginning_compressed_ones_too_and_the_place_is_kept(receiver: Any) -> None:
    wanted = {
        "start_at": "beginning",
        "compression": "auto",
        "storage": "file_storage/offsets",
        "max_log_size": MI,
        "retry_on_failure": {"enabled": True, "max_elapsed_time": "0s"},
    }
    assert receiver.items() >= wanted.items()


def test_files_of_containers_but_those_that_are_not_there_yet_and_the_collectors_own() -> None:
    assert CONTAINERS["include"] == ["/var/log/pods/*/*/*.log*"]
    assert CONTAINERS["exclude"] == ["/var/log/pods/*/*/*.tmp", "/var/log/pods/flyball-logs_*/*/*"]


def test_what_waits_is_on_the_disk_in_bytes_for_as_long_as_it_takes() -> None:
    queue = EXPORTER["sending_queue"]
    assert (queue["storage"], queue["sizer"], queue["queue_size"]) == ("file_storage/queue", "bytes", 64 * MI)
    assert queue["block_on_overflow"] is True
    assert EXPORTER["retry_on_failure"]["max_elapsed_time"] == "0s"
    assert {each["directory"] for name, each in FOUND["extensions"].items() if name.startswith("file_storage")} == {
        "/var/lib/flyball-logs/offsets",
        "/var/lib/flyball-logs/queue",
    }


def test_the_memory_limiter_comes_first() -> None:
    assert FOUND["service"]["pipelines"]["logs"]["processors"][0] == "memory_limiter"
    # 75 % of 256 MiB, and 60 %.
    assert FOUND["processors"]["memory_limiter"] == {"check_interval": "1s", "limit_mib": 192, "spike_limit_mib": 39}


@pytest.mark.parametrize("receiver", [CONTAINERS, VOLUMES], ids=["containers", "volumes"])
def test_what_is_secret_is_replaced_before_anything_is_kept_and_no_variable(receiver: Any) -> None:
    found = [each for each in receiver["operators"] if each["id"].startswith("redact")]
    assert [(each["regex"], each["field"], each["replace_with"]) for each in found] == [
        ("a", "body", "[redacted]"),
        ("b$$", "body", "[redacted]"),
    ]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Exception in thread main", True),
        ("Cause of death", True),
        ("C", True),
        ("Caused", True),
        ("Caused by:", True),
        ("", True),
        (" one space", True),
        (" ", True),
        ("\tat org.example.Main", False),
        ("  File main.py", False),
        ("    at main.js", False),
        ("Caused by: another", False),
    ],
)
def test_lines_that_begin_a_new_one(text: str, first: bool) -> None:
    for receiver, prefix in ((CONTAINERS, "2028-01-03T04:05:06.7Z stderr F "), (VOLUMES, "")):
        pattern = receiver["multiline"]["line_start_pattern"].replace("$$", "$")
        assert bool(re.match(f"(?m:{pattern})", f"{prefix}{text}\nnext")) is first
        # What matched must not reach into the next line: the collector would take both for one.
        found = re.match(f"(?m:{pattern})", f"{prefix}{text}\nnext")
        assert found is None or "\n" not in found.group()


@pytest.mark.parametrize("suffix", ["", ".20280103-040506", ".20280103-040506.gz"])
def test_rotated_files_too_are_of_their_pod(suffix: str) -> None:
    [parser] = [each for each in CONTAINERS["operators"] if each["id"] == "path"]
    found = re.search(parser["regex"].replace("$$", "$"), f"/var/log/pods/shop_web-7f9c-x2_1b2c/app/3.log{suffix}")
    assert found
    assert found.groupdict() == {"namespace": "shop", "pod": "web-7f9c-x2", "uid": "1b2c", "container": "app"}


@pytest.mark.parametrize("name", ["access.log", "access.log.1", "access.log.2.gz"])
def test_files_of_volumes_are_of_their_pods_uid(name: str) -> None:
    [parser] = [each for each in VOLUMES["operators"] if each["id"] == "path"]
    path = f"/var/lib/kubelet/pods/1b2c-3d/volumes/kubernetes.io~empty-dir/logs/{name}"
    found = re.search(parser["regex"].replace("$$", "$"), path)
    assert found
    assert found.groupdict() == {"uid": "1b2c-3d", "file": name}


def test_targets() -> None:
    assert EXPORTER["endpoint"] == "https://logs.example:4318"
    logstash = configuration(Pipeline(Target("https://logs.example:8080/in", logstash=True, secret="token")))
    found = logstash["exporters"]["otlp_http"]
    assert (found["logs_endpoint"], found["encoding"]) == ("https://logs.example:8080/in", "json")
    assert found["headers"] == {"Authorization": "Bearer ${env:FLYBALL_LOGS_TOKEN}"}


def test_a_node_of_another_layout() -> None:
    found = configuration(Pipeline(Target("http://127.0.0.1:4318")), Node("/a", "/b", "/c", "127.0.0.1", 1, 2))
    assert found["receivers"]["file_log/containers"]["include"] == ["/a/*/*/*.log*"]
    assert found["receivers"]["file_log/volumes"]["include"] == ["/b/*/volumes/kubernetes.io~empty-dir/logs/*"]
    assert found["extensions"]["health_check"] == {"endpoint": "127.0.0.1:2"}
    assert found["service"]["telemetry"]["metrics"]["readers"] == [
        {"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": 1}}}}
    ]
