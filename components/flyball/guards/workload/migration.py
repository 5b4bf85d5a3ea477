"""Migrations: what must have run, and succeeded, before a new version of a service takes the place of the old one.

A migration is a job of the service's own: with its image, environment, secrets, files, calls and account, unless it
says otherwise; containers before it and beside it are its own. It runs once for each release, which is another image,
command or environment, of these containers too; a change of the service's size or timeouts is none. While it has not
succeeded, what ran before goes on.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, NotRequired, TypedDict

from flyball.guards.fail_fast.container import check_container
from flyball.guards.fail_fast.rules import MIGRATION_WITHOUT_COMMAND
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import GIVEN_TWICE
from flyball.guards.reading.units import show_duration
from flyball.guards.timeouts.rules import CALLS_BEYOND_DEADLINE
from flyball.guards.workload import fixed_names, job_set, jobs, patch_args
from flyball.guards.workload.application import sources
from flyball.guards.workload.arguments import ResourcesArgs
from flyball.guards.workload.calls import Call, told
from flyball.guards.workload.init_containers import InitArgs, SidecarArgs
from flyball.guards.workload.jobs import JobSpec
from flyball.guards.workload.patch_args import MigratePatchArgs
from flyball.guards.workload.patch_job_fields import MIGRATION_KINDS
from flyball.guards.workload.sizing import promise

KEY, SUFFIX = "migrate", "-migrate"
"""The argument of a service, and what its Job's name has beside the service's."""
DEFAULT_DEADLINE = "10m"
_SHARED = (
    *("image", "env", "secrets", "refs", "variables", "files", "calls", "proxy", "resources", "scratch"),
    *("user", "token", "hosts", "dns", "nodes", "runtime", "priority", "labels", "annotations"),
)
"""Arguments of the service that its migration has too. Not among them: devices and capabilities, which serve."""
_SOURCES = ("env", "secrets", "refs")
_OWN = ("init", "sidecars")
RELEASE = ("image", "command", "arguments", *_SOURCES, "variables", "files")
"""What makes it another release, so that it runs again; of its own containers too."""


class GuardedMigrateArgs(TypedDict):
    """What must succeed before a new version of a service replaces the old one; what is not given here is the
    service's: image, environment, secrets, files, calls, account. Of the service's own containers it has none.

    It may be started more than once, after a failure or a lost node: what it does twice must come to the same. And the
    version before goes on while it runs: what it takes away, that one must not need.
    """

    command: NotRequired[list[str]]
    """Replaces the image's entry point; this or `arguments`, or an image of its own, is required."""
    arguments: NotRequired[list[str]]
    """Replaces the image's arguments."""
    deadline: NotRequired[str]
    """The longest that it may take, retries included [10m]."""
    attempt: NotRequired[str]
    """The longest that one attempt may take; all of them and their waits fit into the deadline [the deadline]."""
    retries: NotRequired[int]
    """Attempts after the first that failed, 10s after it, then 20s, and so on [2, or as many as fit into the deadline].
    """
    stop: NotRequired[str]
    """How long a pod has to end when it is told to, at most 110s [30s]."""
    resources: NotRequired[ResourcesArgs]
    """Processor and memory [those of the service]."""
    init: NotRequired[dict[str, InitArgs]]
    """Own containers that run before it and end, by name; in the order of their names. One that fails ends the attempt
    [none]."""
    sidecars: NotRequired[dict[str, SidecarArgs]]
    """Own containers that run beside it, by name, as the proxy of a database; they end once it has [none]."""
    patch: NotRequired[MigratePatchArgs]
    """The last resort: fields of its objects for which there is no argument [none]."""


def given(service: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A service's `migrate`; None where it has none that could be read."""
    found = service.get(KEY)
    return found if isinstance(found, Mapping) else None


def arguments(service: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the job: those of the service, and its `own` before them."""
    shared = {key: service[key] for key in _SHARED if key in service}
    named = {name for source in _SOURCES if isinstance(own.get(source), Mapping) for name in own[source]}
    for source in _SOURCES:
        if isinstance(values := shared.get(source), Mapping):
            shared[source] = {name: value for name, value in values.items() if name not in named}
    merged = {
        source: {**shared.get(source, {}), **own[source]}
        for source in _SOURCES
        if isinstance(own.get(source), Mapping) and isinstance(shared.get(source, {}), Mapping)
    }
    return {"deadline": DEFAULT_DEADLINE, **shared, **own, **merged}


def read(service: Mapping[str, Any], name: str, namespace: str, calls: Mapping[str, Call], r: Reader) -> JobSpec | None:
    """The migration of the service whose arguments are at `r`; None where it has none.

    Of what it shares with the service, nothing is said a second time.
    """
    own = given(service)
    if own is None:
        return None
    merged = arguments(service, own)
    at = Reader(merged, r.to(KEY), [])
    spec = jobs.read(at, name + SUFFIX, namespace)
    spec = replace(spec, calls=calls, ttl=None, serves=name, patches=patch_args.read(at, MIGRATION_KINDS))
    variables = {**sources(merged), **told(calls)}
    extended = job_set.check_extended(spec, merged, variables, at.path)
    dialled = fixed_names.check_dialled(spec, own, at.path)
    found = [*at.problems, *check_container(own, at.path), *_check(spec, own, at), *extended, *dialled]
    mine, within = {*GuardedMigrateArgs.__annotations__, "image", "env", "refs"}, len(at.path)
    r.problems.extend(problem for problem in found if mine.intersection(problem.path[within : within + 1]))
    return spec


def _check(spec: JobSpec, own: Mapping[str, Any], r: Reader) -> Iterator[Problem]:
    if not {"image", "command", "arguments"} & own.keys():
        message = "says neither command nor arguments: the image would start the service itself, which does not end"
        yield Problem(
            r.to("command"), MIGRATION_WITHOUT_COMMAND, message, "as [./manage.py, migrate], or give an image"
        )
    key, time = ("attempt", spec.attempt) if spec.attempt is not None else ("deadline", spec.deadline)
    spent = promise(spec).spent
    if r.readable(key) and spent > time:
        message = f"is {show_duration(time)}, and its calls may take {show_duration(spent)}"
        yield Problem(r.to(key), CALLS_BEYOND_DEADLINE, message, "raise it, or lower timeouts or retries of calls")


def check_names(services: Mapping[str, bool], others: Collection[str], root: Path) -> Iterator[Problem]:
    """Refuse a service, job or cache with the name of a migration's pods. `services` says of each whether it migrates,
    `others` are the names of jobs and caches."""
    for name, migrates in services.items():
        if not migrates or (twin := name + SUFFIX) not in {*services, *others}:
            continue
        hint = f"{name} migrates under that name; rename one of them"
        if twin in services:
            yield Problem((*root, twin), GIVEN_TWICE, f"has the name of the migration of {name}", hint)
        else:
            yield Problem((*root, name, KEY), GIVEN_TWICE, f"has the name of {twin}, a job or cache", hint)


def release(given: Mapping[str, Any]) -> dict[str, Any]:
    """Of a migration's arguments those that make it another run."""
    own = {kind: {name: _of(each) for name, each in given[kind].items()} for kind in _OWN if given.get(kind)}
    patch = given.get("patch", {}).get("job", {}).get("spec")
    return {**_of(given), **own, **({"patch": patch} if patch else {})}


def _of(container: Mapping[str, Any]) -> dict[str, Any]:
    return {key: container[key] for key in RELEASE if key in container}
