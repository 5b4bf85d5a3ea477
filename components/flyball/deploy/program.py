"""Runs a Pulumi program in this process, under the SDK's own test monitor, and keeps what it registers."""

import asyncio
import gc
import json
import os
import runpy
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import pulumi
from pulumi import _types
from pulumi.runtime import mocks, resource, rpc, settings
from pulumi.runtime.config import set_all_config
from pulumi.runtime.proto import resource_pb2, source_pb2
from pulumi.runtime.stack import run_in_stack

from flyball.deploy import wire
from flyball.deploy.registered import Registered
from flyball.documents import read_yaml
from flyball.guards.reading.problem import Problem, Refused, refuse
from flyball.guards.reading.rules import GIVEN_TWICE, MISSING
from flyball.stack.schema import encrypted

T = TypeVar("T")
STACK_TYPE = "pulumi:pulumi:Stack"
_OF_TYPES = (
    *("unwrap_optional_type", "unwrap_type", "input_type_py_to_pulumi_names"),
    *("resource_types", "resource_pulumi_to_py_names"),
)
_REMEMBERED: dict[str, Any] = {}
"""Functions of the SDK's, with what they have said of each type."""


@dataclass(frozen=True, slots=True)
class Request:
    """One for a resource, and of a component the outputs that it has registered after it; None for those of none."""

    urn: str
    request: Any
    outputs: Any


class _Monitor(mocks.MockMonitor):
    """Keeps every registration as it comes, with the options that the SDK's own monitor drops.

    A resource's outputs are its inputs, unless a cloud says otherwise.
    """

    def __init__(self, project: str, stack: str, preview: bool, cloud: "Cloud") -> None:
        super().__init__(cloud)
        self._cloud = cloud
        # Kept here, because not every version of the SDK knows them on the threads that it calls this one on.
        self._names, self._preview = f"{stack}::{project}", preview
        self.requests: list[tuple[str, Any]] = []
        self.known: wire.Known = {}
        self.outputs: dict[str, Any] = {}

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """As the engine makes it: with the types of all parents but the stack."""
        above = parent.split("::")[2] if parent else STACK_TYPE
        qualified = type_ if above == STACK_TYPE else f"{above}${type_}"
        return f"urn:pulumi:{self._names}::{qualified}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the SDK's name
        if request.remote:
            _unavailable(f"registers {request.name}, a component of another package ({request.type})")
        urn = self.make_urn(request.parent, request.type, request.name)
        self.requests.append((urn, request))
        known = request.custom and not self._preview
        made = self._cloud.made(request) if known else None
        identity, outputs = made or (request.name if known else "", request.object)
        if isinstance(outputs, dict):  # read already
            response = resource_pb2.RegisterResourceResponse(urn=urn, id=identity)
            response.object.SetInParent()
            self.known[id(response.object)] = (response.object, outputs)
            return response
        response = resource_pb2.RegisterResourceResponse(urn=urn, id=identity, object=outputs)
        if outputs is request.object:
            values = wire.read(outputs)
            self.known |= {id(each): (each, values) for each in (outputs, response.object)}
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the SDK's name
        self.outputs[request.urn] = request.outputs
        return super().RegisterResourceOutputs(request)


class _AtOnce(asyncio.SelectorEventLoop):
    """Calls at once what the SDK wants called on a thread, which asks the monitor: that answers from memory, and
    threads took a tenth of a run. What a program wants called there is."""

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        if not str(getattr(func, "__module__", "")).startswith("pulumi."):
            return super().run_in_executor(executor, func, *args)
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done


class Cloud(mocks.Mocks):
    """What only a cloud could answer: here nothing."""

    def made(self, request: Any) -> tuple[str, Any] | None:
        """Id and outputs of a resource that is made in it, on the wire or as values; None where the id is its name, and
        outputs its inputs."""
        return None

    def new_resource(self, args: mocks.MockResourceArgs) -> NoReturn:
        _unavailable(f"reads {args.name} ({args.typ})")

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        _unavailable(f"calls {args.token}")


def _unavailable(deed: str) -> NoReturn:
    raise pulumi.RunError(f"the program {deed}, which needs the Pulumi CLI")


def run_program(project: Path, stack: str, config: Mapping[str, Any], cloud: Cloud | None = None) -> list[Registered]:
    """Everything that `__main__.py` of a project registers for a stack, ordered by URN.

    `config` is the project's configuration without its prefix. Raises `Refused` for resources registered twice, and
    whatever the program raises. `cloud` answers what only one could.
    """
    with inside(project):
        return run(*_place(project), stack, config, cloud=cloud)


def requests(project: Path, stack: str, config: Mapping[str, Any], cloud: Cloud) -> list[Request]:
    """What `__main__.py` of a project asks an engine for, as it stands on the wire; raises what the program raises."""
    with inside(project):
        return _run(*_place(project), stack, config, False, cloud, _requests)


def _place(project: Path) -> tuple[Callable[[], object], str]:
    """The program of a project, and what that is called."""
    main = str(project / "__main__.py")
    return lambda: runpy.run_path(main, run_name="__main__"), _name(project / "Pulumi.yaml")


def _name(file: Path) -> str:
    """What a project is called. Raises `Refused` where its file does not say so."""
    settings = read_yaml(file)
    name = settings.get("name") if isinstance(settings, Mapping) else None
    if not isinstance(name, str) or not name:
        hint = "name the project, as name: flyball"
        raise Refused([Problem((file.name, "name"), MISSING, "is missing or no text", hint)])
    return name


def run(
    program: Callable[[], object],
    project: str,
    stack: str,
    config: Mapping[str, Any] | None = None,
    *,
    preview: bool = False,
    cloud: Cloud | None = None,
) -> list[Registered]:
    """As `run_program`, for a program that is a function. In a preview the ids of resources are unknown."""
    registered = _run(program, project, stack, config, preview, cloud, _all_registered)
    refuse(_twice(registered))
    return registered


def _run(
    program: Callable[[], object],
    project: str,
    stack: str,
    config: Mapping[str, Any] | None,
    preview: bool,
    cloud: Cloud | None,
    read: Callable[[_Monitor], list[T]],
) -> list[T]:
    """What is to be `read` of a program's registrations once it has ended."""
    monitor = _Monitor(project, stack, preview, cloud or Cloud())
    values = {f"{project}:{key}": _as_text(value) for key, value in (config or {}).items()}

    def in_stack() -> None:
        program()

    found: list[T] = []

    # A task says its result in an error that Python drops whenever it sees to Ctrl-C: so this one has none.
    async def alone() -> None:
        # The SDK keeps its settings in context variables, so those of this run end with it.
        # As with the CLI: a key is secret where it holds something encrypted.
        set_all_config(values, sorted({f"{project}:{path[0]}" for path in encrypted(config or {})}))
        mocks.set_mocks(monitor.mocks, project=project, stack=stack, preview=preview, monitor=monitor)
        settings.set_root_resource(None)  # pyright: ignore[reportArgumentType] - for a stack of its own
        settings.SETTINGS.outputs.clear()  # of an earlier run that failed  # pyright: ignore
        await run_in_stack(in_stack)
        found.extend(read(monitor))

    with quickly(monitor.known), asyncio.Runner(loop_factory=_AtOnce) as runner:
        # Once a program has failed, the SDK abandons what waits for it; only the first failure is worth a word.
        runner.get_loop().set_exception_handler(lambda *_: None)
        runner.run(alone())
    return found


def _all_registered(monitor: _Monitor) -> list[Registered]:
    found = [_registered(urn, request, monitor.outputs.get(urn)) for urn, request in monitor.requests]
    return sorted((r for r in found if r.type != STACK_TYPE), key=lambda r: r.urn)


def _requests(monitor: _Monitor) -> list[Request]:
    return [Request(urn, request, monitor.outputs.get(urn)) for urn, request in monitor.requests]


@contextmanager
def _without_collector() -> Iterator[None]:
    """A run makes many small objects, and nearly all of them stay: looking for garbage took a third of its time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


@contextmanager
def quickly(known: wire.Known | None = None) -> Iterator[None]:
    """Within it the SDK leaves out what nobody asks for or was asked before, whoever answers it."""
    with _without_collector(), without_places(), _types_remembered(), wire.shortened({} if known is None else known):
        yield


@contextmanager
def _types_remembered() -> Iterator[None]:
    """The SDK looks at the type of each value anew, which took a tenth of the time: there are some hundred types."""
    before = {name: getattr(_types, name) for name in _OF_TYPES}
    for name in before:
        setattr(_types, name, _REMEMBERED.setdefault(name, cache(before[name])))
    try:
        yield
    finally:
        for name, plain in before.items():
            setattr(_types, name, plain)


@contextmanager
def without_places() -> Iterator[None]:
    """The SDK tells an engine from which lines a resource comes, and nobody asks: it took a tenth of the time.

    Of an engine's state, which is written again for each resource, it is a fifth.
    """
    name = "_get_stack_trace"
    before = getattr(resource, name)
    setattr(resource, name, source_pb2.StackTrace)
    try:
        yield
    finally:
        setattr(resource, name, before)


@contextmanager
def inside(project: Path) -> Iterator[None]:
    """The program's folder as the place it is run from."""
    before, path = os.getcwd(), list(sys.path)
    os.chdir(project)
    sys.path.insert(0, str(project))
    try:
        yield
    finally:
        os.chdir(before)
        sys.path[:] = path


def _as_text(value: Any) -> str:
    """A configuration value as the CLI hands it over: text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _twice(registered: list[Registered]) -> Iterator[Problem]:
    """The engine refuses these; of a component registered twice, its children need no word of their own."""
    count = Counter(one.urn for one in registered)
    for one in registered:
        if count[one.urn] > 1 and count[one.parent] < 2:
            hint = "give one of them another name"
            yield Problem((one.name,), GIVEN_TWICE, f"is registered twice as a {one.type}", hint)


def _registered(urn: str, request: Any, outputs: Any) -> Registered:
    # The SDK moves a secret's envelope from deep inside to the outermost property.
    inputs = rpc.deserialize_properties(request.object)
    return Registered(
        type=request.type,
        name=request.name,
        urn=urn,
        parent=request.parent,
        inputs={key: _plain(inputs[key]) for key in sorted(inputs)},
        outputs=None if outputs is None else _plain(rpc.deserialize_properties(outputs)),
        ignored=tuple(request.ignoreChanges),
        after=frozenset(request.dependencies),
        provider=request.provider,
        secrets=frozenset(key for key, value in inputs.items() if rpc.is_rpc_secret(value)),
        custom=request.custom,
        protect=request.protect,
    )


def _plain(value: Any) -> Any:
    """Out of the secret's envelope, whole numbers as such, keys in order: on the wire they are floats and unordered."""
    if rpc.is_rpc_secret(value):
        return _plain(rpc.unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return {key: _plain(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
