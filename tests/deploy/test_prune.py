"""What goes is gone, whoever removed it."""

from pathlib import Path
from typing import Any

import pytest

from flyball.deploy.apply import ApplySet
from flyball.kubectl import KubectlError, Played

GONE = 'error: pruning ServiceAccount shop/web: serviceaccounts "web" not found'


class Prunes(Played):
    """Ends with these errors, one at each call, and then without."""

    errors: list[KubectlError]

    def run(self, *arguments: str, **options: Any) -> str:
        if errors := self.errors:
            raise errors.pop(0)
        return "serviceaccount/cart pruned\n"


def members(*errors: KubectlError) -> ApplySet:
    kubectl = Prunes(Path("/bin/kubectl"), None)
    object.__setattr__(kubectl, "errors", list(errors))
    return ApplySet(kubectl, "shop", "shop", print)


def test_what_goes_with_its_namespace_before_it_is_pruned_is_pruned() -> None:
    first = KubectlError(GONE, "namespace/shop pruned\n")
    again = KubectlError(GONE.replace("web", "front"), "")
    assert members(first, again)._apply([], "--prune") == "namespace/shop pruned\nserviceaccount/cart pruned\n"


def test_what_is_missing_for_another_reason_is_told() -> None:
    with pytest.raises(KubectlError, match=r'^namespaces "shop" not found$'):
        members(KubectlError('namespaces "shop" not found'))._apply([], "--prune")


def test_what_never_goes_is_told() -> None:
    with pytest.raises(KubectlError, match="pruning ServiceAccount"):
        members(*[KubectlError(GONE)] * 1000)._apply([], "--prune")
