"""Real Debian hosts for each test process, ended with it."""

from collections.abc import Iterator

import pytest

from flyball.hosts.lab import Lab, lab


@pytest.fixture(scope="module")
def hosts() -> Iterator[Lab]:
    """A lab without hosts, gone after the module."""
    with lab(print) as made:
        yield made
