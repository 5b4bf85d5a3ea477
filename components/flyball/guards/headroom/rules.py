"""The rules of lesson 5: what is left after a loss carries the load, at every hour."""

from flyball.guards.reading.rule import Lesson, Rule

FLOOR_TOO_LARGE = Rule("floor-too-large", Lesson.HEADROOM)
TARGET_BELOW_ONE_PERCENT = Rule("target-below-one-percent", Lesson.HEADROOM)
TOO_FEW_ZONES = Rule("too-few-zones", Lesson.HEADROOM)
CRON = Rule("cron", Lesson.HEADROOM)
TIME_ZONE = Rule("time-zone", Lesson.HEADROOM)
WINDOW_WITHOUT_LENGTH = Rule("window-without-length", Lesson.HEADROOM)
CLOCK_CHANGE = Rule("clock-change", Lesson.HEADROOM)
CRON_FOR_KEDA = Rule("cron-without-words-in-keda", Lesson.HEADROOM)
NOTHING_TO_SPARE = Rule("nothing-to-spare", Lesson.HEADROOM)
