"""Every rule that there is, lesson by lesson: one source for messages, docs, alerts and reports."""

from collections.abc import Mapping
from dataclasses import dataclass

from flyball.guards.aws.rules import fleets as aws_fleets
from flyball.guards.aws.rules import platform as aws_platform
from flyball.guards.aws.rules import pools as aws_pools
from flyball.guards.breakers import rules as breakers
from flyball.guards.clean_up import rules as clean_up
from flyball.guards.fail_fast import rules as fail_fast
from flyball.guards.governor import rules as governor
from flyball.guards.headroom import rules as headroom
from flyball.guards.interruptions import rules as interruptions
from flyball.guards.reading import rules as reading
from flyball.guards.reading.problem import Problem, Refused
from flyball.guards.reading.rule import Lesson, Rule
from flyball.guards.reading.rules import UNKNOWN_VALUE
from flyball.guards.reading.strict import nearest
from flyball.guards.timeouts import rules as timeouts


@dataclass(frozen=True, slots=True)
class About:
    """A lesson in a sentence, and what its guards do by themselves, for README and reference."""

    title: str
    does: str


LESSONS: Mapping[Lesson, About] = {
    Lesson.TIMEOUTS: About(
        "Every hop has a timeout",
        "timeouts shrink along every path of the call graph, and all hops of a request fit in its deadline; only"
        " idempotent requests are retried, a tenth of them at most; never more servers are left out than N-1 allows",
    ),
    Lesson.FAIL_FAST: About(
        "Fail fast",
        "unknown keys, wrong types and images without a version are refused before anything exists; one replica has"
        " under way what Little's law gives (`load.replica` times its latency), a short queue with a deadline before"
        " it, and what is too big, too slow or too much is refused at once",
    ),
    Lesson.BREAKERS: About(
        "Leave alone what fails",
        "half of the last 20 calls or more failed or were slow: refused for 10 s, then 3 probes, at most 5 % of the"
        " calls; refusals never count",
    ),
    Lesson.CLEAN_UP: About(
        "Clean up",
        "every log, cache, queue and scratch volume is bounded, and the pod's limit exceeds their sum; logs stay within"
        " their volume, and a node's within what pods and disk have for them, between two looks; images go before pods;"
        " a cache takes at most 60 % of the memory, and always has something to evict; what watches is bounded too",
    ),
    Lesson.HEADROOM: About(
        "N-1 headroom",
        "`need = ceil(peak / (replica * utilization))`, floor = need + what may be lost, at least 2; the budget is the"
        " difference; the autoscaler's target leaves room for the loss at every size; a window of a schedule states a"
        " peak, never replicas; hosts are changed in batches that leave what the peak needs",
    ),
    Lesson.INTERRUPTIONS: About(
        "Anything may restart at any time",
        "out of a pod or host within 110 s of a spot notice; what the peak needs stays on demand; one host of a group"
        " restarts at a time, under a lock that outlives it, while the others carry the peak",
    ),
    Lesson.GOVERNOR: About(
        "Automation has a governor",
        "autoscaler and every writer move in steps, the writer's never the narrower, and at most half as far again as"
        " people have seen run well; people freeze automation and say why, and nothing else starts it again; a warning"
        " is for what can wait until morning, a page for what cannot",
    ),
}

MODULES = (
    timeouts,
    reading,
    fail_fast,
    breakers,
    clean_up,
    headroom,
    interruptions,
    governor,
    aws_platform,
    aws_fleets,
    aws_pools,
)
"""Where rules are declared: a module for each lesson, and those of AWS, which follow from several."""

RULES: Mapping[str, Rule] = {
    rule.id: rule
    for rule in sorted(
        (value for module in MODULES for value in vars(module).values() if isinstance(value, Rule)),
        key=lambda rule: rule.lesson,
    )
}
"""By id, in the order of the lessons, and within one as they are declared."""


def find(identity: str) -> Rule:
    """The rule with an id. Raises `Refused`, with the nearest id, where there is none."""
    if identity not in RULES:
        raise Refused([Problem((identity,), UNKNOWN_VALUE, "is no rule", nearest(identity, RULES))])
    return RULES[identity]


def of(lesson: Lesson) -> list[Rule]:
    """The rules of a lesson."""
    return [rule for rule in RULES.values() if rule.lesson is lesson]
