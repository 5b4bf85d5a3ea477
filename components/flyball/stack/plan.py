"""What a stack survives: one row for each service, from the rules alone, without a cluster."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flyball.guards.headroom.headroom import carried
from flyball.guards.headroom.queueing import erlang_c
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.units import ceil_div, exact
from flyball.guards.timeouts import deadlines
from flyball.guards.workload.sizing import Sizing
from flyball.guards.workload.spec import Spec
from flyball.stack.read import Stack, examine

LOSSES = ("replica", "node", "zone", "spot")


@dataclass(frozen=True, slots=True)
class Row:
    """One service at its peak with `floor` replicas.

    `now` and `after` are utilizations, 1 being all that a replica can do; `after` is None for a loss that leaves
    nobody. `waiting` is the probability that a request waits, now and after the loss that the service is sized for.
    `used` is the share of the deadline that its calls may take, `path` the chain of calls that takes longest.
    """

    service: str
    need: int
    floor: int
    target: int
    ceiling: int
    now: float
    after: Mapping[str, float | None]
    waiting: tuple[float, float]
    used: float
    path: tuple[str, ...]
    periods: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows of the services that could be sized, and every broken rule."""

    rows: tuple[Row, ...]
    findings: tuple[Problem, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain values: shares as numbers, a loss that leaves nobody as null."""
        return {"services": [_row_json(row) for row in self.rows], "findings": [_finding(f) for f in self.findings]}


def plan(config: Mapping[str, Any]) -> Plan:
    """The plan of a configuration, also of one that breaks rules."""
    stack, problems = examine(config)
    promises = stack.promises
    rows = [_row(stack, name, s.spec, s.sizing, promises) for name, s in stack.services.items() if s.sizing]
    return Plan(tuple(rows), tuple(problems))


def lost(stack: Stack, spec: Spec, sizing: Sizing) -> dict[str, int]:
    """Replicas that each loss takes from the floor, spread evenly over what there is to be spread over."""
    n = sizing.floor
    return {
        "replica": spec.lose,
        "node": ceil_div(n, min(stack.nodes or n, n)),
        "zone": ceil_div(n, max(len(stack.zones), 1)),
        "spot": sizing.split.above if sizing.split else 0,
    }


def _row(stack: Stack, name: str, spec: Spec, sizing: Sizing, promises: Mapping[str, deadlines.Promise]) -> Row:
    n, peak, replica = sizing.floor, sizing.peak, exact(spec.replica)
    takes = lost(stack, spec, sizing)
    erlangs = peak / replica
    return Row(
        service=name,
        need=sizing.need,
        floor=n,
        target=sizing.target,
        ceiling=sizing.ceiling,
        now=float(peak / (replica * n)),
        after={loss: _share(carried(peak, replica, n - count)) for loss, count in takes.items()},
        waiting=(erlang_c(n, erlangs), erlang_c(max(n - sizing.loss.of(n), 0), erlangs)),
        used=float(Fraction(promises[name].spent, spec.deadline)),
        path=deadlines.longest_path(promises, name),
        periods=tuple((p.window or "otherwise", p.headroom.need, p.headroom.floor) for p in sizing.periods),
    )


def _share(utilization: Fraction | None) -> float | None:
    return None if utilization is None else float(utilization)


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "service": row.service,
        "need": row.need,
        "floor": row.floor,
        "target": row.target,
        "ceiling": row.ceiling,
        "utilization": {"now": row.now, **row.after},
        "waiting": {"before": row.waiting[0], "after": row.waiting[1]},
        "deadline": {"used": row.used, "path": list(row.path)},
        "schedule": [{"window": name, "need": need, "floor": floor} for name, need, floor in row.periods],
    }


def _finding(problem: Problem) -> dict[str, Any]:
    return {
        "path": list(problem.path),
        "where": problem.where,
        "rule": problem.rule.id,
        "message": problem.message,
        "remedy": problem.remedy,
    }
