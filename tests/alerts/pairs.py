"""All pairs of alerts, and which of them silences which."""

from tests.alerts.cases import CASES, RULES

from flyball.alerts.rule import Severity


def all_pairs() -> tuple[list[dict[str, str]], list[dict[str, str]], set[tuple[str, ...]]]:
    """Every alert for two things: the pages about the first, the warnings about both, and which of these are silenced.

    A page silences the warnings with the same subject that have every other label of its own.
    """

    def alerts(severity: Severity, thing: str) -> list[dict[str, str]]:
        firing = {case.alert: case.labels for case in CASES if case.labels is not None}
        of_things = {name: {k: f"{v}{thing}" for k, v in labels.items()} for name, labels in firing.items()}
        return [
            {"alertname": name, "severity": severity.value, "subject": RULES[name].subject, **labels, **more}
            for name, labels in of_things.items()
            if RULES[name].severity is severity
            for more in [{k: f"{v}{thing}" for k, v in RULES[name].labels.items()}]
        ]

    pages = alerts(Severity.PAGE, "1")
    warnings = [warning for thing in ("1", "2") for warning in alerts(Severity.WARNING, thing)]
    return pages, warnings, {identity(warning) for warning in warnings if any(_silences(p, warning) for p in pages)}


def identity(labels: dict[str, str]) -> tuple[str, ...]:
    """An alert, to tell it from the others."""
    return tuple(f"{name}={value}" for name, value in sorted(labels.items()))


def _silences(page: dict[str, str], warning: dict[str, str]) -> bool:
    own = {name: value for name, value in page.items() if name not in ("alertname", "severity")}
    return len(own) > 1 and own.items() <= warning.items()
