"""What is collected and loaded before the first test is no business of Python's collector, which then runs as ever."""

import gc
import sys

from tests.running.garbage import MORE


def test_what_was_loaded_is_left_alone_and_what_tests_make_is_not() -> None:
    assert gc.isenabled()
    assert gc.get_freeze_count() > len(sys.modules)
    looked_at = {id(each) for each in gc.get_objects()}
    assert id(vars(gc)) not in looked_at
    made: list[object] = []
    assert id(made) in {id(each) for each in gc.get_objects()}


def test_it_looks_for_garbage_when_there_may_be_much() -> None:
    assert gc.get_threshold()[0] == MORE
