"""From registered resources to files: names, order, secrets, and folders that are left alone."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
import yaml

from flyball.deploy.manifests import Object, Rendered, rendered, to_yaml, write
from flyball.deploy.program import run
from flyball.deploy.registered import Registered
from flyball.guards.reading.problem import Refused
from flyball.kubernetes import Workload, WorkloadArgs

SECRET = "open sesame"
ARGS: WorkloadArgs = {
    "image": "registry.example/web:1",
    "port": 80,
    "load": {"peak": 1, "replica": 1},
    "callers": [],
    "namespace": "shop",
    "secrets": {"TOKEN": SECRET},
}
FILES = [
    "00-namespace-shop.yaml",
    "02-priorityclass-shop.api.yaml",
    "02-priorityclass-shop.web.yaml",
    "05-serviceaccount-shop.api.yaml",
    "05-serviceaccount-shop.web.yaml",
    "08-networkpolicy-shop.api.yaml",
    "08-networkpolicy-shop.web.yaml",
    "09-configmap-shop.api-proxy-HASH.yaml",
    "09-configmap-shop.web-proxy-HASH.yaml",
    "10-secret-shop.api-env.yaml",
    "10-secret-shop.web-env.yaml",
    "11-service-shop.api.yaml",
    "11-service-shop.web.yaml",
    "12-poddisruptionbudget-shop.api.yaml",
    "12-poddisruptionbudget-shop.web.yaml",
    "13-deployment-shop.api.yaml",
    "13-deployment-shop.web.yaml",
    "15-horizontalpodautoscaler-shop.api.yaml",
    "15-horizontalpodautoscaler-shop.web.yaml",
    "99-widget-shop.any.yaml",
    "plan.jsonl",
]


class Bucket(pulumi.CustomResource):
    """A resource of another cloud."""

    def __init__(self, name: str, **inputs: Any) -> None:
        super().__init__("cloud:storage:Bucket", name, inputs)


def shop() -> None:
    Workload("web", ARGS)
    Workload("api", ARGS)
    k8s.core.v1.Namespace("shop", metadata={"name": "shop"})
    k8s.apiextensions.CustomResource(
        "any", api_version="example.org/v1", kind="Widget", metadata={"name": "any", "namespace": "shop"}
    )
    Bucket("logs", days=30, key=pulumi.Output.secret(SECRET))


@pytest.fixture(scope="module")
def result() -> Rendered:
    return rendered(run(shop, "shop", "dev"))


def objects(*resources: Registered) -> tuple[Object, ...]:
    return rendered(resources).objects


def config_map(name: str = "a", **more: Any) -> Registered:
    head = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}}
    return Registered(
        type="kubernetes:core/v1:ConfigMap",
        name=name,
        urn=f"urn:pulumi:dev::shop::kubernetes:core/v1:ConfigMap::{more.get('urn', name)}",
        parent="",
        inputs={**head, **more.get("inputs", {})},
        outputs=None,
        ignored=more.get("ignored", ()),
        after=frozenset(),
        provider="",
        secrets=frozenset(more.get("secrets", ())),
        custom=True,
    )


def test_files_are_named_after_kind_and_object_in_the_order_of_need(result: Rendered, tmp_path: Path) -> None:
    paths = write(result, tmp_path / "out")
    assert [unhashed(path) for path in paths] == FILES
    assert sorted(unhashed(path) for path in (tmp_path / "out").iterdir()) == FILES


def unhashed(path: Path) -> str:
    """The name of a file, without what depends on the content of its object."""
    return re.sub(r"-proxy-[0-9a-f]{10}\.", "-proxy-HASH.", path.name)


def test_files_hold_the_objects(result: Rendered, tmp_path: Path) -> None:
    read = [yaml.safe_load(path.read_text()) for path in write(result, tmp_path / "out")[:-1]]
    assert read == [o.shown() for o in result.objects]
    assert [[*o][:3] for o in read] == [["apiVersion", "kind", "metadata"]] * len(read)


def test_the_same_program_gives_the_same_bytes_in_another_process(result: Rendered, tmp_path: Path) -> None:
    """Hashes and the order of keys on the wire differ from process to process."""
    program = (
        "import sys, pathlib\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "from tests.deploy.test_manifests import rendered, run, shop, write\n"
        f"write(rendered(run(shop, 'shop', 'dev')), pathlib.Path({str(tmp_path / 'other')!r}))\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    write(result, tmp_path / "own")
    own, other = ({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("own", "other"))
    assert own == other


def test_a_second_render_touches_no_file(result: Rendered, tmp_path: Path) -> None:
    def times() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}

    write(result, tmp_path)
    before = times()
    write(result, tmp_path)
    assert times() == before


def test_files_of_objects_that_are_no_more_are_removed(tmp_path: Path) -> None:
    write(Rendered(objects(config_map("a"), config_map("b")), ()), tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    write(Rendered(objects(config_map("b")), ()), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["09-configmap-shop.b.yaml", "notes.txt", "plan.jsonl"]


@pytest.mark.parametrize("make", ["file", "folder"])
def test_what_is_no_folder_of_rendered_files_is_left_alone(make: str, result: Rendered, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    if make == "file":
        foreign.write_text("mine")
    else:
        foreign.mkdir()
        (foreign / "00-mine.yaml").write_text("mine")
    with pytest.raises(Refused) as refused:
        write(result, foreign)
    assert str(refused.value) == f"{foreign}: is no folder of rendered files; name a new or an empty one"
    kept = foreign if make == "file" else foreign / "00-mine.yaml"
    assert kept.read_text() == "mine"
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [kept]


def test_no_file_holds_the_value_of_a_secret(result: Rendered, tmp_path: Path) -> None:
    held = [o for o in result.objects if SECRET in repr(o.manifest)]
    assert [o.file_name for o in held] == ["10-secret-shop.api-env.yaml", "10-secret-shop.web-env.yaml"]
    for path in write(result, tmp_path):
        assert SECRET.encode() not in path.read_bytes(), path
    shown = yaml.safe_load((tmp_path / "10-secret-shop.web-env.yaml").read_text())
    assert shown["stringData"] == {"TOKEN": "withheld"}


def test_other_clouds_resources_go_into_the_plan_one_on_a_line(result: Rendered, tmp_path: Path) -> None:
    write(result, tmp_path)
    assert [json.loads(line) for line in (tmp_path / "plan.jsonl").read_text().splitlines()] == [
        {
            "type": "cloud:storage:Bucket",
            "name": "logs",
            "urn": "urn:pulumi:dev::shop::cloud:storage:Bucket::logs",
            "inputs": {"days": 30, "key": "withheld"},
        }
    ]


def test_kubectl_reads_the_files_of_objects_and_no_other(result: Rendered, tmp_path: Path) -> None:
    """Of a folder it takes what ends so (k8s.io/cli-runtime, pkg/resource, FileExtensions)."""
    paths = write(result, tmp_path)
    assert [path.name for path in paths if path.suffix not in {".json", ".yaml", ".yml"}] == ["plan.jsonl"]


def test_what_is_left_to_the_autoscaler_is_known(result: Rendered) -> None:
    assert {o.file_name: o.ignored for o in result.objects if o.ignored} == {
        "13-deployment-shop.api.yaml": ("spec.replicas",),
        "13-deployment-shop.web.yaml": ("spec.replicas",),
    }


def test_secrets_in_visible_places_are_refused_all_at_once() -> None:
    visible = config_map("a", inputs={"data": {"key": SECRET}}, secrets=["data"])
    labelled = config_map("b", secrets=["metadata"])
    with pytest.raises(Refused) as refused:
        rendered([visible, labelled, config_map("c")])
    hint = "give secret values under `secrets`, which keeps them in a Secret"
    assert str(refused.value).splitlines() == [
        f"ConfigMap a: data: holds a secret where everybody can read it; {hint}",
        f"ConfigMap b: metadata: holds a secret where everybody can read it; {hint}",
    ]


def test_two_resources_for_one_object_are_refused() -> None:
    with pytest.raises(Refused) as refused:
        rendered([config_map("a"), config_map("a", urn="again"), config_map("b")])
    assert str(refused.value) == "ConfigMap shop/a: is made by two resources; rename one of them"


def test_objects_without_a_name_of_their_own_are_refused() -> None:
    with pytest.raises(Refused) as refused:
        rendered([config_map("a", inputs={"metadata": {"namespace": "shop"}})])
    assert str(refused.value) == "ConfigMap a: has no metadata.name; name it; apply needs stable names"


def test_an_object_of_the_whole_cluster_has_no_namespace() -> None:
    (found,) = objects(config_map("a", inputs={"kind": "ClusterRole", "metadata": {"name": "reader"}}))
    assert (found.key, found.file_name) == (("", "ClusterRole", "", "reader"), "03-clusterrole-reader.yaml")


def test_patches_and_components_are_no_objects() -> None:
    def program() -> None:
        k8s.core.v1.ConfigMapPatch("patch", metadata={"name": "theirs"}, data={"key": "value"})
        k8s.helm.v3.Release("release", chart="nginx")
        k8s.Provider("cluster", context="here")
        pulumi.ComponentResource("test:index:Empty", "empty")

    result = rendered(run(program, "shop", "dev"))
    assert result.objects == ()
    assert [other.name for other in result.others] == ["patch", "release"]


def test_yaml_is_what_people_write() -> None:
    shared = {"app": "web"}
    text = "a line that is long enough to be folded by a serializer that folds at eighty characters"
    assert to_yaml({"b": shared, "a": shared, "text": text, "on": "on", "lines": "one\ntwo\n", "grüße": "ä"}) == (
        f"b:\n  app: web\na:\n  app: web\ntext: {text}\n'on': 'on'\nlines: |\n  one\n  two\ngrüße: ä\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "1e3",
        "4711e5",
        "-1.5E+3",
        "1.",
        ".5",
        "0o17",
        "017",
        "0x1f",
        "0b1",
        "1_000",
        "12",
        "3.0",
        "1:30",
        ".inf",
        ".NaN",
        "2001-12-14",
        "yes",
        "No",
        "on",
        "OFF",
        "y",
        "N",
        "true",
        "null",
        "~",
        "=",
        "<<",
        "@a",
        "%a",
        "#",
        "-",
        "",
        "- a",
        "a: b",
        " a",
    ],
)
def test_text_that_looks_like_something_else_is_quoted(text: str) -> None:
    """Also what is text to PyYAML and a number to the YAML library of kubectl."""
    assert to_yaml({"value": text}) == f"value: '{text}'\n"
