"""What is one is said as one: a client, a rule, a host; of two and more the plural."""

import re
from pathlib import Path

import pytest

from flyball.guards.alerting.objectives import Objective
from flyball.guards.governor.envelope import envelope
from flyball.guards.headroom.batches import batches
from flyball.guards.headroom.members import Members, check_load
from flyball.guards.reading.problem import Broken
from flyball.guards.reading.units import show_count
from flyball.guards.roles.playbooks import check_taken
from flyball.stack.plan import Held
from flyball.stack.pools import Bought

BROKEN = Path(__file__).parent / "broken"
ONE = re.compile(r"(?<![-.,:\w])1 (?!(?:is|as|has|was|less)\b)(?:are\b|[a-z]+s\b)")
"""`1 clients`, `1 are`."""
HELD = {"cache": "keys", "memory": 2**30, "maxmemory": 2**29, "ttl": 60, "survives": None}


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 clients"), (1, "1 client"), (2, "2 clients"), (1500, "1500 clients")]
)
def test_a_count_with_what_it_counts(count: int, said: str) -> None:
    assert show_count(count, "client") == said


def test_what_a_plan_says_of_one() -> None:
    assert "for 1 client, and" in str(Held(**HELD, clients=1))
    assert "for 2 clients, and" in str(Held(**HELD, clients=2))
    assert str(Bought("spot", 1, "1", "4Gi")).startswith("pool spot: at most 1 node of 1 processor and 4Gi, which")
    assert str(Bought("spot", 2, "7.5", "4Gi")).startswith(
        "pool spot: at most 2 nodes of 7.5 processors and 4Gi, which"
    )
    assert str(Objective(99.9, 1)) == "99.9 % of at least 1 request an hour"


def test_what_a_rule_says_of_one() -> None:
    with pytest.raises(Broken, match=r"^1 replica is proven, which allows a ceiling of 1, below the floor of 2$"):
        envelope(2, proven=1)
    with pytest.raises(Broken, match=r"^a ceiling of 3 is beyond the envelope: 1 replica is proven, which allows 1$"):
        envelope(1, proven=1, ceiling=3)
    with pytest.raises(Broken, match=r"^the peak needs 1 host and there is 1: none can be taken out$"):
        batches(1, 1)
    assert [each.message for each in check_load(Members(3, 2), 300, 100, 1.0, 3, ())] == [
        "the peak needs 3 members that carry it, and 2 are left after a loss"
    ]
    [said] = check_taken({"app1": None}, 1, "override")
    assert said.startswith("0 of 1 host of the group answer, and")
    assert [each.message for each in check_load(Members(2, 2), 200, 100, 1.0, None, ())] == [
        "the peak needs 2 members that carry it, and 1 is left after a loss"
    ]


def test_no_broken_rule_says_one_in_the_plural() -> None:
    files = sorted(BROKEN.glob("*.txt"))
    assert files
    assert [(file.stem, ONE.findall(file.read_text(encoding="utf-8"))) for file in files] == [
        (file.stem, []) for file in files
    ]
