"""What the rules are asked with while an argument is not known: values that could stand there.

There are several for each, and none is more likely than another. A rule that one of them breaks may hold: who knows
nothing says nothing. A rule that all of them break is broken by what is known. And what comes out alike with all of
them does not depend on what is not known.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, get_origin

from flyball.guards.reading.later import TooLate
from flyball.guards.reading.problem import Path

HOW_MANY: Final = 4
"""Stand-ins of each argument. The first asks the least: most zones, no deadline of a callee."""
Values = tuple[Any, ...]
"""As many as `HOW_MANY`."""
_ORDINALS = ("first", "second", "third", "fourth")
_FIRST_PORT, _PORTS = 49_152, 4_000
"""Of those that no service has by itself (RFC 6335, section 6), so many of each kind."""
_ZONES = (9, 2, 3, 4)
_REFERENCE: Mapping[str, Values] = {
    "protocol": ("http", "grpc", "tcp", "http"),
    "deadline": ("2ms", "1200ms", "5s", "20s"),
}


def text(number: int) -> Values:
    """Words that are names, labels, paths and secrets alike."""
    return _each(lambda word: f"{word}-{number}")


def _each(of: Callable[[str], Any]) -> Values:
    return tuple(of(word) for word in _ORDINALS)


def _host(number: int) -> Values:
    first, second, *_ = _each(lambda word: f"{word}-{number}.invalid")
    return first, second, f"192.0.2.{number % 250 + 1}", f"2001:db8::{number % 9_999 + 1}"


def _port(number: int) -> Values:
    return tuple(_FIRST_PORT + i * _PORTS + number % _PORTS for i in range(HOW_MANY))


def _zones(number: int) -> Values:
    return tuple([f"zone-{number}-{i}" for i in range(count)] for count in _ZONES)


def _reference(number: int) -> Values:
    names, ports, targets = text(number), _port(number), _port(number + 1)
    others = (
        {
            "name": names[i],
            "namespace": names[i],
            "port": ports[i],
            "target": targets[i],
            **{key: values[i] for key, values in _REFERENCE.items()},
        }
        for i in range(1, HOW_MANY)
    )
    return {"name": names[0], "port": ports[0]}, *others


def _few(of: Callable[[int], Values]) -> Callable[[int], Values]:
    """A list of some of these."""

    def values(number: int) -> Values:
        first, second, third, fourth = of(number)
        return [first], [first, second], [third], [fourth]

    return values


def _range(number: int) -> Values:
    """Address ranges of those that are for documentation (RFC 5737, RFC 3849)."""
    return f"192.0.2.{number % 256}/32", f"198.51.100.{number % 256}/32", "203.0.113.0/24", "2001:db8::/32"


def _image(number: int) -> Values:
    """By digest: whether an image has one is asked when it is known."""
    return _each(lambda word: f"registry.invalid/{word}-{number}:1@sha256:{number:064x}")


def _map(number: int) -> Values:
    return _each(lambda word: {f"{word}-{number}": "x"})


_BY_LIST: Final[Mapping[str, tuple[Callable[[int], Values], Callable[[int], Values]]]] = {
    "hosts": (_few(_host), _host),
    **dict.fromkeys(("cidrs", "sources", "through"), (_few(_range), _range)),
    "zones": (_zones, text),
}
"""Of a list that is not known as a whole, and of one of its items."""


_REPLICAS = "how many replicas run follows from it"
_TIMES = "which times fit into each other follows from it"
_WHY: Final[Mapping[str, str]] = {
    **dict.fromkeys(("load", "survive", "lose", "spot", "proven", "ceiling", "schedule", "triggers"), _REPLICAS),
    **dict.fromkeys(("peak", "replica", "utilization", "floor", "budget"), _REPLICAS),
    **dict.fromkeys(("deadline", "timeout", "connect", "retries", "backoff", "shutdown", "attempt"), _TIMES),
}


def too_late(path: Path) -> TooLate:
    """What stands at a path where nothing may be known later, with the reason."""
    why = next((_WHY[step] for step in reversed(path) if step in _WHY), None)
    return TooLate(why) if why else TooLate()


def stand_ins(path: Path, kind: Any, number: int) -> Values:
    """Values of a type that could stand at a path; those of another `number` are others."""
    *above, last = path
    if kind is int:
        return _port(number)
    if kind is not str:
        origin = get_origin(kind)
        if origin is list:
            return _BY_LIST.get(str(last), (_few(text), text))[0](number)
        return _map(number) if origin is dict else _reference(number)
    if isinstance(last, int):
        return _BY_LIST.get(str(above[-1]), (text, text))[1](number)
    if last in _REFERENCE and above[-1:] == ["service"]:
        return _REFERENCE[last]
    return {"host": _host, "image": _image}.get(last, text)(number)
