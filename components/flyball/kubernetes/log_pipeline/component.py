"""`LogPipeline`: the logs of all pods of a cluster, off its nodes."""

from collections.abc import Mapping

import pulumi

from flyball.collector.config import NAMESPACE
from flyball.guards.reading.problem import refuse
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.strict import check
from flyball.guards.workload import digests
from flyball.guards.workload.pipeline import Pipeline, read
from flyball.guards.workload.platform import Platform
from flyball.kubernetes.args import LogPipelineArgs
from flyball.kubernetes.log_pipeline.manifests import manifests
from flyball.kubernetes.objects import ownership
from flyball.kubernetes.place import check_place, place_of
from flyball.kubernetes.refused import refusals
from flyball.kubernetes.registered import registered

_FIRST = ("Namespace", "PriorityClass")
"""What pods cannot be made without."""


class LogPipeline(pulumi.ComponentResource):
    """Ships what all pods of a cluster write, to standard output and into the volumes of `logs`; one in each cluster.

    A collector on each node reads files as the kubelet rotates them, with its place in each and a bounded queue on the
    node's disk; where the queue is full it stops to read, and the files wait. Creates the namespace flyball-logs, in
    which a Secret that the target asks for must be. Raises `flyball.kubernetes.Refused`, with every problem at once,
    before anything is registered.
    """

    namespace: pulumi.Output[str]
    """Where the collectors run."""

    def __init__(self, name: str, args: LogPipelineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        place = place_of(args)
        problems = [*check(args, LogPipelineArgs, (name,)), *check_place(args, place, (name,))]
        pipeline = read(Reader(args, (name,), problems))
        problems += digests.check(digests.of_pipeline(pipeline, (name,)), place.platform.registry, (name,))
        with refusals():
            refuse(problems)
        self._register(name, pipeline, place.platform, ownership(place.environment, place.owner), opts)

    @classmethod
    def of(
        cls,
        name: str,
        pipeline: Pipeline,
        platform: Platform,
        labels: Mapping[str, str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> "LogPipeline":
        """The component of a pipeline that was read already; `labels` go on every object."""
        self = cls.__new__(cls)
        self._register(name, pipeline, platform, labels, opts)
        return self

    def _register(
        self,
        name: str,
        pipeline: Pipeline,
        platform: Platform,
        labels: Mapping[str, str],
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        super().__init__("flyball:index:LogPipeline", name, {}, opts)
        after: list[pulumi.Resource] = []
        for manifest in manifests(pipeline, platform, labels):
            kind = manifest["kind"]
            # The namespace stays with the Secret in it, which is somebody's.
            child = pulumi.ResourceOptions(parent=self, depends_on=[*after], retain_on_delete=kind == "Namespace")
            made = registered(f"{name}-{kind.lower()}", manifest, child)
            if kind in _FIRST:
                after.append(made)
        self.namespace = pulumi.Output.from_input(NAMESPACE)
        self.register_outputs({"namespace": self.namespace})
