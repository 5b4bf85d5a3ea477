"""The tests that are collected, and what they have loaded, stay to the end: nobody looks there for garbage.

Python's collector would go through all of it again and again, millions of objects, as the tests make theirs. And of
these it need not look after each few hundred more: most go by themselves, and that took a tenth of the time.
"""

import gc
from collections.abc import Generator

import pytest

MORE = 50_000
"""So many more objects than there were at its last look make it look again, where Python's own number is 700."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(MORE)
        gc.enable()
