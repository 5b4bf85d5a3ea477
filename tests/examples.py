"""How many examples of a property are tried, where a test says so itself."""

from hypothesis import settings

_ALL = settings.get_profile("flyball").max_examples


def so_many(count: int) -> int:
    """So many; of them as many as of all properties where the profile asks for fewer, as `make check` does."""
    return max(1, count * settings().max_examples // _ALL)
