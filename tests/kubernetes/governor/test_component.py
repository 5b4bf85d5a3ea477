"""The component registers what the manifests say."""

import pytest
from tests.kubernetes.programs import objects

from flyball.kubernetes.governor import policies, rbac
from flyball.kubernetes.governor.component import Governor, GovernorArgs
from flyball.kubernetes.governor.limits import Limits, config_map, describe

LIMITS = Limits(floor=3, ceiling=40, budget=1)


def test_it_registers_policies_rights_and_limits() -> None:
    found = objects(lambda: Governor("governor", {"limits": {"shop": {"web": describe(LIMITS)}}}))
    expected = [*rbac.manifests(), config_map("shop", {"web": LIMITS}), *policies.manifests()]
    namespace = found.pop("Namespace flyball-system")
    assert namespace["metadata"]["labels"]["flyball.dev/governed"] == "system"
    assert found == {f"{manifest['kind']} {manifest['metadata']['name']}": manifest for manifest in expected}


def test_without_limits_it_is_ready_for_namespaces_to_come() -> None:
    found = objects(lambda: Governor("governor", {}))
    assert len(found) == 1 + len(rbac.manifests()) + len(policies.manifests())


def test_where_the_policies_are_anothers_only_limits_are_registered() -> None:
    args: GovernorArgs = {"limits": {"shop": {"web": describe(LIMITS)}}, "policies": False}
    assert objects(lambda: Governor("governor", args)) == {
        "ConfigMap flyball-limits": config_map("shop", {"web": LIMITS})
    }


def test_limits_that_policies_could_not_read_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^shop\.web: 'floor 3' is no limit"):
        objects(lambda: Governor("governor", {"limits": {"shop": {"web": "floor 3"}}}))
