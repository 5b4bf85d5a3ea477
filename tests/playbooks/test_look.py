"""The module `flyball.guards.look`: what a host really does, from its own answers."""

import http.server
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import holds
import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.flyball.guards.plugins.modules import look
from flyball.lab.loopback import served


class _Page(http.server.BaseHTTPRequestHandler):
    """Answers each path with the status that it names."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.partition("?")[0][1:]))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def origin() -> Iterator[str]:
    with served(http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page)) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}"


def ask(capsys: pytest.CaptureFixture[str], **arguments: Any) -> dict[str, Any]:
    """What the module answers."""
    with patch_module_args({"group": "web", **arguments}), pytest.raises(SystemExit):
        look.main()
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_all_urls_must_answer_with_success_or_a_redirect(origin: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(capsys, urls=[f"{origin}/200", f"{origin}/302", f"{origin}/204?a=b"])["unwell"] == ""
    assert (
        ask(capsys, urls=[f"{origin}/200", f"{origin}/503", f"{origin}/500"])["unwell"] == f"{origin}/503 answers 503"
    )
    assert ask(capsys, urls=["http://127.0.0.1:9/"])["unwell"].startswith("http://127.0.0.1:9/: ")
    assert ask(capsys)["unwell"] == ""


def test_who_holds_the_host_and_its_group_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(holds, "FOLDER", tmp_path)
    monkeypatch.setattr(holds, "DRAIN", tmp_path / "drain")
    monkeypatch.setattr(look, "holds", holds)
    holder = holds.Holder("roll.yml", "ops@ctl1", "shop=2", "1")
    holds.hold(holds.DRAIN, holder)
    holds.hold(holds.group_lock("web"), holder)
    holds.hold(holds.group_lock("cache"), holds.Holder("drain.yml", run="2"))
    found = ask(capsys)
    for what in ("drained", "taken"):
        ((held),) = found[what]
        assert held.pop("since") > 0
        assert held.pop("text").startswith("by roll.yml of ops@ctl1 since ")
        assert held == {"program": "roll.yml", "who": "ops@ctl1", "why": "shop=2", "run": "1"}
    assert not found["changed"]
