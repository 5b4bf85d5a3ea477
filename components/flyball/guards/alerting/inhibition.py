"""One cause, one message: a page silences the warnings about the same thing, and no others.

To Alertmanager two labels that are missing on both sides are equal (https://github.com/prometheus/alertmanager/issues/1727),
so one list of labels to compare would let a page about one service silence the warnings about every other. Each kind of
thing has labels of its own here, and only what has them is compared by them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Inhibition:
    """A page that has all of `labels`, and none of `without`, silences warnings whose `labels` are the same."""

    labels: tuple[str, ...]
    without: tuple[str, ...] = ()


ALL = (
    Inhibition(("instance", "mountpoint")),  # a disk
    Inhibition(("instance",), ("mountpoint",)),  # a host
    Inhibition(("groups",), ("instance",)),  # hosts of the same groups
    Inhibition(("group",)),  # the size of a group
    Inhibition(("namespace", "workload")),  # a service in a cluster
    Inhibition(("namespace", "configmap")),  # a freeze of a cluster
    Inhibition(("namespace", "name")),  # a certificate that cert-manager has issued
)
"""Subjects have to be the same as well. A page whose labels name nothing of these silences nothing."""
