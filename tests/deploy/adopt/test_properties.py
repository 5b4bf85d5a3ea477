"""Whatever manifests say: nothing of it vanishes unsaid, no secret enters the file, a plan accepts it."""

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.deploy.adopt.test_adopt import again, filled, objects
from tests.examples import so_many

from flyball.deploy.adopt.adopt import Adopted, adopt
from flyball.deploy.adopt.changes import changes
from flyball.deploy.adopt.found import gathered, items_of
from flyball.stack.read import examine

NAMES = ("front", "cart", "orders", "search")
SECRET = "hunter2-of-nobody"
PORTS = {"front": 8080, "cart": 8080, "orders": 5432, "search": 9000}

hosts = st.sampled_from([*NAMES, "elsewhere.example.org"])
values = st.one_of(
    st.sampled_from(
        ["", "info", "true", "17", "orders", "/etc/app", "$(OTHER)", f"postgres://shop:{SECRET}@orders/shop"]
    ),
    st.builds(
        "{}{}:{}".format, st.sampled_from(["", "http://", "amqp://x@"]), hosts, st.sampled_from([*PORTS.values(), 1])
    ),
    hosts,
)
variables = st.dictionaries(
    st.sampled_from(
        ["LOG", "CART_HOST", "CART_PORT", "CART_ADDR", "ORDERS_URL", "SEARCH_ENDPOINT", "SEARCH_URL", "TOPIC"]
    ),
    values,
    max_size=5,
)
resources = st.sampled_from(
    [
        {},
        {"limits": {"memory": "128Mi"}},
        {"requests": {"cpu": "0.2", "memory": "134217728"}, "limits": {"cpu": 1, "memory": "1Gi"}},
        {"requests": {"cpu": "100m", "ephemeral-storage": "1Gi"}, "limits": {"nvidia.com/gpu": 1}},
    ]
)
questions = st.sampled_from(
    [
        {"httpGet": {"path": "/ready", "port": "main"}},
        {"tcpSocket": {"port": "main"}, "initialDelaySeconds": 300},
        {"exec": {"command": ["true"]}, "periodSeconds": 30, "timeoutSeconds": 3, "failureThreshold": 5},
        {"httpGet": {"path": "/", "port": 9999}},
    ]
)
volumes = st.sampled_from(
    [
        None,
        {"emptyDir": {}},
        {"emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
        {"configMap": {"name": "settings"}},
        {"configMap": {"name": "not-here"}},
        {"secret": {"secretName": "login", "items": [{"key": "a", "path": "b/c"}]}},
        {"persistentVolumeClaim": {"claimName": "data"}},
        {"hostPath": {"path": "/var"}},
    ]
)
contexts = st.sampled_from(
    [{}, {"runAsUser": 1000, "runAsGroup": 1000}, {"runAsUser": 0}, {"readOnlyRootFilesystem": True}]
)


@st.composite
def further(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A container before the application or beside it."""
    port = draw(st.sampled_from([None, 7001, 7002]))
    env = [{"name": key, "value": value} for key, value in draw(variables).items()]
    container: dict[str, Any] = {
        "name": name,
        "image": f"registry.example/{name}:1.0",
        "args": draw(st.sampled_from([["run"], ["--password", SECRET]])),
        "env": [*env, {"name": "API_TOKEN", "value": SECRET}],
        "resources": draw(resources),
        "securityContext": draw(contexts),
        "volumeMounts": draw(st.sampled_from([[], [{"name": "some", "mountPath": "/other"}]])),
        **({"ports": [{"name": "main", "containerPort": port}]} if port else {}),
    }
    if port and draw(st.booleans()):
        container["readinessProbe"] = draw(questions)
    return container


@st.composite
def deployments(draw: st.DrawFn, name: str) -> dict[str, Any]:
    env = draw(variables)
    container: dict[str, Any] = {
        "name": name,
        "image": f"registry.example/{name}:1.0",
        "ports": [{"name": "main", "containerPort": PORTS[name]}],
        "env": [{"name": key, "value": value} for key, value in env.items()],
        "resources": draw(resources),
        "securityContext": draw(contexts),
        **{
            f"{key}Probe": draw(questions)
            for key in draw(st.sets(st.sampled_from(["readiness", "liveness", "startup"])))
        },
    }
    container["env"].append({"name": "DB_PASSWORD", "value": SECRET})
    pod: dict[str, Any] = {"containers": [container]}
    if volume := draw(volumes):
        pod["volumes"] = [{"name": "some", **volume}]
        container["volumeMounts"] = [{"name": "some", "mountPath": "/some"}]
    pod["containers"] += draw(st.lists(further("beside"), max_size=1))
    before = draw(st.lists(further("before"), max_size=1)) + draw(st.lists(further("ahead"), max_size=2))
    pod["initContainers"] = [{**each, "name": f"{each['name']}{i}"} for i, each in enumerate(before)]
    for each in pod["initContainers"]:
        if draw(st.booleans()):
            each["restartPolicy"] = "Always"
        else:
            each.pop("readinessProbe", None)
    if draw(st.booleans()):
        pod |= {"hostNetwork": True, "terminationGracePeriodSeconds": draw(st.integers(1, 900))}
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "made"},
        "spec": spec,
    }


@st.composite
def sets(draw: st.DrawFn) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [draw(deployments(name)) for name in NAMES]
    for name in NAMES:
        port = {
            "name": draw(st.sampled_from(["http", "grpc", "tcp", "main"])),
            "port": PORTS[name],
            "targetPort": "main",
        }
        spec = {"selector": {"app": name}, "ports": [port], "type": draw(st.sampled_from(["ClusterIP", "NodePort"]))}
        meta = {"name": name, "namespace": "made"}
        found.append({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec})
    settings_ = {"name": "settings", "namespace": "made"}
    found.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": settings_, "data": {"a.yaml": "x: 1\n"}})
    login = {"name": "login", "namespace": "made"}
    found.append({"apiVersion": "v1", "kind": "Secret", "metadata": login, "stringData": {"a": SECRET}})
    return found


def adopted_of(documents: list[dict[str, Any]]) -> Adopted:
    return adopt(gathered([item for each in documents for item in items_of(each, "made")], None, []))


@given(sets())
def test_nothing_vanishes_unsaid_and_a_plan_accepts_the_rest(documents: list[dict[str, Any]]) -> None:
    adopted = adopted_of(documents)
    assert SECRET not in adopted.text
    assert SECRET not in str(adopted.lost)
    config = yaml.load(adopted.text, yaml.CSafeLoader)["config"]
    assert {key.removeprefix("flyball:"): value for key, value in config.items()} == adopted.config
    for document in documents[: len(NAMES)]:
        check_variables(document["metadata"]["name"], document, adopted)
    answered = {
        **adopted.config,
        "services": {
            name: {**args, "load": {"peak": 10, "replica": 20}} for name, args in adopted.config["services"].items()
        },
    }
    assert [str(problem) for problem in examine(answered)[1]] == []


def check_variables(name: str, deployment: dict[str, Any], adopted: Adopted) -> None:
    """Each variable is one of the stack's, or the address of a call; those of further containers are theirs."""
    args = adopted.config["services"][name]
    told = {call.get("variable") for call in args.get("calls", {}).values()}
    said = {*args.get("env", {}), *args.get("refs", {}), *told}
    pod = deployment["spec"]["template"]["spec"]
    [container, *beside] = pod["containers"]
    assert {each["name"] for each in container["env"]} <= said
    found: dict[str, list[set[str]]] = {each["image"]: [] for each in (*pod["initContainers"], *beside)}
    for kind in ("init", "sidecars"):
        for each in args.get(kind, {}).values():
            found[each["image"]].append({*each.get("env", {}), *each.get("refs", {})})
    for each in (*pod["initContainers"], *beside):
        assert {variable["name"] for variable in each["env"]} in found[each["image"]]


@settings(max_examples=so_many(5))
@given(sets())
def test_it_is_a_fixed_point_from_the_second_time_on(tmp_path_factory: Any, documents: list[dict[str, Any]]) -> None:
    folder = tmp_path_factory.mktemp("made")
    once = again(filled(adopted_of(documents), folder), folder / "once")
    config = filled(once, folder)
    twice = again(config, folder / "twice")
    assert twice.config == once.config
    made = objects(config)
    found = gathered([item for o in made for item in items_of(dict(o.manifest), "made")], "made", [])
    assert changes(found, made, "made") == ([], [])
