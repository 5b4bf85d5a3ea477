"""Files of an application: those that are made follow what is in them, those that exist are taken by their name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pulumi
import pytest
from tests.kubernetes.programs import arguments, objects, registered, workload

from flyball.deploy import proxies, revisions
from flyball.deploy.manifests import rendered
from flyball.deploy.program import run_program
from flyball.guards.reading.problem import Refused
from flyball.kubectl import Played
from flyball.kubernetes import Job, Workload
from flyball.stack.file import load

ROOT = Path(__file__).parents[2]
SITE: Any = {"site": {"path": "/etc/site", "content": {"a.conf": "one"}}}
KEYS: Any = {"keys": {"path": "/etc/keys", "secrets": {"tls.key": "open sesame"}}}


def test_what_is_only_known_later_gives_the_same_object() -> None:
    def program() -> None:
        later = pulumi.Output.from_input("one")
        Workload("web", arguments(files={"site": {"path": "/etc/site", "content": {"a.conf": later}}}))

    assert objects(program) == workload(files=SITE)


def test_a_name_that_is_not_known_yet_stops_no_preview() -> None:
    def program() -> None:
        unknown = pulumi.Output.from_input(pulumi.runtime.rpc.UNKNOWN)  # pyright: ignore[reportAttributeAccessIssue]
        Workload("web", arguments(files={"site": {"path": "/etc/site", "content": {"a.conf": unknown}}}))

    assert "web-files-site" in {each.name for each in registered(program, preview=True)}


def test_a_secret_among_plain_files_is_refused() -> None:
    def program() -> None:
        hidden = pulumi.Output.secret("one")
        Workload("web", arguments(files={"site": {"path": "/etc/site", "content": {"a.conf": hidden}}}))

    with pytest.raises(Refused, match="holds a secret where everybody can read it"):
        objects(program)


def test_a_secret_shows_neither_in_its_name_nor_in_what_is_rendered() -> None:
    found = rendered(registered(lambda: Workload("web", arguments(files=KEYS)))).objects
    assert "open sesame" not in "".join(str(o.shown()) for o in found)


def _job(files: Any) -> str:
    found = objects(lambda: Job("migrate", {"image": "registry.example/migrate:1", "files": files}))
    (name,) = (key for key in found if key.startswith("Job "))
    pod = found[name]["spec"]["template"]["spec"]
    assert [each["name"] for each in pod["volumes"]] == ["tmp", f"files-{next(iter(files))}"]
    assert pod["containers"][0]["volumeMounts"][1]["mountPath"] == next(iter(files.values()))["path"]
    return name


@pytest.mark.parametrize(("files", "key"), [(SITE, "content"), (KEYS, "secrets")])
def test_other_files_are_another_run_of_a_job(files: Any, key: str) -> None:
    name, each = next(iter(files.items()))
    assert _job(files) == _job(files) != _job({name: {**each, key: {"a.conf": "two"}}})


STACK = """\
config:
  flyball:environment: dev
  flyball:owner: shop
  flyball:namespace: shop
  flyball:cluster: local
  flyball:defaults: {files: {site: {path: /etc/site, beside: {a.conf: site/a.conf}}}}
  flyball:services: {web: {image: example.org/web:1.0, port: 8080, load: {peak: 100, replica: 50}}}
"""


def _of_stack(folder: Path, text: str) -> list[str]:
    (folder / "site").mkdir(exist_ok=True)
    (folder / "site/a.conf").write_text(text, encoding="utf-8")
    (folder / "Pulumi.dev.yaml").write_text(STACK, encoding="utf-8")
    found = rendered(run_program(ROOT, "dev", load(folder / "Pulumi.dev.yaml"))).objects
    made = [o for o in found if o.name.startswith("web-files-")]
    assert [o.manifest["data"] for o in made] == [{"a.conf": text}]
    return [o.name for o in made]


def test_a_file_beside_the_stack_file_is_read_and_followed(tmp_path: Path) -> None:
    assert _of_stack(tmp_path, "one") == _of_stack(tmp_path, "one") != _of_stack(tmp_path, "two")


def test_pulumi_itself_finds_files_where_the_stack_files_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the CLI hands over is what stands in the file: paths."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks/a.conf").write_text("one", encoding="utf-8")
    for name in ("__main__.py", "Pulumi.yaml"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    files = {"site": {"path": "/etc/site", "beside": {"a.conf": "a.conf"}}}
    service = {"image": "example.org/web:1.0", "port": 8080, "load": {"peak": 100, "replica": 50}, "files": files}
    config: Any = {"environment": "dev", "owner": "shop", "namespace": "shop", "cluster": "local"}
    found = rendered(run_program(tmp_path, "dev", {**config, "services": {"web": service}})).objects
    assert [o.manifest["data"] for o in found if "files" in o.name] == [{"a.conf": "one"}]
    (tmp_path / "stacks/a.conf").unlink()
    with pytest.raises(pulumi.RunError, match=r"services.web.files.site.beside.a.conf: a.conf cannot be read"):
        run_program(tmp_path, "dev", {**config, "services": {"web": service}})


def test_haproxy_is_not_asked_of_an_applications_own_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    own: Any = {"own": {"path": "/etc/own", "content": {"haproxy.cfg": "mine"}}}
    found = rendered(registered(lambda: Workload("web", arguments(files=own, proxy={"enabled": False})))).objects
    said: list[str] = []
    proxies.check(found, said.append)
    assert said == []


class Cluster(Played):
    """Has the objects of earlier revisions, and one ReplicaSet that names some of them."""

    def __init__(self, there: Sequence[dict[str, Any]], pod: dict[str, Any]) -> None:
        super().__init__(Path("kubectl"), None)
        owner = {"kind": "Deployment", "name": "web"}
        replica_set = {"metadata": {"ownerReferences": [owner]}, "spec": {"template": {"spec": pod}}}
        self.__dict__.update(there=there, sets=[replica_set], deleted=[])

    def listed(self, plural: str, namespace: str = "", selector: str = "", *, api: str = "v1") -> list[dict[str, Any]]:
        found = {"replicasets": self.__dict__["sets"], "jobs": []}
        return found.get(plural, [each for each in self.__dict__["there"] if f"{each['kind'].lower()}s" == plural])

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60.0, accept: tuple[int, ...] = (0,)) -> str:
        self.__dict__["deleted"].append(arguments)
        return ""


def test_files_of_revisions_that_are_gone_go_and_those_of_others_stay() -> None:
    def revision(text: str) -> list[Any]:
        files = {"site": {"path": "/a", "content": {"a": text}}, "keys": {"path": "/b", "secrets": {"b": text}}}
        return list(rendered(registered(lambda: Workload("web", arguments(files=files)))).objects)

    def made(objects: Sequence[Any]) -> list[dict[str, Any]]:
        return [dict(o.manifest) for o in objects if "-files-" in o.name]

    now, before, long_ago = revision("now"), revision("before"), revision("long ago")
    (pod,) = (o.manifest["spec"]["template"]["spec"] for o in before if o.kind == "Deployment")
    settings = {"kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "default", "labels": {}}}
    cluster = Cluster([*made(now), *made(before), *made(long_ago), settings], pod)
    gone = [f"{o['kind'].lower()}/{o['metadata']['name']}" for o in made(long_ago)]
    assert sorted(revisions.sweep(cluster, now)) == sorted(gone)
    assert len(cluster.__dict__["deleted"]) == 2
