"""Whether a Prometheus has loaded the rules of a stack, and has the figures that they are made from."""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flyball.alerts import needs
from flyball.alerts.rule import rule_file
from flyball.deploy.checks.outcome import Finding, Outcome
from flyball.guards.governor.rules import METRIC_MISSING, PROMETHEUS_SILENT, RULE_NOT_LOADED
from flyball.guards.reading.units import duration, show_count
from flyball.prometheus import PrometheusError, Server, ask
from flyball.stack import alerting
from flyball.stack.read import Stack

RECENT = 3600
"""Seconds within which a figure has to have been there: more than any scrape that fails now and then."""
Wanted = tuple[str, tuple[tuple[str, str], ...]]
"""A rule by its name and its labels: thresholds of a hundred workloads have one name."""


def check(server: Server, stack: Stack) -> Outcome:
    """Rules that are not loaded, or as another version, or fail; and figures that are missing."""
    try:
        loaded = _loaded(ask(server, "rules"))
        recently = int(time.time()) - RECENT
        known = {*ask(server, "label/__name__/values", start=recently), *ask(server, "metadata")}
    except PrometheusError as error:
        message = f"not asked: {error.message}; {error.remedy}"
        return Outcome("not asked", (Finding(PROMETHEUS_SILENT, message, (server.url,)),))
    except (ValueError, KeyError, TypeError, AttributeError):
        message = "not asked: it answers as no Prometheus does"
        return Outcome("not asked", (Finding(PROMETHEUS_SILENT, message, (server.url,)),))
    groups = alerting.groups(stack)
    rules = [rule for group in rule_file(groups)["groups"] for rule in group["rules"]]
    needed = needs.figures(groups)
    findings = [*_rules(rules, loaded), *_figures(needed, known)]
    good = len(rules) - sum(len(each.places) for each in findings if each.rule is RULE_NOT_LOADED)
    there = len(needed.keys() & known)
    in_force = f"{good} of {show_count(len(rules), 'rule')} loaded"
    return Outcome(f"{in_force}, {there} of {show_count(len(needed), 'figure')} there", tuple(findings))


def _rules(rules: Iterable[Mapping[str, Any]], loaded: Mapping[Wanted, Mapping[str, Any]]) -> Iterator[Finding]:
    """Alike ones together: those that are missing, those that are others, and each error."""
    missing, other, failing = list[str](), list[str](), dict[str, list[str]]()
    names = {name for name, _ in loaded}
    for rule in rules:
        name = rule.get("alert") or rule["record"]
        live = loaded.get((name, _labels(rule.get("labels", {}))))
        if live is None:
            (other if name in names else missing).append(name)
        elif "alert" in rule and duration(rule["for"]) != round(1000 * live["duration"]):
            other.append(name)
        elif live.get("health") == "err":
            failing.setdefault(live.get("lastError", ""), []).append(name)
    if missing:
        yield Finding(RULE_NOT_LOADED, "not loaded", tuple(missing))
    if other:
        yield Finding(RULE_NOT_LOADED, "loaded with other labels or another time", tuple(other))
    for error, found in failing.items():
        yield Finding(RULE_NOT_LOADED, f"loaded, and fails: {error}", tuple(found))


def _figures(needed: Mapping[str, tuple[str, ...]], known: set[str]) -> Iterator[Finding]:
    """Of each exporter one finding, by the first word of its figures' names."""
    lacking: dict[str, list[str]] = {}
    for name in needed:
        if name not in known:
            lacking.setdefault(name.partition("_")[0], []).append(name)
    for exporter, found in lacking.items():
        silent = dict.fromkeys(rule for name in found for rule in needed[name])
        what = f"no such figures of {exporter}; {len(silent)} rule{'s are' if len(silent) > 1 else ' is'} silent"
        yield Finding(METRIC_MISSING, what, tuple(found))


def _loaded(answer: Mapping[str, Any]) -> dict[Wanted, Mapping[str, Any]]:
    rules = [rule for group in answer["groups"] for rule in group["rules"]]
    return {(rule["name"], _labels(rule.get("labels") or {})): rule for rule in rules}


def _labels(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))
