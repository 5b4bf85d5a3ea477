"""The program of planned restarts, against a Redis, hosts and an Alertmanager of the tests' own."""

import signal
import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import flyball_host
import holds
import lease
import planned_restart
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.playbooks.restarts import ALERTS, Bench, Web, failed_metric, made, marks, outcome, taken

from flyball.lab.loopback import served


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with made(tmp_path, monkeypatch) as bench:
        yield bench


def test_all_is_done_in_order_and_given_back(bench: Bench) -> None:
    assert planned_restart.main(bench.settings(well=5.0)) == 0
    assert bench.asked == ["restart shop.service", "restart queue.service"]
    assert (outcome(), marks(), bench.holder, taken()) == (("done", ""), [], "", [])


@pytest.mark.parametrize(
    ("pages", "reason"),
    [
        ({"/": (503, "")}, "the host is not well itself"),
        ({"/app2": (503, ""), "/app3": (404, "")}, "2 others must be well, and 1 are; not well: 127.0.0.1, 127.0.0.1"),
        (
            {ALERTS: (200, '[{"labels": {"alertname": "Slow"}}, {"labels": {"alertname": "Full"}}]')},
            "fires: Full, Slow",
        ),
        ({ALERTS: (500, "")}, "Alertmanager answered 500, and no list of alerts"),
        ({ALERTS: (200, "<html>")}, "Alertmanager cannot be asked"),
        ({ALERTS: (200, "{}")}, "Alertmanager answered 200, and no list of alerts"),
    ],
)
def test_what_is_asked_beforehand_skips(bench: Bench, pages: dict[str, tuple[int, str]], reason: str) -> None:
    bench.web.pages |= pages
    assert planned_restart.main(bench.settings()) == planned_restart.SKIPPED
    assert outcome()[0] == "skipped"
    assert reason in outcome()[1]
    assert (bench.asked, marks(), bench.holder, taken()) == ([], [], "", [])


def test_one_of_three_others_may_be_unwell_where_two_are_needed(bench: Bench) -> None:
    bench.web.pages["/app3"] = (503, "")
    assert planned_restart.main(bench.settings(well=5.0)) == 0


def test_a_freeze_and_a_mark_of_somebody_else_skip_and_stay(bench: Bench) -> None:
    flyball_host.FREEZE.write_text("{}")
    planned_restart.main(bench.settings())
    assert outcome() == ("skipped", "the host is frozen")
    flyball_host.FREEZE.unlink()
    flyball_host.mark("spot notice", "terminate")
    planned_restart.main(bench.settings())
    assert outcome()[1].startswith("the host is drained already: by spot notice of ")
    assert marks() == ["spot notice: terminate"]


def test_a_run_that_has_the_group_skips_it_and_the_playbook_that_starts_it_does_not(bench: Bench) -> None:
    path = holds.group_lock("web")
    holds.hold(path, holds.Holder("roll.yml", "ops@ctl1", "shop=2", "1"))
    assert planned_restart.main(bench.settings(well=5.0)) == planned_restart.SKIPPED
    assert outcome()[1].startswith("the group is being changed by roll.yml of ops@ctl1 since ")
    assert (bench.asked, marks(), bench.holder, taken()) == ([], [], "", ["roll.yml"])
    holds.free(path, lambda _: True)
    holds.hold(path, holds.Holder("restart.yml", "ops@ctl1", "restarts", "1"))
    assert planned_restart.main(bench.settings(well=5.0)) == 0
    assert taken() == ["restart.yml"]


def test_another_holder_and_a_lock_that_cannot_be_asked_skip(bench: Bench) -> None:
    bench.redis.values["restart:web"] = ("app2 token", time.monotonic() + 60)
    planned_restart.main(bench.settings())
    assert outcome() == ("skipped", "app2 has the lock of the group")
    assert bench.holder == "app2"
    nobody = {**bench.settings().lease, "port": 9}
    planned_restart.main(bench.settings(lease=nobody))
    assert "the lock cannot be had" in outcome()[1]
    assert (bench.asked, marks(), taken()) == ([], [], [])


def test_a_lock_whose_holder_died_is_free_after_its_time(bench: Bench) -> None:
    bench.redis.values["restart:web"] = ("app2 token", time.monotonic() - 1)
    assert planned_restart.main(bench.settings(well=5.0)) == 0


@pytest.mark.parametrize(
    ("path", "meanwhile", "reason"),
    [
        ("/app2", (503, ""), "2 others must be well, and 1 are"),
        (ALERTS, (200, '[{"labels": {"alertname": "Slow"}}]'), "an alert fires: Slow"),
    ],
)
def test_what_happens_while_it_leaves_brings_it_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, path: str, meanwhile: tuple[int, str], reason: str
) -> None:
    """Two hosts that leave at the same moment, whatever the lock says: each sees the other's mark, and stays."""
    bench.web.pages["/app4"] = (503, "")
    monkeypatch.setattr(flyball_host, "pause", lambda _: bench.web.pages.update({path: meanwhile}))
    assert planned_restart.main(bench.settings()) == planned_restart.SKIPPED
    assert reason in outcome()[1]
    assert (bench.asked, marks(), bench.holder, taken()) == ([], [], "", [])


def test_a_lock_that_is_lost_meanwhile_brings_it_back_and_stays_with_its_new_holder(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ("app3 token", time.monotonic() + 60)
    monkeypatch.setattr(flyball_host, "pause", lambda _: bench.redis.values.update({"restart:web": other}))
    assert planned_restart.main(bench.settings()) == planned_restart.SKIPPED
    assert outcome() == ("skipped", "the lock was lost meanwhile")
    assert (bench.asked, marks(), bench.holder, taken()) == ([], [], "app3", [])


def test_a_failure_keeps_the_host_drained_and_the_lock_and_stays_in_the_metrics(bench: Bench) -> None:
    bench.wrong = "Job for shop.service failed."
    assert planned_restart.main(bench.settings()) == 1
    assert outcome()[1].startswith("shop.service did not restart: Job for shop.service failed.; the host stays drained")
    left = ["planned restart: shop.service did not restart: Job for shop.service failed."]
    assert (marks(), bench.holder, failed_metric(), taken()) == (left, "app1", True, [])
    assert planned_restart.main(bench.settings()) == planned_restart.SKIPPED
    assert failed_metric()
    flyball_host.MARK.unlink()
    bench.wrong = ""
    bench.redis.values.clear()
    assert planned_restart.main(bench.settings(well=5.0)) == 0
    assert not failed_metric()


def test_a_host_that_is_not_well_afterwards_is_a_failure(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(seconds: float, *words: str) -> str:
        bench.web.pages["/"] = (500, "")
        return ""

    monkeypatch.setattr(flyball_host, "systemctl", broken)
    assert planned_restart.main(bench.settings(well=0.3)) == 1
    assert "did not answer 200 within" in outcome()[1]
    assert (marks()[0].startswith("planned restart: http"), bench.holder) == (True, "app1")


def test_a_run_that_is_told_to_end_is_a_failure(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flyball_host, "systemctl", lambda *_: planned_restart.told_to_end())
    assert planned_restart.main(bench.settings()) == 1
    assert "took too long" in outcome()[1]
    assert marks() == ["planned restart: it took too long, or was told to end"]


def test_a_reboot_is_gone_on_with_after_it(bench: Bench) -> None:
    handler = signal.getsignal(signal.SIGTERM)
    try:
        assert planned_restart.main(bench.settings(reboot=True, units=())) == 0
    finally:
        signal.signal(signal.SIGTERM, handler)
    assert outcome()[0] == "rebooting"
    assert bench.asked == ["--no-block start reboot.target"]
    assert (marks(), bench.holder, taken()) == (["planned restart: under way"], "app1", ["planned restart"])
    assert planned_restart.main(bench.settings(well=5.0), "--resume") == 0
    assert (outcome()[0], marks(), bench.holder, taken()) == ("done", [], "", [])
    assert not planned_restart.RESUME.exists()


def test_a_mark_that_is_somebody_elses_too_stays(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def noticed(seconds: float, *words: str) -> str:
        flyball_host.mark("spot notice", "terminate", beside=True)
        return ""

    monkeypatch.setattr(flyball_host, "systemctl", noticed)
    assert planned_restart.main(bench.settings(well=5.0)) == 0
    assert marks() == ["spot notice: terminate"]


@given(st.binary(max_size=60))
def test_whatever_redis_says_is_a_reply_or_no_answer(reply: bytes) -> None:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1000)
            self.request.sendall(reply)

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        try:
            found = lease.ask("127.0.0.1", server.server_address[1], 5, "GET", "key")
        except OSError:
            found = None
        thread.join()
    assert found is None or reply[:1] in (b"+", b":", b"$")


def test_a_peer_of_ipv6_is_asked_where_it_is() -> None:
    """The address is no name with a port, also where none is said."""
    with served(Web("::1")) as server:
        server.pages["/flyball/health"] = (200, "")
        assert planned_restart.is_well(f"http://[::1]:{server.server_port}/flyball/health", 5.0)
    with pytest.raises(OSError, match=r"http://\[::1\]/: \[Errno \d+\] Connection refused"):
        flyball_host.request("http://[::1]/", 5.0)


@pytest.mark.parametrize("url", ["http://fd00::b:80/flyball/health", "http://[fd00::b/", "http://a:b/"])
def test_what_is_no_url_is_not_well(url: str) -> None:
    """Else the program ends before it has said anything."""
    assert not planned_restart.is_well(url, 1.0)
