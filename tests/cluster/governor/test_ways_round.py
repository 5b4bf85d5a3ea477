"""Every way round, for a person, a service account, and a person with the right to override."""

import pytest
from tests.cluster.governor.api import Api
from tests.cluster.governor.ways import Outcome, Way
from tests.cluster.governor.world import CACHE, MEMBERS, SIZES, Target, ready_replicas
from tests.cluster.governor.write_ways_round import OPEN_TO_ALL

pytestmark = pytest.mark.cluster
WAYS = [pytest.param(way, id=f"{chapter.title}: {way.name}") for chapter in OPEN_TO_ALL for way in chapter.ways]


@pytest.mark.parametrize("way", WAYS)
def test_a_person(way: Way, fortress: Target, person: Api) -> None:
    _try(way, way.outcome, fortress, person)


@pytest.mark.parametrize("way", WAYS)
def test_automation(way: Way, fortress: Target, automation: Api) -> None:
    _try(way, way.outcome, fortress, automation)


@pytest.mark.parametrize("way", WAYS)
def test_a_person_with_the_right_to_override(way: Way, fortress: Target, on_call: Api) -> None:
    if way.outcome is not Outcome.REFUSED or way.borrowed:
        _try(way, way.outcome, fortress, on_call)
        return
    answer = way.do(Target(on_call.dry(), fortress.namespace, fortress.admin))
    answer.expect()
    assert any("OVERRIDE by on-call: flyball: " in warning for warning in answer.warnings), answer.warnings


def _try(way: Way, outcome: Outcome, fortress: Target, who: Api) -> None:
    dry = outcome in (Outcome.OPEN, Outcome.CLAMPED)
    answer = way.do(Target(who.dry() if dry else who, fortress.namespace, fortress.admin))
    match outcome:
        case Outcome.REFUSED:
            assert answer.status == 403, answer
            assert "flyball: " in answer.message
            assert way.says in answer.message
        case Outcome.FORBIDDEN:
            assert answer.status == 403
            assert "flyball: " not in answer.message
            assert way.says in answer.message
        case Outcome.CLAMPED:
            assert answer.expect()["spec"]["replicas"] == int(way.says)
        case Outcome.BUDGETED:
            assert answer.status in (201, 429), answer
        case Outcome.OPEN:
            answer.expect()
            assert not any("OVERRIDE" in warning for warning in answer.warnings)


def test_nothing_was_lost(fortress: Target) -> None:
    """After all of it: every workload is as large as it was, the Deployment that stepped up once apart."""
    api = fortress.admin
    assert {name: api.get(fortress.deployment(name)).expect()["spec"]["replicas"] for name in SIZES} == SIZES | {
        "slow": 6
    }
    assert api.get(fortress.stateful_set()).expect()["spec"]["replicas"] == 10
    assert ready_replicas(api, fortress.stateful_set(CACHE)) == 2
    assert ready_replicas(api, fortress.stateful_set(MEMBERS)) == 3
    claims = api.get(fortress.at("v1", "persistentvolumeclaims")).expect()["items"]
    assert [claim["metadata"]["name"] for claim in claims] == ["data-ledger-0", "data-ledger-1", "data-own-0"]
    assert ready_replicas(api, fortress.deployment()) >= 19
