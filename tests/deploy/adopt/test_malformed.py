"""Manifests that are none: a problem with its path, whatever stands where, and never a traceback."""

from pathlib import Path
from typing import Any

import pytest
from tests.deploy.adopt.test_adopt import deployment, refused

from flyball.deploy.adopt.adopt import adopt
from flyball.deploy.adopt.found import Item, gathered, in_files, items_of
from flyball.guards.reading.problem import Problem, Refused
from flyball.guards.reading.rules import MISSING, WRONG_TYPE

IMAGE = {"name": "web", "image": "web:1"}
WORD = "a text, a number, or true or false"
NONE = "has no container; name at least one"
NO_MANIFEST = "a manifest has apiVersion, kind and metadata; other files belong elsewhere"
NO_MAP = "is no map; a manifest has apiVersion, kind and metadata"
LISTED = "a.yaml.items[0].items[0]"


def service(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}


def web(**container: Any) -> dict[str, Any]:
    """A Deployment that the Service web leads to."""
    template = {"spec": {"containers": [{"name": "web", "image": "web:1", **container}]}}
    return deployment("web", template={"metadata": {"labels": {"app": "web"}}, **template})


def test_a_port_without_a_number(tmp_path: Path) -> None:
    ports = [{"name": "http", "port": 80}, {"name": "further", "targetPort": 9000}]
    assert refused(tmp_path, web(), service(selector={"app": "web"}, ports=ports)) == (
        "a.yaml[1]: service web.spec.ports[1].port: is missing; it is a whole number"
    )


AT = "a.yaml: deployment web.spec.template"
CONTAINER = f"{AT}.spec.containers[0]"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (web(ports=["8080"]), f"{CONTAINER}.ports[0]: is not a map"),
        (web(ports="8080"), f"{CONTAINER}.ports: is not a list"),
        (web(ports=[{"name": "http"}]), f"{CONTAINER}.ports[0].containerPort: is missing; it is a whole number"),
        (
            web(ports=[{"containerPort": "8080"}]),
            f"{CONTAINER}.ports[0].containerPort: is not a whole number; write it without quotes",
        ),
        (web(ports=[{"containerPort": True}]), f"{CONTAINER}.ports[0].containerPort: is not a whole number"),
        (web(env={"A": "b"}), f"{CONTAINER}.env: is not a list"),
        (web(env=[None]), f"{CONTAINER}.env[0]: is empty; leave it out"),
        (web(env=[{"name": ["A"]}]), f"{CONTAINER}.env[0].name: is not a text"),
        (web(args="run"), f"{CONTAINER}.args: is not a list"),
        (web(resources={"limits": {"cpu": {}}}), f"{CONTAINER}.resources.limits.cpu: is not {WORD}"),
        (
            web(readinessProbe={"periodSeconds": "5"}),
            f"{CONTAINER}.readinessProbe.periodSeconds: is not a whole number; write it without quotes",
        ),
        (web(securityContext={1: 2}), f"{CONTAINER}.securityContext.1: has a name that is no text; quote it"),
        (
            deployment("web", template={"metadata": {"labels": {"tier": 1}}, "spec": {"containers": [IMAGE]}}),
            f"{AT}.metadata.labels.tier: is not a text; quote it",
        ),
        (
            deployment("web", template={"spec": {"containers": [IMAGE], "volumes": [{"emptyDir": {}}]}}),
            f"{AT}.spec.volumes[0].name: is missing; it is a text",
        ),
        (
            {**deployment("web"), "metadata": {"name": "web", "labels": ["app"]}},
            "a.yaml: deployment web.metadata.labels: is not a map",
        ),
        ({**deployment("web"), "metadata": None}, f"a.yaml: has no metadata.name; {NO_MANIFEST}"),
        (deployment("web", template={"spec": {"containers": {"web": IMAGE}}}), f"{AT}.spec.containers: {NONE}"),
        (service(ports=[{"port": "http"}]), "a.yaml: service web.spec.ports[0].port: is not a whole number"),
        ({"apiVersion": "v1", "kind": "List", "items": [{"kind": "List", "items": [[]]}]}, f"{LISTED}: {NO_MAP}"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_is_of_another_type(tmp_path: Path, document: dict[str, Any], said: str) -> None:
    assert refused(tmp_path, document) == said


def test_all_at_once(tmp_path: Path) -> None:
    one = web(ports=["8080"], env=[{"value": "x"}])
    assert refused(tmp_path, one, service(selector=["app"], ports=8080)).splitlines() == [
        f"{CONTAINER.replace('a.yaml', 'a.yaml[0]')}.ports[0]: is not a map",
        f"{CONTAINER.replace('a.yaml', 'a.yaml[0]')}.env[0].name: is missing; it is a text",
        "a.yaml[1]: service web.spec.selector: is not a map",
        "a.yaml[1]: service web.spec.ports: is not a list",
    ]


def test_what_a_file_says_twice_and_what_is_empty(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("---\n---\nkind: Service\nkind: Job\n", encoding="utf-8")
    with pytest.raises(Refused) as error:
        in_files(tmp_path)
    assert str(error.value) == "a.yaml:4:1: cannot be read as YAML: 'kind' is given twice"


def test_lists_of_lists_and_empty_documents_are_passed_through(tmp_path: Path) -> None:
    within = {"apiVersion": "v1", "kind": "List", "items": [web()]}
    items = items_of({"apiVersion": "v1", "kind": "List", "items": [within, service(ports=[])]}, "a.yaml")
    assert [item.origin for item in items] == ["a.yaml.items[0].items[0]", "a.yaml.items[1]"]
    assert [*adopt(gathered(items, None, [])).config["services"]] == ["web"]


OTHERS = (None, "text", "7", 7, True, 1.5, [], ["text"], [7], [[]], [{}], {}, {"a": "b"}, {"a": {}}, {"a": [7]})


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of each value within."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(each for key, one in inner for each in places(one, (*at, key)))]


def put(value: Any, at: tuple[Any, ...], other: Any) -> Any:
    """The same with another value at one path."""
    if not at:
        return other
    if isinstance(value, list):
        return [put(each, at[1:], other) if i == at[0] else each for i, each in enumerate(value)]
    return {**value, at[0]: put(value[at[0]], at[1:], other)}


HERE = in_files(Path(__file__).parent / "cases" / "charts.yaml")


def test_whatever_stands_where_is_a_problem_or_is_adopted() -> None:
    """Each value of each manifest is once of another type, which goes round; what is taken nonetheless is adopted."""
    said: list[Problem] = []
    taken: list[list[Item]] = []
    for k, item in enumerate(HERE.items):
        taken.append([item])
        for i, at in enumerate(places(item.manifest)):
            try:
                taken[-1] += items_of(put(item.manifest, at, OTHERS[(i + k) % len(OTHERS)]), item.origin)
            except Refused as refused:
                said += refused.problems
    assert said
    assert all(problem.path and problem.rule in (MISSING, WRONG_TYPE) for problem in said)
    for i in range(max(map(len, taken))):
        items = {(item.kind, item.name): item for item in (each[i % len(each)] for each in taken)}
        assert adopt(gathered(items.values(), HERE.namespace, [])).text
