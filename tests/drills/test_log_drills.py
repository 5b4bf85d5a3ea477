"""Each incident with the real log collector: the pipeline holds, and without it the damage shows."""

from typing import Any

import pytest

from flyball.drills.logs.pipeline import FAULTS
from flyball.drills.run import LOGS, run

pytestmark = [pytest.mark.collector, pytest.mark.long]
EXACT: dict[tuple[str, bool], dict[str, Any]] = {
    ("pipeline", True): {
        "lines_lost": 0,
        "lines_counted_as_lost": 0,
        "without_pod": 0,
        "secrets_out": 0,
        "beyond_told": 1,
    },
    # Whatever is lost, no counter moves.
    ("pipeline", False): {"lines_counted_as_lost": 0, "beyond_told": 0},
}
"""Figures that come out the same each time; all others depend on how fast the machine is."""
DAMAGE = {"pipeline": "lines_lost"}


@pytest.mark.parametrize("name", [drill.name for drill in LOGS.drills])
def test_drill(name: str) -> None:
    results = {result.guard: result for result in run([name], (True, False), print)}
    for guard, result in results.items():
        exact = EXACT[name, guard]
        assert {key: result.figures[key] for key in exact} == exact
        assert result.held is guard, result.figures
    assert results[False].figures[DAMAGE[name]] > 1_000
    # Without the guard none is put together: two records beside its first, each thousand lines.
    assert results[True].figures["traces_torn"] <= FAULTS < results[False].figures["traces_torn"]
    # What the kubelet deleted unread is lost with the guard too: that is why it is told before.
    assert results[True].figures["beyond_lost"] > 0
