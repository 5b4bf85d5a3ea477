"""An update by the engine is left out where it would find nothing to do; whatever else there is, the engine runs."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.deploy.engine_state import CLUSTER, JOB, PROGRAM, SPACE, STACK, WEB, Place, state


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    found = Place(tmp_path)
    monkeypatch.setenv("PULUMI_BACKEND_URL", found.backend.as_uri() + "?metadata=skip")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    return found


def test_what_is_in_state_and_cluster_as_the_program_has_it_needs_no_engine(place: Place) -> None:
    assert place.count() == len(state()) == 6


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("web:1", "web:2"),
        ('"paused": False', '"paused": 0'),
        ('"paused": False', '"paused": None'),
        ('"paused": False, ', ""),
        ('"paused": False', '"paused": False, "minReadySeconds": 5'),
        ('"image": "web:1"}', '"image": "web:1"}, {"name": "proxy"}'),
        ('"web:1"', 'pulumi.Output.secret("web:1")'),
        ('"web:1"', 'pulumi.StringAsset("web:1")'),
        ('context="east"', 'context="west"'),
        ('context="east"', 'context="east", namespace="shop"'),
        ('"cluster", context="east"', '"other", context="east"'),
        ('Provider("cluster", ', 'Provider("cluster", opts=pulumi.ResourceOptions(version="4.0.0"), '),
        ("parent=self, provider=provider,", "parent=self,"),
        ("parent=self, provider", "provider"),
        ("depends_on=[space]", "depends_on=[]"),
        ('space.metadata["name"]', '"shop"'),
        ("retain_on_delete=True", "retain_on_delete=False"),
        ('ignore_changes=["spec.replicas"]', 'ignore_changes=["spec.replicas", "spec.paused"]'),
        ('ignore_changes=["spec.replicas"]', 'ignore_changes=["spec"]'),
        (', ignore_changes=["spec.replicas"]', ""),
        ('{"size": 2}', '{"size": 3}'),
        ('{"size": 2}', "{}"),
        ('pulumi.export("uid", group.web.metadata["uid"])', ""),
        ('group.web.metadata["uid"]', "group.web.id"),
        ('group.web.metadata["uid"]', 'pulumi.Output.secret("web-uid")'),
        ("pulumi.export(", "pulumi.export('more', 1)\npulumi.export("),
        ('Job("once"', 'Job("twice"'),
        ("k8s.batch.v1.Job(", "k8s.batch.v1.CronJob("),
        ("pulumi.export(", 'k8s.core.v1.ServiceAccount("new", metadata={"name": "new"}, opts=options)\npulumi.export('),
        ("k8s.batch.v1.Job(", "0 and k8s.batch.v1.Job("),
        ("retain_on_delete=True", "retain_on_delete=True, protect=True"),
        ("retain_on_delete=True", 'retain_on_delete=True, import_="shop"'),
        ("retain_on_delete=True", 'retain_on_delete=True, additional_secret_outputs=["metadata"]'),
        ("retain_on_delete=True", 'retain_on_delete=True, replace_on_changes=["metadata"]'),
        ("retain_on_delete=True", 'retain_on_delete=True, custom_timeouts=pulumi.CustomTimeouts(create="9s")'),
        ("retain_on_delete=True", 'retain_on_delete=True, custom_timeouts=pulumi.CustomTimeouts(create="9m")'),
        ("retain_on_delete=True", 'retain_on_delete=True, plugin_download_url="https://example.org"'),
        ("parent=self, ", "parent=self, deleted_with=space, "),
    ],
)
def test_a_program_that_says_something_else_needs_it(place: Place, old: str, new: str) -> None:
    assert old in PROGRAM
    (place.project / "__main__.py").write_text(PROGRAM.replace(old, new))
    assert place.count() is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"replicas": 3', '"replicas": 4'),  # its autoscaler's
        ("retain_on_delete=True", 'retain_on_delete=True, aliases=[pulumi.Alias(name="before")]'),
        ("retain_on_delete=True", "retain_on_delete=True, delete_before_replace=True"),
    ],
)
def test_what_changes_nothing_of_what_is_there_does_not(place: Place, old: str, new: str) -> None:
    assert old in PROGRAM
    (place.project / "__main__.py").write_text(PROGRAM.replace(old, new))
    assert place.count() == 6


def test_a_patch_of_what_others_have_made_needs_it(place: Place) -> None:
    """Its fields are this stack's, the object is not."""
    (place.project / "__main__.py").write_text(PROGRAM.replace("apps.v1.Deployment(", "apps.v1.DeploymentPatch("))
    place.state.write_text(place.state.read_text().replace("apps/v1:Deployment", "apps/v1:DeploymentPatch"))
    assert place.count() is None


def _set(index: int, *path: str, value: Any) -> Callable[[list[dict[str, Any]]], None]:
    def change(resources: list[dict[str, Any]]) -> None:
        there = resources[index]
        for key in path[:-1]:
            there = there[key]
        if value is None:
            del there[path[-1]]
        else:
            there[path[-1]] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        *(_set(4, key, value=True) for key in ("delete", "external", "protect", "taint", "pendingReplacement")),
        *(_set(4, key, value=True) for key in ("retainOnDelete", "refreshBeforeUpdate", "somethingNew")),
        _set(4, "initErrors", value=["it never became ready"]),
        _set(4, "aliases", value=[SPACE]),
        _set(4, "replaceOnChanges", value=["spec"]),
        _set(4, "additionalSecretOutputs", value=["spec"]),
        _set(4, "customTimeouts", value={"create": 9}),
        _set(4, "deletedWith", value=SPACE),
        _set(4, "id", value=None),
        _set(4, "inputs", "spec", "paused", value=True),
        _set(4, "inputs", "metadata", "name", value="web-3f2a"),
        _set(4, "outputs", "spec", "paused", value=True),  # as a refresh has found it
        _set(4, "outputs", "spec", "paused", value=0),
        _set(4, "outputs", "spec", "paused", value=None),
        _set(4, "outputs", "spec", "template", "containers", value=[]),
        _set(4, "outputs", "metadata", "uid", value="another"),  # which the program exports
        _set(4, "outputs", "__inputs", "spec", value={}),
        _set(4, "outputs", "__inputs", value=None),
        _set(4, "outputs", "__fieldManager", value="pulumi-kubernetes-another"),
        _set(4, "outputs", value=None),
        _set(4, "provider", value=f"{CLUSTER}::another"),
        _set(4, "parent", value=STACK),
        _set(4, "dependencies", value=[SPACE, JOB]),
        _set(4, "dependencies", value=None),
        _set(4, "propertyDependencies", "metadata", value=[]),
        _set(4, "propertyDependencies", value=None),
        _set(4, "ignoreChanges", value=None),
        _set(4, "type", value="kubernetes:apps/v1:DeploymentPatch"),
        _set(4, "custom", value=False),
        _set(3, "outputs", "size", value=True),
        _set(3, "inputs", value={"size": 2}),
        _set(2, "retainOnDelete", value=None),
        _set(1, "id", value="another"),
        _set(1, "inputs", "version", value="4.0.0"),
        _set(1, "inputs", "__internal", "pluginDownloadURL", value="https://example.org"),
        _set(1, "outputs", "context", value="west"),
        _set(0, "outputs", "more", value=1),
        _set(0, "outputs", value=None),
        _set(4, "outputs", "status", value={"4dabf18193072939515e22adb298388d": "secret", "ciphertext": "v1:"}),
        lambda resources: resources.append({**resources[4], "urn": f"{WEB}-before"}),
        lambda resources: resources.append({**resources[4], "delete": True}),
        lambda resources: resources.insert(0, {**resources[4], "delete": True}),
        lambda resources: resources.pop(),
        lambda resources: resources.clear(),
    ],
)
def test_a_state_that_is_not_what_the_program_comes_to_needs_it(
    place: Place, change: Callable[[list[dict[str, Any]]], None]
) -> None:
    resources = copy.deepcopy(state())
    change(resources)
    place.write(resources)
    assert place.count() is None


@pytest.mark.parametrize(
    "more",
    [
        {"pending_operations": [{"type": "creating", "resource": {}}]},
        {"metadata": {"integrity_error": {"version": "v3"}}},
        {"snippets": [{}]},
    ],
)
def test_a_state_that_is_not_at_rest_needs_it(place: Place, more: dict[str, Any]) -> None:
    place.write(state(), **more)
    assert place.count() is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 3}', '{"version": 3, "checkpoint": {"latest": null}}'])
def test_a_state_that_cannot_be_read_needs_it(place: Place, text: str) -> None:
    place.state.write_text(text)
    assert place.count() is None


def test_another_version_of_the_state_needs_it(place: Place) -> None:
    place.state.write_text(place.state.read_text().replace('"version": 3,', '"version": 4,', 1))
    assert place.count() is None


def test_so_does_none_a_packed_one_and_one_that_is_locked(place: Place) -> None:
    lock = place.backend / ".pulumi" / "locks" / "organization" / "flyball" / "prod" / "a.json"
    lock.parent.mkdir(parents=True)
    lock.write_text("{}")
    assert place.count() is None
    lock.unlink()
    assert place.count() == 6
    packed = place.state.with_name("prod.json.gz")
    packed.write_bytes(b"")
    assert place.count() is None
    place.state.unlink()
    assert place.count() is None
    packed.unlink()
    assert place.count() is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PULUMI_OPTION_REFRESH", "true"),
        ("PULUMI_K8S_SERVER_SIDE_APPLY", "false"),
        ("PULUMI_BACKEND_URL", "s3://states"),
        ("PULUMI_BACKEND_URL", "file:///nowhere"),
        ("PULUMI_ACCESS_TOKEN", "pul-1"),
    ],
)
def test_a_setting_of_the_clis_needs_it(place: Place, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert place.count() is None


def test_a_login_elsewhere_needs_it(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_BACKEND_URL")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    (tmp_path / "credentials.json").write_text('{"current": "https://api.example.com"}')
    assert place.count() is None


@pytest.mark.parametrize(
    ("file", "more"),
    [
        ("Pulumi.yaml", "options: {refresh: always}\n"),
        ("Pulumi.yaml", "plugins: {providers: []}\n"),
        ("Pulumi.yaml", "config: {kubernetes:context: west}\n"),
        ("stacks/Pulumi.prod.yaml", "  kubernetes:context: west\n"),
        ("stacks/Pulumi.prod.yaml", "  other:key: 1\n"),
        ("stacks/Pulumi.prod.yaml", "secretsprovider: awskms://alias/key\n"),
        ("stacks/Pulumi.prod.yaml", "environment: [shared]\n"),
        ("stacks/Pulumi.prod.yaml", "  flyball:services: {web: {secrets: {A: {secure: v1:a}}}}\n"),
    ],
)
def test_what_only_the_cli_reads_needs_it(place: Place, file: str, more: str) -> None:
    path = place.project / file
    path.write_text(path.read_text() + more)
    assert place.count() is None


def test_a_project_of_another_name_needs_it(place: Place) -> None:
    path = place.project / "Pulumi.yaml"
    path.write_text(path.read_text().replace("flyball", "shop"))
    assert place.count() is None


WEB_KEY = ("apps", "Deployment", "shop", "web")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("metadata", "uid"), "another"),
        (("metadata", "deletionTimestamp"), "2026-11-27T03:29:44Z"),
        (("metadata", "managedFields"), []),
        (("metadata", "annotations"), {"pulumi.com/replaceUnready": "true"}),
        (("spec", "paused"), True),
        (("spec", "template"), {"containers": []}),
    ],
)
def test_an_object_that_is_not_as_it_was_applied_needs_it(place: Place, path: tuple[str, str], value: Any) -> None:
    place.live[WEB_KEY][path[0]][path[1]] = value  # pyright: ignore[reportIndexIssue]
    assert place.count() is None


@pytest.mark.parametrize("key", [WEB_KEY, ("", "Namespace", "", "shop")])
def test_an_object_that_is_gone_needs_it(place: Place, key: tuple[str, str, str, str]) -> None:
    del place.live[key]
    assert place.count() is None


def test_a_job_that_goes_when_it_has_run_does_not(place: Place) -> None:
    del place.live["batch", "Job", "shop", "once"]
    assert place.count() == 6
    for file in (place.project / "__main__.py", place.state):  # one that stays
        file.write_text(file.read_text().replace("ttlSecondsAfterFinished", "backoffLimit"))
    assert place.count() is None


def test_nor_does_a_refresh_that_has_found_nothing(place: Place) -> None:
    resources = copy.deepcopy(state())
    for each in resources:
        there = {key: urns for key, urns in each.pop("propertyDependencies", {}).items() if urns}
        each.update({"propertyDependencies": there} if there else {})
    place.write(resources)
    assert place.count() == 6


def test_nor_does_what_a_later_update_has_left_to_its_owner(place: Place) -> None:
    resources = copy.deepcopy(state())
    _set(4, "outputs", "__inputs", "spec", "replicas", value=None)(resources)
    place.write(resources)
    assert place.count() == 6


def test_nor_does_what_others_have_added_or_scaled(place: Place) -> None:
    web = place.live[WEB_KEY]
    web["metadata"]["labels"] = {"theirs": "x"}
    web["spec"]["replicas"] = 7
    del web["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:replicas"]
    assert place.count() == 6
