"""The program of planned restarts, against a Redis, hosts and an Alertmanager of the test's own."""

import http.server
import json
import signal
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flyball_host
import holds
import lease
import planned_restart
import pytest
from hypothesis import given
from hypothesis import strategies as st


class Redis(socketserver.ThreadingTCPServer):
    """What a lease needs of Redis: SET NX PX, GET, and the script that compares before it deletes."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.values: dict[str, tuple[str, float]] = {}
        self.lock = threading.Lock()

    def answer(self, words: list[str]) -> bytes:
        with self.lock:
            key = words[3] if words[0] == "EVAL" else words[1]
            value, lapses = self.values.get(key, ("", 0.0))
            held = lapses > time.monotonic()
            match words:
                case ["SET", _, token, "NX", "PX", milliseconds]:
                    if held:
                        return b"$-1\r\n"
                    self.values[key] = (token, time.monotonic() + int(milliseconds) / 1000)
                    return b"+OK\r\n"
                case ["GET", _]:
                    return b"$%d\r\n%s\r\n" % (len(value), value.encode()) if held else b"$-1\r\n"
                case ["EVAL", lease.RELEASE, "1", _, token]:
                    if not held or value != token:
                        return b":0\r\n"
                    del self.values[key]
                    return b":1\r\n"
                case _:
                    return b"-ERR unknown command\r\n"


class _Connection(socketserver.StreamRequestHandler):
    server: Redis  # pyright: ignore[reportIncompatibleVariableOverride]

    def handle(self) -> None:
        count = int(self.rfile.readline()[1:])
        words = [self.rfile.read(int(self.rfile.readline()[1:]) + 2)[:-2].decode() for _ in range(count)]
        self.wfile.write(self.server.answer(words))


class Web(http.server.ThreadingHTTPServer):
    """Answers every path with what `pages` says for it: a status and a body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Page)
        self.pages: dict[str, tuple[int, str]] = {}


class _Page(http.server.BaseHTTPRequestHandler):
    server: Web  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        status, body = self.server.pages.get(self.path, (404, ""))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


ALERTS = "/api/v2/alerts?active=true&silenced=false&inhibited=false"


class Bench:
    """One host of a group of three, on which two others are needed."""

    def __init__(self, redis: Redis, web: Web) -> None:
        self.redis, self.web = redis, web
        self.asked: list[str] = []
        self.wrong = ""
        web.pages |= {"/": (200, ""), "/app2": (200, ""), "/app3": (200, ""), "/app4": (200, ""), ALERTS: (200, "[]")}

    def systemctl(self, seconds: float, *words: str) -> str:
        self.asked.append(" ".join(words))
        return self.wrong

    def settings(self, **changed: Any) -> planned_restart.Settings:
        base = f"http://127.0.0.1:{self.web.server_address[1]}"
        values: dict[str, Any] = {
            "name": "app1",
            "group": "web",
            "units": ("shop.service", "queue.service"),
            "reboot": False,
            "prestop": 0.0,
            "drain": 0.0,
            "step": 5.0,
            "well": 0.0,
            "health": f"{base}/",
            "peers": (f"{base}/app2", f"{base}/app3", f"{base}/app4"),
            "need": 2,
            "alerts": base,
            "request": 5.0,
            "lease": {"address": "127.0.0.1", "port": self.redis.server_address[1], "key": "restart:web", "ttl": 60},
        }
        return planned_restart.Settings(**{**values, **changed})

    @property
    def holder(self) -> str:
        return self.redis.values.get("restart:web", ("", 0))[0].split(" ")[0]


def served(server: socketserver.TCPServer) -> threading.Thread:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    return thread


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with Redis() as redis, Web() as web:
        threads = [served(redis), served(web)]
        made = Bench(redis, web)
        for module, name, path in (
            (flyball_host, "MARK", "run/drain"),
            (flyball_host, "FREEZE", "freeze.json"),
            (flyball_host, "METRICS", "metrics"),
            (planned_restart, "STATE", "state.json"),
            (planned_restart, "RESUME", "resume"),
            (holds, "FOLDER", "run"),
        ):
            monkeypatch.setattr(module, name, tmp_path / path)
        monkeypatch.setattr(flyball_host, "systemctl", made.systemctl)
        monkeypatch.setattr(planned_restart, "BETWEEN", 0.0)
        yield made
        for server in (redis, web):
            server.shutdown()
        for thread in threads:
            thread.join()


def outcome() -> tuple[str, str]:
    state = json.loads(planned_restart.STATE.read_text())
    return state["outcome"], state["reason"]


def marks() -> list[str]:
    """Who has the host out of service, and why."""
    return [f"{holder.program}: {holder.why}".removesuffix(": ") for holder in flyball_host.marked()]


def taken() -> list[str]:
    """Who is changing its group."""
    return [holder.program for holder in holds.holders(holds.group_lock("web"))]


def failed_metric() -> bool:
    return "flyball_planned_restart_failed 1\n" in (flyball_host.METRICS / "planned-restart.prom").read_text()


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


BOOTS = {"earlier": "app1 b00 7", "other": "app9 b00 7"}
"""Runs as `this_run` names them: of this host before it was started last, and of another host."""


def interrupted(bench: Bench, monkeypatch: pytest.MonkeyPatch, *, marked: bool = True) -> planned_restart.Settings:
    """A run that had the host out when it lost its power, beside the playbook that had started it."""
    monkeypatch.setattr(flyball_host, "this_run", lambda: "app1 b01 7")
    path = holds.group_lock("web")
    holds.hold(path, holds.Holder("restart.yml", "ops@ctl1", "restarts", "1"))
    holds.hold(path, holds.Holder("planned restart", "app1", run=BOOTS["earlier"]), beside=lambda _: True)
    holds.hold(path, holds.Holder("planned restart", "app9", run=BOOTS["other"]), beside=lambda _: True)
    if marked:
        holds.hold(flyball_host.MARK, holds.Holder("planned restart", "app1", "under way", BOOTS["earlier"]))
    return bench.settings()


def test_a_run_that_went_down_with_its_host_gives_the_group_back_and_not_the_host(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = interrupted(bench, monkeypatch)
    assert planned_restart.main(settings, "--resume") == 0
    assert outcome() == (
        "failed",
        "the host went down in the midst of it; the host stays drained, and keeps the lock until its time is over",
    )
    assert [it.run for it in holds.holders(holds.group_lock("web"))] == ["1", BOOTS["other"]]
    assert (marks(), failed_metric()) == (["planned restart: the host went down in the midst of it"], True)
    said = planned_restart.STATE.read_text()
    assert planned_restart.main(settings, "--resume") == 0  # at the next boot there is nothing more to say
    assert (planned_restart.STATE.read_text(), len(marks())) == (said, 1)


def test_a_run_that_went_down_before_it_drained_anything_is_skipped(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = interrupted(bench, monkeypatch, marked=False)
    assert planned_restart.main(settings, "--resume") == 0
    assert outcome() == ("skipped", "the host went down before anything was restarted")
    assert (taken(), marks()) == (["restart.yml", "planned restart"], [])


def test_a_run_under_way_is_not_taken_for_one_of_an_earlier_boot(bench: Bench) -> None:
    holds.hold(holds.group_lock("web"), holds.Holder("planned restart", "app1", run=flyball_host.this_run()))
    assert planned_restart.main(bench.settings(), "--resume") == 0
    assert (taken(), planned_restart.STATE.exists()) == (["planned restart"], False)


def test_a_run_that_was_killed_gives_the_group_back_and_not_the_host(bench: Bench) -> None:
    """By systemd, or the kernel where memory is short; it had no time to say so."""
    run = flyball_host.this_run()
    holds.hold(holds.group_lock("web"), holds.Holder("planned restart", "app1", run=run))
    flyball_host.mark("planned restart", "under way")
    assert planned_restart.main(bench.settings(), "--ended") == 0
    assert outcome()[1].startswith("the program was killed in the midst of it; the host stays drained")
    assert (taken(), marks(), failed_metric()) == (
        [],
        ["planned restart: the program was killed in the midst of it"],
        True,
    )


@pytest.mark.parametrize("rebooting", [True, False])
def test_after_a_run_that_came_to_its_end_there_is_nothing_to_say(bench: Bench, rebooting: bool) -> None:
    handler = signal.getsignal(signal.SIGTERM)
    try:
        planned_restart.main(bench.settings(reboot=rebooting, well=5.0))
    finally:
        signal.signal(signal.SIGTERM, handler)
    before = outcome(), marks(), taken()
    assert planned_restart.main(bench.settings(), "--ended") == 0
    assert (outcome(), marks(), taken()) == before


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


class _OnIPv6(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6


def test_a_peer_of_ipv6_is_asked_where_it_is() -> None:
    """The address is no name with a port, also where none is said."""
    answers = type("Well", (http.server.BaseHTTPRequestHandler,), {"do_GET": _well, "log_message": lambda *_: None})
    with _OnIPv6(("::1", 0), answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert planned_restart.is_well(f"http://[::1]:{server.server_port}/flyball/health", 5.0)
        server.shutdown()
    with pytest.raises(OSError, match=r"http://\[::1\]/: \[Errno \d+\] Connection refused"):
        flyball_host.request("http://[::1]/", 5.0)


@pytest.mark.parametrize("url", ["http://fd00::b:80/flyball/health", "http://[fd00::b/", "http://a:b/"])
def test_what_is_no_url_is_not_well(url: str) -> None:
    """Else the program ends before it has said anything."""
    assert not planned_restart.is_well(url, 1.0)


def _well(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
