"""The root of everything that flyball raises for people to read."""


class FlyballError(Exception):
    """A failure whose message says what is wrong and, as far as is known, what to do; the command prints it."""
