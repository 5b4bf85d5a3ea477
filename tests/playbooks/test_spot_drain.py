"""The watcher of spot notices, against a metadata server that speaks the real protocol, and one that does not."""

import datetime
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import flyball_host
import pytest
import spot_drain
from hypothesis import given
from hypothesis import strategies as st

from flyball.lab.hosts.ec2_metadata import Metadata
from flyball.lab.loopback import served

NOTICED = ["spot notice: terminate"]
FAULTS = ("500", "401", "garbage", "hang", "trickle")


class Bench:
    """A host's places in a folder, its systemd as a list of what was asked of it, and its metadata."""

    def __init__(self, folder: Path, metadata: Metadata) -> None:
        self.folder = folder
        self.metadata = metadata
        self.asked: list[str] = []
        self.stubborn: set[str] = set()
        self.command_line = ""
        """What goes wrong with the AWS command line."""
        self.paused = 0.0

    def systemctl(self, seconds: float, *words: str) -> str:
        self.asked.append(" ".join(words))
        return f"not done in {seconds:.0f} s" if words[0] == "stop" and words[1] in self.stubborn else ""

    def pause(self, seconds: float) -> None:
        self.paused += max(seconds, 0.0)

    def command(self, seconds: float, *words: str) -> str:
        self.asked.append(" ".join(words))
        if self.command_line == "none":
            raise FileNotFoundError(2, "No such file or directory", words[0])
        return self.command_line

    def watcher(self, rebalance: bool = False, token_ttl: int = 60, group: str = "") -> spot_drain.Watcher:
        units = (("shop.service", 5.0), ("queue.service", 3.0))
        of_group = (group, "termination", "eu-central-1") if group else ()
        settings = spot_drain.Settings(
            self.metadata.endpoint, 5.0, 20.0, token_ttl, rebalance, 4.0, 8.0, units, *of_group
        )
        return spot_drain.Watcher(settings, spot_drain.Metadata(settings))

    def say(self, name: str, text: str) -> None:
        (self.folder / "metadata" / name).write_text(text)

    def notice(self, seconds: float = 120, action: str = "terminate") -> None:
        at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
        self.say("instance-action", json.dumps({"action": action, "time": at.strftime("%Y-%m-%dT%H:%M:%SZ")}))

    def metric(self, name: str) -> float:
        lines = (self.folder / "metrics/spot-drain.prom").read_text().splitlines()
        return float(dict(line.split() for line in lines)[f"flyball_spot_{name}"])


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    (tmp_path / "metadata").mkdir()
    with served(Metadata(tmp_path / "metadata", 0)) as metadata:
        made = Bench(tmp_path, metadata)
        monkeypatch.setattr(flyball_host, "MARK", tmp_path / "run/drain")
        monkeypatch.setattr(flyball_host, "BOOT", tmp_path / "boot_id")
        flyball_host.BOOT.write_text("first\n")
        monkeypatch.setattr(flyball_host, "FREEZE", tmp_path / "freeze.json")
        monkeypatch.setattr(flyball_host, "METRICS", tmp_path / "metrics")
        monkeypatch.setattr(flyball_host, "systemctl", made.systemctl)
        monkeypatch.setattr(flyball_host, "command", made.command)
        monkeypatch.setattr(flyball_host, "pause", made.pause)
        # A proxy from the environment would be asked for the metadata of another machine: it must never be.
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        yield made
        (tmp_path / "metadata/fault").unlink(missing_ok=True)


def marks() -> list[str]:
    """Who has the host out of service, and why."""
    return [f"{holder.program}: {holder.why}".removesuffix(": ") for holder in flyball_host.marked()]


def since(seconds: float) -> None:
    """Let the marks be as old as that."""
    held = [asdict(replace(holder, since=seconds)) for holder in flyball_host.marked()]
    flyball_host.MARK.write_text(json.dumps({"holders": held}))


def test_without_a_notice_nothing_happens(bench: Bench) -> None:
    bench.watcher().look()
    assert (marks(), bench.asked) == ([], [])
    assert (bench.metric("notice"), bench.metric("metadata_up")) == (0, 1)
    assert bench.metadata.requests == ["PUT", "GET", "GET"]


def test_a_notice_drains_waits_and_stops_the_units_in_order(bench: Bench) -> None:
    bench.notice()
    watcher = bench.watcher()
    watcher.look()
    assert marks() == NOTICED
    assert bench.asked == ["stop shop.service", "stop queue.service"]
    assert bench.paused == pytest.approx(12, abs=1)
    assert bench.metric("notice") == 1
    watcher.look()
    assert len(bench.asked) == 2  # once


def test_a_unit_that_does_not_stop_is_killed_and_the_next_one_stopped(bench: Bench) -> None:
    bench.notice()
    bench.stubborn.add("shop.service")
    bench.watcher().look()
    assert bench.asked == ["stop shop.service", "kill --signal=SIGKILL shop.service", "stop queue.service"]
    assert bench.metric("units_killed") == 1


def test_less_time_than_the_plan_shortens_each_part_of_it(bench: Bench) -> None:
    bench.notice(seconds=11)  # of the 20 s that the plan takes
    bench.watcher().look()
    assert 4.9 < bench.paused < 6.7
    assert len(bench.asked) == 2


@pytest.mark.parametrize(
    "notice", ['{"action": "stop"}', '{"action": "stop", "time": "soon"}', '{"action": "stop", "time": 7}']
)
def test_a_notice_without_a_time_is_a_notice(bench: Bench, notice: str) -> None:
    bench.say("instance-action", notice)
    bench.watcher().look()
    assert bench.paused == pytest.approx(12, abs=1)


def test_a_host_that_is_drained_already_waits_no_longer_than_it_must(bench: Bench) -> None:
    flyball_host.mark("rebalance recommendation")
    since(time.time() - 9)
    bench.notice()
    bench.watcher().look()
    assert bench.paused == pytest.approx(3, abs=1)


def test_the_notice_goes_beside_whatever_else_has_the_host_out(bench: Bench) -> None:
    flyball_host.mark("planned restart", "under way")
    since(1000.0)
    bench.notice()
    bench.watcher().look()
    assert marks() == ["planned restart: under way", *NOTICED]
    assert [holder.since == 1000 for holder in flyball_host.marked()] == [True, False]


@pytest.mark.parametrize("trouble", [False, True])
def test_after_a_start_of_the_machine_its_own_marks_go_and_no_others(bench: Bench, trouble: bool) -> None:
    flyball_host.mark("drain.yml", "a new disk")
    bench.notice(action="stop")
    bench.watcher().look()
    (bench.folder / "metadata/instance-action").unlink()
    bench.watcher().look()
    # The watcher alone was started anew: the machine may be about to go all the same.
    assert marks() == ["drain.yml: a new disk", "spot notice: stop"]
    flyball_host.BOOT.write_text("second\n")
    if trouble:
        bench.say("fault", "500")
    bench.watcher().look()
    assert marks() == ["drain.yml: a new disk", *(["spot notice: stop"] if trouble else [])]


def test_whoever_undrains_a_host_that_goes_does_so_in_vain(bench: Bench) -> None:
    bench.notice()
    watcher = bench.watcher()
    watcher.look()
    flyball_host.MARK.unlink()
    watcher.look()
    assert marks() == NOTICED


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_server_is_survived_and_the_notice_after_it_seen(bench: Bench, fault: str) -> None:
    watcher = bench.watcher()
    watcher.look()
    bench.notice()
    bench.say("fault", fault)
    patient = watcher.metadata.settings
    watcher.metadata.settings = replace(patient, request=0.3)
    watcher.look()  # where the server hangs or trickles, it goes on for as long as the fault is there
    assert (bench.metric("metadata_up"), marks(), bench.asked) == (0, [], [])
    (bench.folder / "metadata/fault").unlink()
    watcher.metadata.settings = patient
    watcher.look()
    assert (bench.metric("metadata_up"), marks()) == (1, NOTICED)


def test_no_server_at_all_is_survived(bench: Bench) -> None:
    watcher = bench.watcher()
    watcher.metadata.settings = spot_drain.Settings("http://127.0.0.1:9", 5, 0.3, 60, False, 4, 8, ())
    watcher.look()
    assert (bench.metric("metadata_up"), marks()) == (0, [])


@pytest.mark.parametrize("text", ["<html>hello</html>", "[]", '{"action": 7}', '{"action": ""}', "null", "\x00"])
def test_what_is_no_notice_drains_nothing(bench: Bench, text: str) -> None:
    bench.say("instance-action", text)
    bench.watcher().look()
    assert (marks(), bench.asked, bench.metric("metadata_up")) == ([], [], 0)


def test_a_token_that_has_lapsed_is_replaced_within_the_same_look(bench: Bench) -> None:
    watcher = bench.watcher()
    watcher.look()
    bench.metadata.tokens.clear()
    bench.notice()
    watcher.look()
    assert marks() == NOTICED
    assert bench.metadata.requests == ["PUT", "GET", "GET", "GET", "PUT", "GET"]


def test_a_token_lives_as_long_as_was_asked_for(bench: Bench) -> None:
    metadata = spot_drain.Metadata(bench.watcher(token_ttl=1).settings)
    assert metadata.get(spot_drain.ACTION) is None
    first = metadata.token
    time.sleep(1.1)
    assert metadata.get(spot_drain.ACTION) is None
    assert metadata.token != first


def test_without_a_token_and_with_a_wrong_time_to_live_there_is_no_answer(bench: Bench) -> None:
    url = bench.metadata.endpoint + spot_drain.ACTION
    assert flyball_host.request(url, 2).status == 401
    for ttl in ("", "0", "21601", "x"):
        headers = {"X-aws-ec2-metadata-token-ttl-seconds": ttl}
        token = bench.metadata.endpoint + spot_drain.TOKEN
        assert flyball_host.request(token, 2, "PUT", headers).status == 400


def test_a_recommendation_is_acted_on_only_where_that_is_set_and_stops_nothing(bench: Bench) -> None:
    bench.say("rebalance", '{"noticeTime": "2026-03-01T12:00:00Z"}')
    bench.watcher().look()
    assert (marks(), bench.metric("rebalance")) == ([], 1)
    bench.watcher(rebalance=True).look()
    assert (marks(), bench.asked) == (["rebalance recommendation"], [])


def test_a_frozen_host_leaves_a_recommendation_alone_and_never_a_notice(bench: Bench) -> None:
    flyball_host.FREEZE.write_text("{}")
    bench.say("rebalance", '{"noticeTime": "2026-03-01T12:00:00Z"}')
    watcher = bench.watcher(rebalance=True)
    watcher.look()
    assert marks() == []
    bench.notice()
    watcher.look()
    assert marks() == NOTICED


STOPS = ["stop shop.service", "stop queue.service"]
COMPLETE = (
    "aws autoscaling complete-lifecycle-action --region eu-central-1 --auto-scaling-group-name web-1"
    " --lifecycle-hook-name termination --instance-id i-0a1b2c3d --lifecycle-action-result CONTINUE"
)


def test_what_its_group_takes_out_leaves_in_order_and_tells_the_group(bench: Bench) -> None:
    bench.say("target-lifecycle-state", "Terminated")
    bench.say("instance-id", "i-0a1b2c3d")
    watcher = bench.watcher(group="web-1")
    watcher.look()
    assert (marks(), bench.asked) == (["termination: of its group"], [*STOPS, COMPLETE])
    assert bench.paused == pytest.approx(12, abs=1)
    assert (bench.metric("termination"), bench.metric("notice")) == (1, 0)
    watcher.look()
    assert (marks(), len(bench.asked)) == (["termination: of its group"], 3)  # once


@pytest.mark.parametrize("state", ["InService", "Standby", "Detached", "Warmed:Stopped", "", "terminated"])
def test_any_other_state_of_its_life_is_no_reason_to_go(bench: Bench, state: str) -> None:
    bench.say("target-lifecycle-state", state)
    bench.watcher(group="web-1").look()
    assert (marks(), bench.asked, bench.metric("metadata_up")) == ([], [], 1)


def test_who_is_of_no_group_is_not_asked_for_its_state(bench: Bench) -> None:
    bench.say("target-lifecycle-state", "Terminated")
    bench.watcher().look()
    assert (marks(), bench.asked, bench.metadata.requests) == ([], [], ["PUT", "GET", "GET"])


def test_after_a_spot_notice_the_group_is_told_once_it_takes_the_host_out(bench: Bench) -> None:
    bench.notice()
    bench.say("target-lifecycle-state", "InService")
    bench.say("instance-id", "i-0a1b2c3d")
    watcher = bench.watcher(group="web-1")
    watcher.look()
    assert (marks(), bench.asked) == (NOTICED, STOPS)
    bench.say("target-lifecycle-state", "Terminated")
    watcher.look()
    assert (marks(), bench.asked) == (NOTICED, [*STOPS, COMPLETE])


@pytest.mark.parametrize("wrong", ["none", "An error occurred (Throttling)"])
def test_a_group_that_could_not_be_told_is_told_again(bench: Bench, wrong: str) -> None:
    bench.say("target-lifecycle-state", "Terminated")
    bench.say("instance-id", "i-0a1b2c3d")
    bench.command_line = wrong
    watcher = bench.watcher(group="web-1")
    watcher.look()
    assert bench.metric("metadata_up") == 1
    bench.command_line = ""
    watcher.look()
    watcher.look()
    assert bench.asked == [*STOPS, COMPLETE, COMPLETE]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_notice_or_refused(body: bytes) -> None:
    try:
        assert spot_drain.read_notice(body, 0).action.isalpha()
    except ValueError:
        return


@given(st.integers(-(10**6), 10**6))
def test_what_is_left_is_never_negative(seconds: int) -> None:
    now = 1_700_000_000
    at = datetime.datetime.fromtimestamp(now + seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    notice = spot_drain.read_notice(json.dumps({"action": "terminate", "time": at}).encode(), now)
    assert notice.left == (seconds if seconds > 0 else None)
