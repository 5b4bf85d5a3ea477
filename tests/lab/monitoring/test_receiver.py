"""Who is told of alerts hears of each once, however often a message has it."""

import json
import urllib.request
from typing import Any

from flyball.lab.monitoring.receiver import Receiver, listening


def _alert(name: str, status: str = "firing") -> dict[str, Any]:
    labels = {"alertname": name, "severity": "page"}
    return {"status": status, "startsAt": "2026-01-02T03:04:05Z", "labels": labels, "annotations": {"summary": "it is"}}


def _send(receiver: Receiver, to: str, *alerts: dict[str, Any]) -> None:
    body = json.dumps({"alerts": alerts}).encode()
    with urllib.request.urlopen(urllib.request.Request(receiver.url(to), body), timeout=30) as answer:
        assert answer.status == 200


def test_each_alert_is_heard_once_when_it_begins_and_once_when_it_ends() -> None:
    with listening() as receiver:
        _send(receiver, "page", _alert("First"))
        _send(receiver, "page", _alert("First"), _alert("Second"))
        _send(receiver, "warning", _alert("First", "resolved"))
        found = [(notice.to, notice.labels["alertname"], notice.firing) for notice in receiver.notices]
        assert found == [("page", "First", True), ("page", "Second", True), ("warning", "First", False)]
        moments = [notice.moment for notice in receiver.notices]
        assert moments == sorted(moments)
        assert receiver.notices[0].annotations == {"summary": "it is"}
