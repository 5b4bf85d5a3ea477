"""All alerts of services, and of what is beside them, as one thing: for a stack file and for a team's program alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flyball.alerts import cluster, operator
from flyball.alerts.cluster import Groups
from flyball.alerts.operator import Manifest, Whose
from flyball.guards.alerting.stack import Alerting
from flyball.guards.workload.application import Place
from flyball.guards.workload.caches import Cache
from flyball.guards.workload.jobs import Job
from flyball.guards.workload.resolve import Service


@dataclass(frozen=True, slots=True)
class Watched:
    """What alerts are about. `governed` says whether limits are enforced, `collectors` is the
    namespace of what ships the cluster's logs, where that is watched too, and `shared` says whether others have alerts
    in the namespace."""

    place: Place
    services: Mapping[str, Service]
    jobs: Mapping[str, Job] = field(default_factory=dict)
    caches: Mapping[str, Cache] = field(default_factory=dict)
    governed: bool = False
    collectors: str | None = None
    shared: bool = False

    def whose(self, labels: Mapping[str, str]) -> Whose:
        """The place of the objects; `labels` are those by which Prometheus' operator selects them."""
        place = self.place
        return Whose(place.namespace, place.owner, place.environment, self.shared, labels)

    @property
    def groups(self) -> Groups:
        """All rules, by the name of their group; each says whose it is, and has the namespace by which Prometheus'
        operator sends it on."""
        services, caches, jobs = self.services.values(), self.caches.values(), self.jobs.values()
        found = cluster.rules(services, self.governed, self.collectors is not None, caches, jobs, self.place)
        return operator.of_cluster(found, cluster.wide(found), self.whose({}))

    def rule_objects(self, labels: Mapping[str, str], runbooks: str) -> list[Manifest]:
        """The rules as objects that the operator selects by these labels."""
        return operator.rule_objects(self.groups, self.whose(labels), runbooks)

    def objects(self, alerting: Alerting | None) -> list[Manifest]:
        """All objects of Prometheus' operator; none where nobody hears, or where there is no operator."""
        if not alerting or not alerting.objects:
            return []
        own = self.whose(alerting.labels)
        return [
            *self.rule_objects(alerting.labels, alerting.runbooks),
            operator.receivers_object(alerting, own),
            *operator.monitors(own, self.collectors),
        ]
