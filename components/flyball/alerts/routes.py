"""Which way an alert goes to whom: one tree of routes, for Alertmanager's own file and for its operator's object."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flyball.guards.alerting import seen
from flyball.guards.alerting.receivers import EARLIER, NOBODY, People
from flyball.guards.reading.units import Milliseconds, duration, show_duration

WATCHDOG = "watchdog"
"""Subject of the sign of life."""
Matcher = tuple[str, str, str]
"""A label, how it is compared, and with what."""


@dataclass(frozen=True, slots=True)
class Times:
    """How alerts are put into messages, and when; as Alertmanager writes it."""

    group_by: tuple[str, ...]
    wait: str
    interval: str
    repeat: str


USUAL = Times(("alertname", "namespace"), "30s", "5m", "4h")
"""Those of the role `alertmanager`, and its namespaces apart."""


@dataclass(frozen=True, slots=True)
class Route:
    """Alerts that fit all `matchers` go to the first of `routes` that they fit, else to the receiver."""

    receiver: str
    matchers: tuple[Matcher, ...] = ()
    times: Times | None = None
    """Those of the route above where there are none."""
    routes: tuple["Route", ...] = ()


def tree(people: People, times: Times) -> Route:
    """What is no page is a warning, whoever made the rule; a sign of life is for nobody who has not asked for it."""
    page: Matcher = ("severity", "=", "page")
    no_page: Matcher = ("severity", "!=", "page")
    routes = [_watchdog(people), _at_once(people, times, page)]
    for owner, own in people.owners.items():
        for severity, matcher in (("page", page), ("warning", no_page)):
            if severity in own:
                routes.append(Route(own[severity].name, (("owner", "=", owner), matcher)))
    return Route(people.warning.name, (), times, (*routes, Route(people.page.name, (page,))))


def written(route: Route, matcher: Callable[[Matcher], Any], key: Callable[[str], str] = str) -> dict[str, Any]:
    """A route and those below it as a map: `key` writes the names of its keys, `matcher` a matcher."""
    times = route.times
    waits = (
        {
            "group_by": list(times.group_by),
            "group_wait": times.wait,
            "group_interval": times.interval,
            "repeat_interval": times.repeat,
        }
        if times
        else {}
    )
    return {
        "receiver": route.receiver,
        **({"matchers": [matcher(each) for each in route.matchers]} if route.matchers else {}),
        **{key(name): value for name, value in waits.items()},
        **({"routes": [written(each, matcher, key) for each in route.routes]} if route.routes else {}),
    }


def _at_once(people: People, times: Times, page: Matcher) -> Route:
    """A freeze that has begun, and an override that was used: whoever else works on the cluster has to know now."""
    soon = replace(times, wait=show_duration(min(seen.GATHERED * 1000, duration(times.wait))))
    matchers: tuple[Matcher, ...] = (("subject", "=~", "|".join(seen.SUBJECTS)),)
    return Route(people.warning.name, matchers, soon, (Route(people.page.name, (page,)),))


def _watchdog(people: People) -> Route:
    matchers: tuple[Matcher, ...] = (("subject", "=", WATCHDOG),)
    if people.watchdog is None:
        return Route(NOBODY, matchers)
    every = people.watchdog.every
    times = Times(("alertname", "namespace"), "0s", show_duration(every), show_duration(_repeat(every)))
    return Route(people.watchdog.receiver.name, matchers, times)


def _repeat(every: Milliseconds) -> Milliseconds:
    """Whole seconds where there are any: Alertmanager reads no parts of a unit."""
    repeat = int(every * EARLIER)
    return repeat - repeat % 1000 if repeat >= 1000 else repeat
