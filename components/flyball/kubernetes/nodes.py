"""What a program gives to the nodes of its clusters, whoever makes these."""

from typing import Any

from flyball.guards.clean_up import nodes
from flyball.guards.clean_up.nodes import NodesArgs
from flyball.guards.reading import strict
from flyball.guards.reading.problem import refuse
from flyball.guards.workload import kubelet
from flyball.kubernetes.refused import refusals


def kubelet_configuration(args: NodesArgs | None = None) -> dict[str, Any]:
    """The fields of a KubeletConfiguration by which logs, images and evictions keep a node's disk from filling.

    They go where a node group takes them: `spec.kubelet.config` of EKS' NodeConfig, or a file in the kubelet's
    `--config-dir` with `apiVersion: kubelet.config.k8s.io/v1beta1` and `kind: KubeletConfiguration` before them. Raises
    `Refused` for limits that nodes or pods cannot keep.
    """
    given = {} if args is None else args
    found, problems = nodes.examine(given, ("nodes",))
    with refusals():
        refuse(dict.fromkeys([*strict.check(given, NodesArgs, ("nodes",)), *problems]))
    return kubelet.configuration(found)
