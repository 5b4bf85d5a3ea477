"""Every rule that there is, lesson by lesson: one source for messages, docs, alerts and reports."""

from flyball.guards.breakers import rules as breakers
from flyball.guards.clean_up import rules as clean_up
from flyball.guards.fail_fast import rules as fail_fast
from flyball.guards.governor import rules as governor
from flyball.guards.headroom import rules as headroom
from flyball.guards.interruptions import rules as interruptions
from flyball.guards.reading import rules as reading
from flyball.guards.reading.rule import Rule
from flyball.guards.timeouts import rules as timeouts

RULES: tuple[Rule, ...] = tuple(
    rule
    for module in (timeouts, reading, fail_fast, breakers, clean_up, headroom, interruptions, governor)
    for rule in vars(module).values()
    if isinstance(rule, Rule)
)
"""In the order of the lessons, and within one as they are declared."""
