"""Rules ask for nothing that nobody gives: names and labels are those that kube-state-metrics publishes."""

import re

import pytest
from tests.alerts.cases import ENTRIES

from flyball.lab.monitoring import published

_ASKED = re.compile(r"\b(kube_[a-z0-9_]+)(?:\{([^}]*)\})?")
_MATCHED = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)(?:=~|!~|!=|=)"')
ASKED = sorted({(found[1], found[2] or "") for entry in ENTRIES for found in _ASKED.finditer(entry.expr)})


@pytest.mark.parametrize(("name", "matchers"), ASKED)
def test_a_metric_and_its_labels_are_published(name: str, matchers: str) -> None:
    known = {**published.METRICS, **published.NOT_GIVEN}
    assert name in known, f"see https://github.com/kubernetes/kube-state-metrics for {name}"
    own = {published.label(key) for key in published.NODE_LABELS} if name == "kube_node_labels" else set[str]()
    assert set(_MATCHED.findall(matchers)) <= {*known[name], *own}
