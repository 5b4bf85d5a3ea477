"""The rules of lesson 1: every hop has a timeout, and all hops of a request fit in its deadline."""

from flyball.guards.reading.rule import Lesson, Rule

CALLS_IN_A_CIRCLE = Rule("calls-in-a-circle", Lesson.TIMEOUTS)
CALLS_ITSELF = Rule("calls-itself", Lesson.TIMEOUTS)
TIMEOUT_ABOVE_DEADLINE = Rule("timeout-above-deadline", Lesson.TIMEOUTS)
TIMEOUT_BELOW_DEADLINE = Rule("timeout-below-deadline", Lesson.TIMEOUTS)
CALLS_BEYOND_DEADLINE = Rule("calls-beyond-deadline", Lesson.TIMEOUTS)
UNKNOWN_CALLEE = Rule("unknown-callee", Lesson.TIMEOUTS)
HIDDEN_SERVICE = Rule("hidden-service", Lesson.TIMEOUTS)
WRONG_PORT = Rule("wrong-port", Lesson.TIMEOUTS)
IDLE_BELOW_TIMEOUT = Rule("idle-below-timeout", Lesson.TIMEOUTS)
TIMEOUT_ABOVE_INTERVAL = Rule("timeout-above-interval", Lesson.TIMEOUTS)
