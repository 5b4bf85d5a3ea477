"""The tests that are collected, and what they have loaded, stay to the end: nobody looks there for garbage.

Python's collector would go through all of it again and again, millions of objects, as the tests make theirs.
"""

import gc
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
