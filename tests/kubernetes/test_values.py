"""Values that are secret, or known only while Pulumi runs."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from pulumi.output import Unknown
from tests.kubernetes.programs import Objects, arguments, changes, objects, registered, workload

from flyball.deploy.manifests import rendered
from flyball.deploy.registered import Registered
from flyball.guards.reading.problem import Refused
from flyball.kubernetes import Workload

SECRET = "open sesame"
LITERAL = "registry.example/web:2.0.0"


def container(found: Objects) -> dict[str, Any]:
    return found["Deployment web"]["spec"]["template"]["spec"]["containers"][0]


def published() -> k8s.core.v1.ConfigMap:
    """A resource of the same program; its id is its name here, and unknown in a preview."""
    return k8s.core.v1.ConfigMap("release", metadata={"name": "release"}, data={"tag": "2.0.0"})


def from_another_resource() -> None:
    release = published()
    Workload(
        "web",
        arguments(
            image=pulumi.Output.concat("registry.example/", release.id, ":2.0.0"),
            env={"RELEASE": release.id, "LEVEL": "debug"},
            secrets={"TOKEN": release.id.apply(lambda name: f"{name} {SECRET}")},
        ),
    )


@pytest.fixture(scope="module")
def made() -> list[Registered]:
    return registered(from_another_resource)


@pytest.fixture(scope="module")
def previewed() -> list[Registered]:
    return registered(from_another_resource, preview=True)


def test_outputs_are_as_good_as_plain_values(made: list[Registered]) -> None:
    plain = workload(
        image="registry.example/release:2.0.0",
        env={"RELEASE": "release", "LEVEL": "debug"},
        secrets={"TOKEN": f"release {SECRET}"},
    )
    found = {f"{o.kind} {o.name}": dict(o.manifest) for o in rendered(made).objects}
    del found["ConfigMap release"]
    assert found == plain


def test_deployment_waits_for_what_its_image_comes_from(made: list[Registered]) -> None:
    deployment = next(r for r in made if r.type == "kubernetes:apps/v1:Deployment")
    assert sorted(urn.partition("kubernetes:")[2] for urn in deployment.after) == [
        "core/v1:ConfigMap::release",
        "core/v1:ConfigMap::web-proxy",
        "core/v1:Secret::web-env",
        "core/v1:ServiceAccount::web",
        "scheduling.k8s.io/v1:PriorityClass::web",
    ]


def test_preview_registers_everything_without_a_known_output(
    made: list[Registered], previewed: list[Registered]
) -> None:
    assert [r.urn for r in previewed] == [r.urn for r in made]
    found = {r.urn: dict(r.inputs) for r in previewed}
    deployment = next(found[urn] for urn in found if "apps/v1:Deployment" in urn)
    template = deployment["spec"]["template"]
    pod = template["spec"]["containers"][0]
    assert isinstance(pod["image"], Unknown)
    assert pod["env"][0] == {"name": "LEVEL", "value": "debug"}
    assert isinstance(pod["env"][1]["value"], Unknown)
    assert isinstance(template["metadata"]["annotations"]["flyball.dev/secrets"], Unknown)


def test_preview_knows_everything_that_does_not_depend_on_it(
    made: list[Registered], previewed: list[Registered]
) -> None:
    kinds = ("Deployment", "Secret")
    known = [{r.urn: r.inputs for r in found if not r.type.endswith(kinds)} for found in (made, previewed)]
    assert known[0] == known[1]
    component = next(r for r in previewed if r.type == "flyball:index:Workload")
    assert component.outputs == {
        "address": "web.default:8080",
        "need": 7,
        "floor": 8,
        "ceiling": 12,
        "target": 70,
    }


def test_outputs_can_be_used_in_the_program() -> None:
    def program() -> None:
        web = Workload("web", arguments())
        data = {
            "address": web.address,
            "sizes": pulumi.Output.json_dumps([web.need, web.floor, web.ceiling, web.target]),
        }
        k8s.core.v1.ConfigMap("seen", metadata={"name": "seen"}, data=data)

    assert objects(program)["ConfigMap seen"]["data"] == {"address": "web.default:8080", "sizes": "[7, 8, 12, 70]"}


def test_a_secret_is_in_the_secret_and_nowhere_else() -> None:
    resources = registered(lambda: Workload("web", arguments(secrets={"TOKEN": SECRET})))
    holders = [r for r in resources if SECRET in repr(r)]
    assert [(r.type, dict(r.inputs)["stringData"]) for r in holders] == [
        ("kubernetes:core/v1:Secret", {"TOKEN": SECRET})
    ]
    assert {r.name: set(r.secrets) for r in resources if r.secrets} == {"web-env": {"stringData"}}


def test_pods_are_replaced_when_a_secret_changes_and_only_then() -> None:
    before = workload(secrets={"TOKEN": SECRET, "KEY": "1"})
    assert changes(before, workload(secrets={"KEY": "1", "TOKEN": SECRET})) == {}
    annotation = "spec.template.metadata.annotations.flyball.dev/secrets"
    changed = changes(before, workload(secrets={"TOKEN": "another", "KEY": "1"}))
    assert changed == {
        "Deployment web": {annotation: changed["Deployment web"][annotation]},
        "Secret web-env": {"stringData.TOKEN": "another"},
    }
    moved = changes(before, workload(secrets={"TOKEN": SECRET, "KEY": "1"}, namespace="other"))
    assert annotation in moved["Deployment web"], "the same secret elsewhere must not be recognised"


def test_variables_of_all_sources_stand_by_name() -> None:
    found = workload(
        env={"B": "2", "Z": "1"}, secrets={"TOKEN": SECRET}, refs={"PASSWORD": {"name": "database", "key": "password"}}
    )
    assert container(found)["env"] == [
        {"name": "B", "value": "2"},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "database", "key": "password"}}},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "web-env", "key": "TOKEN"}}},
        {"name": "Z", "value": "1"},
    ]


def test_variables_that_others_name_stand_before_them() -> None:
    """Kubernetes fills `$(OTHER)` in only where OTHER stands earlier; what names itself in a circle stays by name."""
    env = {"A": "$(URL)/a", "URL": "http://$(USER):$(TOKEN)@$(HOST)", "HOST": "h", "LOOP": "$(POOL)", "POOL": "$(LOOP)"}
    found = workload(env=env, secrets={"TOKEN": SECRET, "USER": "shop"})
    assert [variable["name"] for variable in container(found)["env"]] == [
        *("USER", "TOKEN", "HOST", "URL", "A"),
        *("POOL", "LOOP"),
    ]


@pytest.mark.parametrize("place", ["env", "image"])
def test_a_secret_in_a_visible_place_is_not_rendered(place: str) -> None:
    def program() -> None:
        value = pulumi.Output.secret(LITERAL)
        Workload("web", arguments(**({"image": value} if place == "image" else {"env": {"TOKEN": value}})))

    resources = registered(program)
    with pytest.raises(Refused) as refused:
        rendered(resources)
    assert str(refused.value) == (
        "Deployment web: spec: holds a secret where everybody can read it;"
        " give secret values under `secrets`, which keeps them in a Secret"
    )
