"""The rules of lesson 6: anything may restart at any time."""

from flyball.guards.reading.rule import Lesson, Rule

NO_READINESS = Rule("no-readiness", Lesson.INTERRUPTIONS)
PROBES_ALIKE = Rule("probes-alike", Lesson.INTERRUPTIONS)
WAY_OUT_TOO_LONG = Rule("way-out-too-long", Lesson.INTERRUPTIONS)
DRAIN_BELOW_DEADLINE = Rule("drain-below-deadline", Lesson.INTERRUPTIONS)
SPOT_BASE_BELOW_NEED = Rule("spot-base-below-need", Lesson.INTERRUPTIONS)
SPOT_BASE_AT_FLOOR = Rule("spot-base-at-floor", Lesson.INTERRUPTIONS)
NOTICE_UNSEEN = Rule("notice-unseen", Lesson.INTERRUPTIONS)
LEASE_BELOW_RUN = Rule("lease-below-run", Lesson.INTERRUPTIONS)
UNIT_PEOPLE_NEED = Rule("unit-people-need", Lesson.INTERRUPTIONS)
PROGRESS_BELOW_SETTLE = Rule("progress-below-settle", Lesson.INTERRUPTIONS)
