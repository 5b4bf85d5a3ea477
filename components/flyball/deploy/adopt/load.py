"""What a service must carry: from its autoscaler where that counts requests, else questions to be answered."""

from typing import Any

from flyball.deploy.adopt.found import Item, Manifest, mapping, maps
from flyball.deploy.adopt.work import Work
from flyball.guards.headroom.headroom import DEFAULT_UTILIZATION
from flyball.guards.reading.strict import QUESTION
from flyball.guards.reading.units import show_count, show_number

_RATE = ("request", "rps", "qps", "http", "per_second")
"""Words in the name of a figure that counts requests."""

_KNOWN = ("scaleTargetRef", "minReplicas", "maxReplicas", "metrics", "targetCPUUtilizationPercentage")
_OTHER = "the load is what the first one that counts requests says; `triggers` has further signals"
_UNCOUNTED = "is no share of what is asked for; `triggers` has further signals"
_FIXED = "members are as many as they are: nobody scales them"
_STEPS = "the steps of its autoscaler are the stack's; `behavior` says others"


def describe(work: Work, *, fixed: bool) -> dict[str, Any]:
    """`load`, and what the autoscaler says of sizes, unless the number of members is `fixed`."""
    scaler = _scaler(work)
    runs = work.item.spec.get("replicas")
    today = [show_count(runs if isinstance(runs, int) else 1, "replica")]
    unknown = {"peak": QUESTION, "replica": QUESTION}
    if scaler is None:
        work.say(f"questions: what it must carry, and what one replica can do; {today[0]} until now", "load")
        return {"load": unknown}
    if not work.item.is_ours:
        work.notes.rest(scaler, scaler.spec, _KNOWN, "spec", behavior=_STEPS)
    least, most = scaler.spec.get("minReplicas", 1), scaler.spec.get("maxReplicas")
    size = f"its autoscaler keeps from {least} to {most} replicas"
    if work.item.is_ours:
        work.say(f"questions: {size}, and neither peak nor capacity is written on any object", "load")
        return {"load": unknown}
    rate, counted = _rate(scaler)
    _uncounted(work, scaler, counted)
    sizes = {"proven": most, "ceiling": most} if isinstance(most, int) and most > 1 and not fixed else {}
    if fixed:
        for key in ("minReplicas", "maxReplicas"):
            work.notes.lose(scaler, f"spec.{key}", _FIXED)
    if sizes:
        work.say("the autoscaler's maximum, taken as a size that has been seen to run well", "proven")
    if rate is None or not isinstance(most, int) or most < 2:
        share = _share(scaler)
        work.say(f"questions: {size}{share}, which is no number of requests", "load")
        return {"load": unknown, **sizes}
    share = show_number(100 * DEFAULT_UTILIZATION)
    how = (
        f"adds a replica at {rate:g} {_name(counted)} for each, taken as {share} % of what one can do, from {least} up"
        f" to {most}"
    )
    work.say(f"a guess from the autoscaler, which {how}, one of them to spare", "load")
    return {"load": {"peak": _whole(rate * (most - 1)), "replica": _whole(rate / DEFAULT_UTILIZATION)}, **sizes}


def _scaler(work: Work) -> Item | None:
    for each in work.found.of("HorizontalPodAutoscaler"):
        reference = mapping(each.spec.get("scaleTargetRef"))
        if (reference.get("kind"), reference.get("name")) == (work.item.kind, work.item.name):
            return each
    return None


def _metrics(scaler: Item) -> list[Manifest]:
    return maps(scaler.spec.get("metrics"))


def _rate(scaler: Item) -> tuple[float | None, Manifest]:
    """Requests per second of each replica that it aims at, and the metric that says so; None where it counts something
    else."""
    for metric in _metrics(scaler):
        for kind in ("pods", "object", "external"):
            given = mapping(metric.get(kind))
            name = str(mapping(given.get("metric")).get("name")).lower()
            value = str(mapping(given.get("target")).get("averageValue") or "")
            if any(word in name for word in _RATE) and value:
                return _number(value), metric
    return None, {}


def _name(metric: Manifest) -> str:
    given = next(mapping(metric[kind]) for kind in ("pods", "object", "external") if kind in metric)
    return str(mapping(given.get("metric")).get("name"))


def _uncounted(work: Work, scaler: Item, counted: Manifest) -> None:
    """List what is neither `counted` nor said to be a share of what is asked for."""
    for i, metric in enumerate(_metrics(scaler)):
        if metric is counted or (not counted and _shares([metric])):
            continue
        work.notes.lose(scaler, f"spec.metrics[{i}]", _OTHER if counted else _UNCOUNTED)
    if counted and scaler.spec.get("targetCPUUtilizationPercentage"):
        work.notes.lose(scaler, "spec.targetCPUUtilizationPercentage", _OTHER)


def _whole(rate: float) -> float | int:
    return int(rate) if rate == int(rate) else round(rate, 3)


def _number(text: str) -> float | None:
    digits, milli = (
        text.removesuffix("m").removesuffix("k"),
        0.001 if text.endswith("m") else 1000 if text.endswith("k") else 1,
    )
    try:
        return float(digits) * milli or None
    except ValueError:
        return None


def _share(scaler: Item) -> str:
    old = scaler.spec.get("targetCPUUtilizationPercentage")
    found = [*_shares(_metrics(scaler)), *([("cpu", old)] if old else [])]
    share = [f"{value} % of the {name} asked for" for name, value in found]
    return f" by {' and '.join(share)}" if share else ""


def _shares(metrics: list[Manifest]) -> list[tuple[object, object]]:
    """Names of resources, and the percentage of what is asked for at which a replica is added."""
    found = [
        (given.get("name"), mapping(given.get("target")).get("averageUtilization"))
        for metric in metrics
        for given in (mapping(metric.get("resource")), mapping(metric.get("containerResource")))
    ]
    return [(name, value) for name, value in found if value]
