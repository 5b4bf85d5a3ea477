"""The jobs of a set: each read once, its calls resolved against the services beside it, and held to the rules between
them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from flyball.guards.fail_fast.container import check_container
from flyball.guards.reading.problem import Path, Problem, refuse
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import GIVEN_TWICE
from flyball.guards.reading.strict import Words
from flyball.guards.timeouts import deadlines, hops
from flyball.guards.timeouts.deadlines import Promise
from flyball.guards.workload import calls, fixed_names, init_containers, jobs, patch, pod, relations, sidecar
from flyball.guards.workload.application import Place, check_mounts, sources, unread
from flyball.guards.workload.calls import Callee
from flyball.guards.workload.jobs import Job, JobSpec
from flyball.guards.workload.names import Caller
from flyball.guards.workload.other_words import JOB_WORDS, check_service
from flyball.guards.workload.plain_arguments import PlainJobArgs
from flyball.guards.workload.ports import Reached
from flyball.guards.workload.sizing import promise
from flyball.guards.workload.spec import Spec


@dataclass(frozen=True, slots=True)
class Described:
    """Jobs as they are given by name: where they stand, and the TypedDict that describes each."""

    arguments: Mapping[str, object] = field(default_factory=dict)
    root: Path = ("jobs",)
    expected: Any = PlainJobArgs


NONE = Described()


@dataclass(slots=True)
class Reading:
    """A job on its way: what is known of it, and the keys that its problems lie under."""

    args: Mapping[str, Any]
    reader: Reader
    spec: JobSpec
    bad: frozenset[Path] = frozenset()

    def resolved(self, place: Place, reached: Mapping[Caller, Iterable[Reached]] = MappingProxyType({})) -> Job:
        reaches = relations.reaches(self.spec, reached)
        return Job(spec=self.spec, place=place, reaches=reaches, given=self.args, path=self.reader.path)


def begin(name: str, given: object, place: Place, described: Described) -> Reading:
    """All of a job but its calls, for which the services must have been read."""
    args: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    r = Reader(args, (*described.root, name), [])
    spec = jobs.read(r, name, place.namespace)
    if not isinstance(given, Mapping):
        r.problems[:] = check_service(given, described.expected, r.path, JOB_WORDS)
        return Reading(args, r, spec, bad=frozenset({("deadline",)}))
    r.problems[:0] = check_service(args, described.expected, r.path, JOB_WORDS)
    return Reading(args, r, spec)


def finish(reading: Reading, known: Mapping[str, Callee], place: Place) -> None:
    """The calls, the container and the proxy."""
    r = reading.reader
    if reading.bad:
        return
    reading.spec = replace(reading.spec, calls=calls.read(r, place.namespace, known))
    made = {name: call.hop for name, call in reading.spec.calls.items()}
    r.problems.extend([*check_container(reading.args, r.path), *check_mounts(reading.spec, r.path)])
    r.problems.extend(pod.check_spot(reading.spec.pod, place.platform, reading.spec.spot, r.path))
    r.problems.extend(hops.check_hops(made, (*r.path, "calls")))
    r.problems.extend(calls.check_hosts(reading.spec.calls, known, reading.spec.sidecar, place.namespace, r.path))
    r.problems.extend(calls.check_told(reading.spec.calls, sources(reading.args), r.path))
    r.problems.extend(sidecar.check(reading.spec.sidecar, jobs.no_guard(), made, 0, sources(reading.args), r.path))
    ports = sidecar.taken(reading.spec.sidecar, jobs.no_guard(), (), 0)
    r.problems.extend(fixed_names.check(reading.spec, ports, r.path))
    variables = {**sources(reading.args), **calls.told(reading.spec.calls)}
    r.problems.extend(fixed_names.check_values(reading.spec, reading.args.get("env"), variables, r.path))
    r.problems.extend(fixed_names.check_dialled(reading.spec, reading.args, r.path))
    r.problems.extend(check_extended(reading.spec, reading.args, variables, r.path))
    reading.bad = unread(r)


def check_extended(
    spec: JobSpec, args: Mapping[str, Any], variables: Mapping[str, str], path: Path
) -> Iterator[Problem]:
    """Further containers and patches of a job or a migration, against all else of the pod; it listens nowhere."""
    yield from patch.check_job(spec, variables, path)
    listening = sidecar.taken(spec.sidecar, jobs.no_guard(), spec.calls, None)
    beside = [init_containers.PROXY] if spec.proxied else []
    folders = [*spec.scratch, *spec.files]
    yield from init_containers.check(spec.name, spec.init, spec.sidecars, args, folders, listening, beside, path)


def promised(job: Reading) -> Promise:
    """What a job has time for: one attempt, or the whole run where its attempts have no limit of their own."""
    found = promise(job.spec, job.bad)
    return found if job.spec.attempt is None or ("attempt",) in job.bad else replace(found, deadline=job.spec.attempt)


def check(
    read: Mapping[str, Reading],
    specs: Mapping[str, Spec],
    bad: Mapping[str, frozenset[Path]],
    root: Path,
    caches: Mapping[str, Callee],
) -> Iterator[Problem]:
    """Every broken rule between the jobs and the services of a set, which stand at `root`; deadlines along the calls:
    `deadlines.check`."""
    names = Words({**specs, **caches}) if specs or caches else None
    for name, job in read.items():
        path = job.reader.path
        if name in specs:
            where = ".".join(str(step) for step in (*root, name))
            message = f"has the name of {where}, and what selects the pods of one would select those of both"
            yield Problem(path, GIVEN_TWICE, message, "rename one of them")
        yield from relations.check_calls(job.spec, specs, path, bad, names, caches)
        yield from relations.check_references(job.spec, path, job.bad)


def resolve_alone(name: str, args: object, place: Place, expected: Any = PlainJobArgs) -> Job:
    """One job of which no services are known: its calls must say where they go. Raises `Refused`."""
    reading = begin(name, args, place, Described(root=(), expected=expected))
    finish(reading, {}, place)
    r = reading.reader
    if reading.spec.sidecar.enabled:
        r.problems.extend(calls.check_alone(r))
    kept = {name: promised(reading)}
    between = [
        *deadlines.check(kept, {name: r.path}),
        *relations.check_references(reading.spec, r.path, reading.bad),
    ]
    refuse([*r.problems, *between])
    return reading.resolved(place)
