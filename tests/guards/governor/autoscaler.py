"""A model of the autoscaler, as kube-controller-manager has it (pkg/controller/podautoscaler/horizontal.go)."""

import math
from collections import deque
from dataclasses import dataclass, field

from flyball.guards.governor.steps import Behavior


@dataclass
class Autoscaler:
    """One that wants what its triggers ask for; it has no tolerance for less, as flyball sets it up."""

    behavior: Behavior
    least: int
    most: int
    replicas: int
    wanted: deque[tuple[float, int]] = field(default_factory=deque)
    steps: list[tuple[float, int]] = field(default_factory=list)
    """When it changed the replicas, and by how many."""

    def look(self, now: float, asked: int) -> None:
        """One round of its loop at `now` [s]; `asked` is what the highest trigger wants."""
        while self.wanted and self.wanted[0][0] <= now - self.behavior.calm:
            self.wanted.popleft()
        self.wanted.append((now, asked))
        target = self.replicas
        if asked > self.replicas:
            target = min(asked, self._highest(now))
        elif asked < self.replicas and (highest := max(n for _, n in self.wanted)) < self.replicas:
            target = max(highest, self._lowest(now))
        target = min(max(target, self.least), self.most)
        if target != self.replicas:
            self.steps.append((now, target - self.replicas))
            self.replicas = target

    def _at_period_start(self, now: float, period: int) -> int:
        return self.replicas - sum(step for at, step in self.steps if at > now - period)

    def _highest(self, now: float) -> int:
        rate = self.behavior.up
        before = self._at_period_start(now, rate.period)
        return max(self.replicas, before + rate.pods, math.ceil(before * (1 + rate.percent / 100)))

    def _lowest(self, now: float) -> int:
        rate = self.behavior.down
        before = self._at_period_start(now, rate.period)
        return min(self.replicas, before - rate.pods, int(before * (1 - rate.percent / 100)))
