"""Rights as objects: what may be done with which kinds, and who holds that."""

from collections.abc import Sequence

from flyball.kubernetes.objects import Manifest
from flyball.wellknown import MANAGED_BY, MANAGED_BY_LABEL

GROUP = "rbac.authorization.k8s.io"


def rule(group: str, kinds: Sequence[str], verbs: Sequence[str]) -> Manifest:
    """A right of a role."""
    return {"apiGroups": [group], "resources": list(kinds), "verbs": list(verbs)}


def bound(scope: str, name: str, rules: list[Manifest], subject: Manifest, where: Manifest) -> list[Manifest]:
    """A role and its binding to one subject; `scope` is `Cluster` or empty, `where` a namespace or empty."""
    metadata = {"name": name, **where, "labels": {MANAGED_BY_LABEL: MANAGED_BY}}
    return [
        {"apiVersion": f"{GROUP}/v1", "kind": f"{scope}Role", "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{GROUP}/v1",
            "kind": f"{scope}RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": GROUP, "kind": f"{scope}Role", "name": name},
            "subjects": [subject],
        },
    ]
