"""What arguments come to that are in part known only while Pulumi runs: Outputs, where a team's program has them.

A component waits for what its arguments name, and then reads them as if they had always been known: the same rules, all
problems at once, and nothing registered where one is broken. What a preview cannot know has stand-ins
(`flyball.guards.workload.stand_ins`). Objects keep what an Output knows of itself: what the values in them were made
from, that they are secret, that they are not known. Which values those are is found by reading the same arguments with
others in the place of the Outputs: what differs depends on them.
"""

import inspect
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, is_typeddict

import pulumi
from pulumi.output import UNKNOWN, Unknown
from pulumi.runtime.sync_await import _sync_await

from flyball.guards.reading.problem import Path, Problem, Refused
from flyball.guards.reading.strict import keys_of
from flyball.guards.workload.stand_ins import HOW_MANY, Values, stand_ins, too_late
from flyball.kubernetes.objects import Manifest, properties

T = TypeVar("T")
U = TypeVar("U")
R = TypeVar("R", bound=pulumi.CustomResource)


@dataclass(frozen=True, slots=True)
class Mark:
    """What an Output knows beside its value."""

    after: frozenset[pulumi.Resource] = frozenset()
    secret: bool = False
    unknown: bool = False

    def __or__(self, other: "Mark") -> "Mark":
        return Mark(self.after | other.after, self.secret or other.secret, self.unknown or other.unknown)


NOTHING = Mark()


@dataclass(frozen=True, slots=True)
class Later:
    """An argument that was an Output: its value, or stand-ins for one, and what is to be remembered of it."""

    path: Path
    value: Any
    instead: Values
    mark: Mark


@dataclass(frozen=True, slots=True)
class Opened:
    """A value of an Output that holds more than may be one: a whole map came as secret, say, for a part of it."""

    value: Any
    mark: Mark


class Making:
    """Registers objects as they are given."""

    def __call__(self, kind: type[R], name: str, manifest: Manifest, opts: pulumi.ResourceOptions) -> R:
        return kind(name, **properties(manifest), opts=opts)


class _Noting(Making):
    """Registers nothing, and keeps what it was given."""

    def __init__(self) -> None:
        self.found: list[tuple[type, Manifest]] = []

    def __call__(self, kind: type[R], name: str, manifest: Manifest, opts: pulumi.ResourceOptions) -> R:
        self.found.append((kind, properties(manifest)))
        return kind.__new__(kind)  # nobody asks anything of it


class _Marking(Making):
    """Registers objects with what is to be remembered of the values in them."""

    def __init__(self, others: list[tuple[Mark, list[tuple[type, Manifest]]]]) -> None:
        self._others, self._count = others, 0

    def __call__(self, kind: type[R], name: str, manifest: Manifest, opts: pulumi.ResourceOptions) -> R:
        given, number = properties(manifest), self._count
        self._count += 1
        for mark, found in self._others:
            other = found[number] if number < len(found) else (None, {})
            given = {
                key: marked(value, other[1].get(key) if other[0] is kind else None, mark)
                for key, value in given.items()
            }
        return kind(name, **given, opts=opts)


PLAIN = Making()


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """What arguments come to: `now`, and what they would come to with other values in the place of Outputs, with what
    is to be remembered of these; None where every other value breaks a rule, so that all of it may depend on them."""

    now: T
    others: tuple[tuple[Mark, T | None], ...] = ()

    def map(self, of: Callable[[T], U]) -> "Known[U]":
        """A part of it, or what follows from it."""
        others = ((mark, None if other is None else of(other)) for mark, other in self.others)
        return Known(of(self.now), tuple(others))

    def made(self, register: Callable[[T, Making], U]) -> U:
        """Register its objects: `register` does so by what it is handed, and is asked for others too."""
        if not self.others:
            return register(self.now, PLAIN)
        found: list[tuple[Mark, list[tuple[type, Manifest]]]] = []
        for mark, other in self.others:
            noting = _Noting()
            if other is not None:
                register(other, noting)
            found.append((mark, noting.found))
        return register(self.now, _Marking(found))

    def value(self, of: Callable[[T], Mapping[str, Any]]) -> Any:
        """What follows from it by name, with Outputs where it depends on them."""
        found = dict(of(self.now))
        for mark, other in self.others:
            if other is None:
                found = {key: _with(each, mark) for key, each in found.items()}
            else:
                found = marked(found, of(other), mark)
        return found

    def whole(self, of: Callable[[T], Mapping[str, U]]) -> dict[str, U]:
        """As `value`, each item of a map an Output as a whole where it depends on one."""
        plain, found = of(self.now), self.value(of)
        later: dict[str, Any] = {
            key: pulumi.Output.from_input(found[key]) for key, each in plain.items() if found[key] != each
        }
        return {**plain, **later}


def known(thing: "T | Known[T]") -> Known[T]:
    """What is known from the beginning, as all else."""
    return thing if isinstance(thing, Known) else Known(thing)


def marked(value: Any, other: Any, mark: Mark) -> Any:
    """A value whose parts are `mark`ed where `other` has others: maps and lists of the same keys and length are looked
    into."""
    if isinstance(value, Mapping) and isinstance(other, Mapping) and value.keys() == other.keys():
        return {key: marked(inner, other[key], mark) for key, inner in value.items()}
    if isinstance(value, list) and isinstance(other, list) and len(value) == len(other):
        return [marked(*both, mark) for both in zip(value, other, strict=True)]
    return value if _plain(value) == _plain(other) else _with(value, mark)


def _plain(value: Any) -> Any:
    """As if it were no Output; one that is not known is like no other."""
    if isinstance(value, pulumi.Output):
        data = _sync_await(value._data)
        return data.value if data.is_known else object()
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _with(value: Any, mark: Mark) -> pulumi.Output[Any]:
    """The value as an Output that knows what the mark does, and all that it knew."""

    async def done() -> Any:
        data = await pulumi.Output.from_input(value)._data
        return replace(
            data,
            resources={*data.resources, *mark.after},
            value=UNKNOWN if mark.unknown else data.value,
            is_known=data.is_known and not mark.unknown,
            is_secret=data.is_secret or mark.secret,
        )

    return pulumi.Output._from_data(done())


def settle(args: Any, expected: Any, path: Path, resolve: Callable[[Any], T]) -> Known[T]:
    """What `resolve` makes of arguments that the type `expected` describes, once all is known that they name.

    Raises `Refused` with the problems of what is known.
    """
    laters: list[Later] = []
    given = _taken(args, expected, path, laters)
    if not laters:
        return Known(resolve(given))
    now, at = _first(given, laters, resolve)
    base = {later.path: _value(later, at) for later in laters}
    others: list[tuple[Mark, T | None]] = []
    for mark, members in _groups(laters):
        tried = [_other(given, base, members, n, resolve) for n in range(HOW_MANY if mark.unknown else 2)]
        others += [(mark, found) for found in tried if found is not None] or [(mark, None)]
    return Known(now, tuple(others))


def _value(later: Later, number: int) -> Any:
    return later.instead[number] if later.mark.unknown else later.value


def _first(given: Any, laters: list[Later], resolve: Callable[[Any], T]) -> tuple[T, int]:
    """What the first stand-ins come to that break no rule; where all of them do, what they all break is refused."""
    found: list[tuple[Problem, ...]] = []
    for number in range(HOW_MANY if any(later.mark.unknown for later in laters) else 1):
        try:
            return resolve(_put(given, {later.path: _value(later, number) for later in laters})), number
        except Refused as refused:
            found.append(refused.problems)
    always = [problem for problem in found[0] if all(problem in problems for problems in found[1:])]
    raise Refused(always or found[0])


def _other(
    given: Any, base: Mapping[Path, Any], members: list[Later], number: int, resolve: Callable[[Any], T]
) -> T | None:
    """What it would come to with another stand-in for each member; None where that breaks a rule."""
    values = {later.path: later.instead[number] for later in members}
    if all(base[path] == value for path, value in values.items()):
        return None
    try:
        return resolve(_put(given, {**base, **values}))
    except Refused:
        return None


def _groups(laters: list[Later]) -> Iterable[tuple[Mark, list[Later]]]:
    """The arguments of which something is to be remembered, by what that is."""
    sources = [later for later in laters if later.mark.after]
    for mark, members in (
        (Mark(unknown=True), [later for later in laters if later.mark.unknown]),
        (Mark(secret=True), [later for later in laters if later.mark.secret and not _is_hidden(later.path)]),
        (Mark(after=frozenset().union(*(later.mark.after for later in sources))), sources),
    ):
        if members:
            yield mark, members


def _is_hidden(path: Path) -> bool:
    """Whether a value goes into a Secret, which is made as such, and everywhere else as what confirms no guess."""
    if path[-1] == "password":
        return True
    return path[-2:-1] == ("secrets",) and path[-3:-2] not in (("services",), ("jobs",), ("caches",))


def _taken(value: Any, expected: Any, path: Path, laters: list[Later]) -> Any:
    """The arguments without Outputs: those that may be some are noted, and all others too late."""
    may_be, kind = _kind(expected)
    if isinstance(value, Unknown) or inspect.isawaitable(value):
        value = pulumi.Output.from_input(value)
    if isinstance(value, Opened) and not may_be:
        return value.value
    if isinstance(value, pulumi.Output | Opened):
        if not may_be:
            return too_late(path)
        laters.append(_awaited(value, kind, path, len(laters)))
        return laters[-1]
    if isinstance(value, Mapping):
        hints = keys_of(kind) if is_typeddict(kind) else {}
        each = get_args(kind)[1] if get_origin(kind) is dict else None
        return {key: _taken(inner, hints.get(key, each), (*path, key), laters) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        each = get_args(kind)[0] if get_origin(kind) is list else None
        return [_taken(inner, each, (*path, i), laters) for i, inner in enumerate(value)]
    return value


def opened(value: Any, mark: Mark = NOTHING) -> Any:
    """Arguments as they come from another language: maps and lists that are there already are looked into, even where
    they came as Outputs."""
    if isinstance(value, Unknown):
        return pulumi.Output.from_input(value)
    if isinstance(value, pulumi.Output):
        data = _sync_await(value._data)
        if not data.is_known or not isinstance(data.value, dict | list):
            return value
        return opened(data.value, mark | Mark(frozenset(data.resources), data.is_secret))
    if isinstance(value, dict):
        return {key: opened(inner, mark) for key, inner in value.items()}
    if isinstance(value, list):
        return [opened(inner, mark) for inner in value]
    return value if mark == NOTHING else Opened(value, mark)


def _kind(expected: Any) -> tuple[bool, Any]:
    """Whether a type may be an Output, and the plain type of the value."""
    if get_origin(expected) not in (Union, types.UnionType):
        return False, expected
    members = get_args(expected)
    outputs = [each for each in members if (get_origin(each) or each) is pulumi.Output]
    return bool(outputs), members[0]


def _awaited(output: pulumi.Output[Any] | Opened, kind: Any, path: Path, number: int) -> Later:
    if isinstance(output, Opened):
        return Later(path, output.value, stand_ins(path, kind, number), output.mark)
    data = _sync_await(pulumi.Output.from_input(output)._data)
    mark = Mark(frozenset(data.resources), data.is_secret, not data.is_known)
    return Later(path, data.value, stand_ins(path, kind, number), mark)


def _put(given: Any, values: Mapping[Path, Any]) -> Any:
    """The arguments with values in the place of what was taken."""
    if isinstance(given, Later):
        return values[given.path]
    if isinstance(given, Mapping):
        return {key: _put(inner, values) for key, inner in given.items()}
    return [_put(inner, values) for inner in given] if isinstance(given, list) else given
