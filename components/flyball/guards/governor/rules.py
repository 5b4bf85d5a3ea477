"""The rules of lesson 7: automation has limits, and people hear of it."""

from flyball.guards.reading.rule import Lesson, Rule

CEILING_BEYOND_ENVELOPE = Rule("ceiling-beyond-envelope", Lesson.GOVERNOR)
CEILING_BELOW_FLOOR = Rule("ceiling-below-floor", Lesson.GOVERNOR)
WRITER_NARROWER = Rule("writer-narrower-than-autoscaler", Lesson.GOVERNOR)
RAMP_TOO_LONG = Rule("ramp-too-long", Lesson.GOVERNOR)
WINDOWS_TOO_CLOSE = Rule("windows-too-close", Lesson.GOVERNOR)
FREEZE_REASON = Rule("freeze-reason", Lesson.GOVERNOR)
FREEZE_OF_ANOTHER = Rule("freeze-of-another", Lesson.GOVERNOR)
NO_GOVERNOR = Rule("no-governor", Lesson.GOVERNOR)
NOBODY_HEARS = Rule("nobody-hears", Lesson.GOVERNOR)
UNWATCHED = Rule("unwatched", Lesson.GOVERNOR)
REPEAT_BELOW_INTERVAL = Rule("repeat-below-interval", Lesson.GOVERNOR)
