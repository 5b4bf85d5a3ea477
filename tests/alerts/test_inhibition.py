"""Who silences whom over all pairs of alerts, by what Alertmanager's documentation says of it; a real one is asked in
`tests/hosts`."""

import re
from collections.abc import Iterable, Mapping

from tests.alerts import pairs

from flyball.alerts.alertmanager import SILENCED, compared, sources
from flyball.alerts.routes import Matcher
from flyball.guards.alerting import inhibition


def matches(labels: Mapping[str, str], matchers: Iterable[Matcher]) -> bool:
    """A label that is missing is an empty one."""
    values = ((labels.get(name, ""), how, value) for name, how, value in matchers)
    return all(bool(re.fullmatch(value, own)) if how == "=~" else own == value for own, how, value in values)


def silences(page: Mapping[str, str], warning: Mapping[str, str]) -> bool:
    return any(
        matches(page, sources(each))
        and matches(warning, SILENCED)
        and all(page.get(name, "") == warning.get(name, "") for name in compared(each))
        for each in inhibition.ALL
    )


def test_of_all_pairs_a_page_silences_what_is_about_the_same_thing_and_nothing_else() -> None:
    pages, warnings, silenced = pairs.all_pairs()
    assert {pairs.identity(w) for w in warnings if any(silences(page, w) for page in pages)} == silenced
    assert len(silenced) == 17
