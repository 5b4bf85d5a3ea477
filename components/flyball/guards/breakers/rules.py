"""The rules of lesson 3: a dependency that fails is left alone, and taken back."""

from flyball.guards.reading.rule import Lesson, Rule

WINDOW_BELOW_TIMEOUT = Rule("window-below-timeout", Lesson.BREAKERS)
OPEN_ABOVE_WINDOW = Rule("open-above-window", Lesson.BREAKERS)
SLOW_ABOVE_TIMEOUT = Rule("slow-above-timeout", Lesson.BREAKERS)
FALLBACK_CALL = Rule("fallback-call", Lesson.BREAKERS)
FALLBACK_ANSWER = Rule("fallback-answer", Lesson.BREAKERS)
