"""How fast replicas may change, as it is written: the autoscaler's behaviour, and the steps of every writer."""

from flyball.guards.governor.steps import Behavior, Rate, Step, WriterSteps
from flyball.guards.headroom import headroom
from flyball.guards.reading.reader import Reader

LONGEST_PERIOD = 1800
"""Seconds of an autoscaler's `periodSeconds` (https://kubernetes.io/docs/reference/kubernetes-api/
workload-resources/horizontal-pod-autoscaler-v2/)."""
LONGEST_CALM = 3600
"""Seconds of its `stabilizationWindowSeconds`, from the same page."""


def _rate(r: Reader, default: Rate) -> Rate:
    return Rate(
        pods=r.whole("pods", default.pods, 1, headroom.MAXIMUM_REPLICAS),
        percent=r.whole("percent", default.percent, 1, 1000),
        period=r.seconds("period", default.period, LONGEST_PERIOD),
    )


def read_behavior(r: Reader) -> Behavior:
    """How fast the autoscaler may go."""
    default = Behavior()
    calm = r.seconds("calm", default.calm, LONGEST_CALM)
    return Behavior(_rate(r.at("up"), default.up), _rate(r.at("down"), default.down), calm)


def _step(r: Reader, default: Step) -> Step:
    pods = r.whole("pods", default.pods, 1, headroom.MAXIMUM_REPLICAS)
    return Step(pods, r.whole("percent", default.percent, 1, 1000))


def read_writer(r: Reader) -> WriterSteps:
    """How far one write by anyone may go."""
    default = WriterSteps()
    return WriterSteps(up=_step(r.at("up"), default.up), down=_step(r.at("down"), default.down))
