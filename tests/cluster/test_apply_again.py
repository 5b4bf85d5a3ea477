"""A second apply asks the server what there is, and applies only where that is not what it should be."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from tests.kubernetes.programs import arguments, registered

from flyball.deploy.apply import ApplySet, Result
from flyball.deploy.manifests import Object, rendered
from flyball.kubectl import Kubectl
from flyball.kubernetes import Cache, CacheArgs, Workload

pytestmark = pytest.mark.cluster

WITHOUT_A_SPREAD = json.dumps([{"op": "remove", "path": "/spec/template/spec/topologySpreadConstraints/0"}])


@dataclass(frozen=True)
class Noted(Kubectl):
    """Remembers its commands, without what is read by the proxy."""

    ran: list[str] = field(default_factory=list)

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60.0, accept: tuple[int, ...] = (0,)) -> str:
        self.ran.append(arguments[0])
        return super().run(*arguments, stdin=stdin, timeout=timeout, accept=accept)


@pytest.fixture
def objects(namespace: str) -> tuple[Object, ...]:
    """Those of a workload: lists of all kinds, an autoscaler, and a field that is ours only at creation."""
    return rendered(registered(lambda: Workload("web", arguments(namespace=namespace)))).objects


@pytest.fixture
def members(kubectl: Kubectl, namespace: str, objects: tuple[Object, ...]) -> ApplySet:
    """Them as they were applied."""
    members = ApplySet(Noted(kubectl.program, kubectl.kubeconfig), namespace)
    assert len(members.apply(objects).created) == len(objects)
    return members


def again(members: ApplySet, objects: Sequence[Object]) -> tuple[Result, bool]:
    """What the next apply says, and whether it applied anything."""
    assert isinstance(members.kubectl, Noted)
    members.kubectl.ran.clear()
    result = members.apply(objects)
    return result, "apply" in members.kubectl.ran


def names(objects: Sequence[Object]) -> tuple[str, ...]:
    return tuple(f"{o.kind.lower()}/{o.name}" for o in objects)


def test_what_is_there_is_not_applied(members: ApplySet, objects: tuple[Object, ...]) -> None:
    assert again(members, objects) == (Result((), (), names(objects), ()), False)


@pytest.mark.parametrize(
    "command",
    [
        ("scale", "deployment/web", "--replicas=7"),
        ("label", "service/web", "theirs=x"),
        ("create", "configmap", "theirs"),
        ("set", "env", "deployment/web", "THEIRS=1"),
    ],
)
def test_what_others_have_is_no_reason(
    command: Sequence[str], members: ApplySet, objects: tuple[Object, ...], namespace: str
) -> None:
    members.kubectl.run(*command, f"--namespace={namespace}")
    assert again(members, objects) == (Result((), (), names(objects), ()), False)


@pytest.mark.parametrize(
    ("command", "changed", "created"),
    [
        (("set", "image", "deployment/web", "web=other:2"), ("deployment/web",), ()),
        (("annotate", "deployment/web", "kube-score/ignore-"), ("deployment/web",), ()),
        (("label", "deployment/web", "app.kubernetes.io/name-"), ("deployment/web",), ()),
        (("patch", "deployment/web", "--type=json", f"--patch={WITHOUT_A_SPREAD}"), ("deployment/web",), ()),
        (
            ("patch", "networkpolicy/web", "--type=merge", '--patch={"spec": {"ingress": []}}'),
            ("networkpolicy/web",),
            (),
        ),
        (("delete", "service", "web"), (), ("service/web",)),
    ],
)
def test_what_others_took_is_put_back(
    command: Sequence[str],
    changed: tuple[str, ...],
    created: tuple[str, ...],
    members: ApplySet,
    objects: tuple[Object, ...],
    namespace: str,
) -> None:
    members.kubectl.run(*command, f"--namespace={namespace}")
    result, applied = again(members, objects)
    assert (result.changed, result.created, result.pruned, applied) == (changed, created, (), True)


def test_what_another_has_applied_over_it_is_put_back(
    members: ApplySet, objects: tuple[Object, ...], namespace: str
) -> None:
    meta = {"name": "web", "namespace": namespace, "labels": {"app.kubernetes.io/name": "theirs"}}
    theirs = json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": meta})
    command = ("apply", "--server-side", "--force-conflicts", "--field-manager=theirs", "--filename=-")
    members.kubectl.run(*command, "--validate=false", stdin=theirs)
    result, applied = again(members, objects)
    assert (result.changed, result.created, applied) == (("service/web",), (), True)


def test_a_field_that_the_program_states_no_more_goes(
    members: ApplySet, objects: tuple[Object, ...], namespace: str
) -> None:
    [web] = [o for o in objects if o.kind == "Deployment"]
    spec = {key: value for key, value in web.manifest["spec"].items() if key != "minReadySeconds"}
    less = [Object({**o.manifest, "spec": spec}, o.ignored) if o is web else o for o in objects]
    result, applied = again(members, less)
    assert (result.changed, applied) == (("deployment/web",), True)
    there = members.kubectl.json("get", "deployment", "web", f"--namespace={namespace}")
    assert "minReadySeconds" not in there["spec"]


def test_what_the_program_leaves_out_is_pruned(members: ApplySet, objects: tuple[Object, ...]) -> None:
    kept = [o for o in objects if o.kind != "NetworkPolicy"]
    result, _ = again(members, kept)
    assert result == Result((), (), names(kept), ("networkpolicy.networking.k8s.io/web",))


def test_a_member_that_lost_its_mark_is_applied(members: ApplySet, objects: tuple[Object, ...], namespace: str) -> None:
    members.kubectl.run("label", "service/web", "applyset.kubernetes.io/part-of-", f"--namespace={namespace}")
    result, applied = again(members, objects)
    assert (result.changed, applied) == (("service/web",), True)


def test_a_cache_that_goes_is_there_until_what_takes_its_place_stands(kubectl: Kubectl, namespace: str) -> None:
    """Until then those who call it still run as they did."""

    def cache(name: str) -> tuple[Object, ...]:
        arguments: CacheArgs = {"memory": "64Mi", "ttl": "1h", "callers": [], "namespace": namespace}
        return rendered(registered(lambda: Cache(name, arguments))).objects

    def there() -> list[str]:
        items = kubectl.json("get", "statefulsets,services", f"--namespace={namespace}")["items"]
        return sorted(f"{item['kind']} {item['metadata']['name']}" for item in items)

    def of(cache: str) -> list[str]:
        return [f"Service {cache}", f"Service {cache}-peers", f"StatefulSet {cache}"]

    members, seen = ApplySet(kubectl, namespace), list[list[str]]()
    members.apply(cache("old"))
    members.apply(cache("new"), None, lambda: seen.append(there()))
    assert seen == [sorted(of("new") + of("old"))]
    assert there() == of("new")
