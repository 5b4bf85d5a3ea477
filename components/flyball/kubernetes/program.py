"""What the Pulumi program that runs has described so far: services that name each other are held against each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import pulumi
from pulumi.resource import DependencyProviderResource
from pulumi.runtime import settings

from flyball.guards.reading.problem import refuse
from flyball.guards.timeouts.calls import Outside
from flyball.guards.workload import neighbours
from flyball.guards.workload.jobs import Job
from flyball.guards.workload.names import Caller
from flyball.guards.workload.resolve import Service

_PACKAGE, _PROVIDED = "kubernetes", "kubernetes:core/v1:Service"
"""The provider's package, and one of the types that it provides."""


@dataclass(slots=True)
class Cluster:
    """The services and jobs of one cluster: all of them, and who is called by any."""

    services: dict[Caller, Service | Job] = field(default_factory=dict)
    called: set[Caller] = field(default_factory=set)

    def admit(self, new: Iterable[Service | Job]) -> None:
        """Add services and jobs. Raises `Refused`, and adds none, where they and those that are there do not fit
        together."""
        added = {neighbours.identity(service): service for service in new}
        known = {**self.services, **added}
        called = {
            Caller(call.to.namespace, call.to.name)
            for service in added.values()
            for call in service.spec.calls.values()
            if not isinstance(call.to, Outside)
        }
        # Most have nothing to do with each other, and what is within a set was held by itself.
        if called & self.services.keys() or self.called & added.keys():
            refuse(neighbours.check(list(added.values()), known))
        self.services, self.called = known, self.called | called


_Clusters = dict[object, Cluster]
"""By provider: services of the same name in another cluster are other services."""
_by_program: WeakKeyDictionary[Any, _Clusters] = WeakKeyDictionary()
_by_run: dict[object, _Clusters] | None = None


def serve_one_program() -> None:
    """This process is a package's: it serves one run of the engine, and connects to it anew for each component."""
    global _by_run
    _by_run = {}


def admit(services: Iterable[Service], opts: pulumi.ResourceOptions | None, jobs: Iterable[Job] = ()) -> None:
    """Hold services and jobs against all that the program described before. Raises `Refused` where they do not fit
    together."""
    each = list(services)
    migrations = [service.migration for service in each if service.migration]
    _clusters().setdefault(_provider(opts), Cluster()).admit([*each, *migrations, *jobs])


def _clusters() -> _Clusters:
    if _by_run is not None:
        run = (settings.get_project(), settings.get_stack(), settings.is_dry_run())
        return _by_run.setdefault(run, {})
    return _by_program.setdefault(settings.get_monitor(), {})


def _provider(opts: pulumi.ResourceOptions | None) -> object:
    """What tells one cluster from another: the Kubernetes provider; None is the default one."""
    if opts is None:
        return None
    given = opts.providers.values() if isinstance(opts.providers, Mapping) else opts.providers or ()
    providers = {provider.package: provider for provider in (*given, *([opts.provider] if opts.provider else []))}
    found = providers.get(_PACKAGE) or (opts.parent.get_provider(_PROVIDED) if opts.parent else None)
    if isinstance(found, DependencyProviderResource):
        # A package is given it anew with each component, under the same URN, which is known by then.
        return found.urn._data.result().value
    return found
