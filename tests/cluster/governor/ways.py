"""Every way round the Governor that we know of: what is done, and what must come of it.

This is data for the tests and for the documentation alike.
"""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.cluster.governor.api import Answer
from tests.cluster.governor.world import Target


class Outcome(enum.Enum):
    """What becomes of a request."""

    REFUSED = "refused"
    """By a policy; a person with the right overrides it, and that leaves a record."""
    CLAMPED = "clamped"
    """Admitted, after a policy has brought it within the limits."""
    FORBIDDEN = "forbidden by RBAC"
    """Before any policy is asked, also for those who may override."""
    BUDGETED = "as the budget allows"
    """By the disruption budget."""
    OPEN = "admitted"
    """No policy stops it; the reason says what bounds it."""


@dataclass(frozen=True)
class Way:
    """One way round."""

    name: str
    do: Callable[[Target], Answer]
    says: str
    """Part of the refusal, or the reason why it stays open."""
    outcome: Outcome = Outcome.REFUSED
    borrowed: bool = False
    """It is done with somebody else's rights, so those of the one who tries make no difference."""


@dataclass(frozen=True)
class Chapter:
    title: str
    stopped_by: str
    """Policy, or whatever else it is, that stands in the way."""
    ways: Sequence[Way]


def table(chapters: Sequence[Chapter]) -> str:
    """The documentation's table."""
    lines = [
        "# Ways round the Governor",
        "",
        "What was tried, and what came of it. Each row is a test, for a person with a platform team's rights and no",
        "wildcard among them, for a service account with the same rights, and for a person with the right to override.",
        "",
        "*Refused*: to the first two; the third is admitted, is warned, and leaves an audit annotation. The other",
        "outcomes are the same for all three. What is admitted says what bounds it.",
    ]
    for chapter in chapters:
        head = ["| what is done | outcome | what is said, or why |", "| --- | --- | --- |"]
        rows = [f"| {way.name} | {way.outcome.value} | {way.says} |" for way in chapter.ways]
        lines += ["", f"## {chapter.title}", "", chapter.stopped_by, "", *head, *rows]
    return "\n".join([*lines, "", "## What stays open", "", *(f"- {point}" for point in OPEN)]) + "\n"


OPEN = (
    "Whoever may delete admission policies, impersonate people, or change what is in kube-system stands above the"
    " Governor: cluster administrators. RBAC is what keeps automation out of there. That rights to everything do not"
    " include the right to override means that nobody uses it by accident.",
    "The pause between scale-downs is not kept by autoscalers, whose behaviour keeps theirs. Their writes bear no time,"
    " so after each of them one step down by somebody else is free.",
    "A pause is kept for changes of replicas only. What a release changes (image, configuration, secrets, probes,"
    " resources, network policies) is bounded by the rolling update: surge first, at most the budget unavailable.",
    "Nodes: deleting, tainting and preempting are rights of their own. A freeze closes them to automation; without one,"
    " spread and budgets bound the loss.",
    "A workload without limits is not guarded, except by a freeze.",
    "A freeze does not end by itself at the time it was meant to.",
    "Where the floor is 0, the last step to it is refused on the scale subresource, for want of a time; kubectl patch"
    " takes it.",
)
