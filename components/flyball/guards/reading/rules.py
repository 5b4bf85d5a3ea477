"""Lesson 2, for whatever is read: a value is what it should be, or everything stops before it begins."""

from flyball.guards.reading.rule import Lesson, Rule

UNKNOWN_KEY = Rule("unknown-key", Lesson.FAIL_FAST)
WRONG_TYPE = Rule("wrong-type", Lesson.FAIL_FAST)
MISSING = Rule("missing", Lesson.FAIL_FAST)
EMPTY = Rule("empty", Lesson.FAIL_FAST)
UNIT = Rule("unit", Lesson.FAIL_FAST)
OUT_OF_RANGE = Rule("out-of-range", Lesson.FAIL_FAST)
UNKNOWN_VALUE = Rule("unknown-value", Lesson.FAIL_FAST)
GIVEN_TWICE = Rule("given-twice", Lesson.FAIL_FAST)
INVALID_NAME = Rule("invalid-name", Lesson.FAIL_FAST)
INVALID_ADDRESS = Rule("invalid-address", Lesson.FAIL_FAST)
INVALID_PATH = Rule("invalid-path", Lesson.FAIL_FAST)
INVALID_TEXT = Rule("invalid-text", Lesson.FAIL_FAST)
DOES_NOT_APPLY = Rule("does-not-apply", Lesson.FAIL_FAST)
EITHER_OR = Rule("either-or", Lesson.FAIL_FAST)
UNREADABLE_FILE = Rule("unreadable-file", Lesson.FAIL_FAST)
SECRET_IN_PLAIN_TEXT = Rule("secret-in-plain-text", Lesson.FAIL_FAST)
