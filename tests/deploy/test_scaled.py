"""Until KEDA scales what was applied: what is waited for, and what is said where it does not."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.kubernetes.programs import of_set

from flyball.deploy import scaled
from flyball.deploy.rollout import RolloutError
from flyball.kubectl import Played

NIGHT = {"schedule": {"windows": [{"start": "0 22 * * *", "end": "0 6 * * *", "peak": 20}]}}


class Keda(Played):
    """A cluster that has ScaledObjects with these conditions, one answer after another; the last one stays."""

    def __init__(self, *answers: dict[str, Sequence[dict[str, str]]]) -> None:
        super().__init__(Path("kubectl"), None)
        self.asked: list[str] = []
        self.answers_left = list(answers)

    def run(self, *arguments: str, **_: Any) -> str:
        self.asked.append(" ".join(arguments))
        answer = self.answers_left.pop(0) if len(self.answers_left) > 1 else self.answers_left[0]
        items = [{"metadata": {"name": name}, "status": {"conditions": found}} for name, found in answer.items()]
        return json.dumps({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObjectList", "items": items})


READY = [{"type": "Ready", "status": "True"}]
UNSEEN = [{"type": "Ready", "status": "Unknown"}]
REFUSED = [{"type": "Ready", "status": "False", "message": "no such trigger"}]


def test_it_waits_until_keda_scales_each_and_says_so_once() -> None:
    found, said = of_set(web=NIGHT, cart=NIGHT, plain={}), []
    cluster = Keda({"web": READY}, {"web": READY, "cart": UNSEEN}, {"web": READY, "cart": READY})
    scaled.wait(cluster, found, said.append)
    assert cluster.asked == ["get --raw=/apis/keda.sh/v1alpha1/namespaces/default/scaledobjects"] * 3
    assert said == ["waiting for KEDA, which does not scale yet: default/cart"]


def test_what_keda_scales_already_is_looked_at_once_without_a_word() -> None:
    said: list[str] = []
    cluster = Keda({"web": READY})
    scaled.wait(cluster, of_set(web=NIGHT), said.append)
    assert (len(cluster.asked), said) == (1, [])


def test_a_stack_without_schedules_asks_nothing() -> None:
    cluster = Keda({})
    scaled.wait(cluster, of_set(web={}), pytest.fail)
    assert cluster.asked == []


def test_what_is_not_scaled_in_time_is_named_with_what_keda_says() -> None:
    cluster = Keda({"cart": REFUSED, "web": UNSEEN})
    with pytest.raises(RolloutError) as error:
        scaled.wait(cluster, of_set(web=NIGHT, cart=NIGHT, gone=NIGHT), lambda line: None, limit=0)
    assert str(error.value).splitlines() == [
        "scaledobject default/cart is not scaled by KEDA after 0 s: no such trigger",
        "scaledobject default/gone is not scaled by KEDA after 0 s: KEDA has not looked at it; does its operator run?",
        "scaledobject default/web is not scaled by KEDA after 0 s: KEDA has not looked at it; does its operator run?",
    ]
