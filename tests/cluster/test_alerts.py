"""Rules, receivers and whom to scrape, by the real API server, the kinds of Prometheus' operator, and itself."""

import base64
import gzip
import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cluster.conftest import built
from tests.stack.test_alerts import ALL, CONFIG

from flyball.alerts import operator
from flyball.kubectl import Kubectl, KubectlError
from flyball.lab import ports
from flyball.lab.cluster import schemas, servers, toolchain
from flyball.lab.cluster.control_plane import ControlPlane
from flyball.lab.monitoring import programs
from flyball.stack import alerting
from flyball.stack.file import load, stack_file
from flyball.stack.read import Stack, read

pytestmark = pytest.mark.cluster
PROJECT = Path(__file__).parents[2]
EVERYTHING = {**CONFIG, "governor": {}, "caches": {"keys": {"memory": "1Gi", "ttl": "1h"}}, "alerts": ALL}
OPERATOR = "prometheus-operator"
MORE_KINDS = ("prometheuses", "alertmanagers", "servicemonitors", "probes")
"""Without which it does not look after Prometheus and Alertmanager."""


@pytest.fixture(scope="module")
def kinds(control_plane: Any) -> Kubectl:
    """The control plane, with the kinds of the operator."""
    built("kubectl")
    source = toolchain.source(toolchain.tools_dir() / "monitoring", schemas.OPERATOR)
    kubectl: Kubectl = control_plane.kubectl
    for file in schemas.operator_crds(source):
        kubectl.run("apply", "--server-side", f"--filename={file}")
    kubectl.established(*(f"crd/{kind}.{operator.GROUP}" for kind in operator.CRDS))
    return kubectl


def applied(kubectl: Kubectl, *objects: Any) -> str:
    text = "---\n".join(yaml.safe_dump(each) for each in objects)
    return kubectl.run("apply", "--server-side", "--filename=-", stdin=text)


@pytest.mark.parametrize("stack", [read(EVERYTHING), read(load(stack_file("prod", PROJECT)))], ids=["all", "prod"])
def test_what_a_stack_makes_is_taken_and_comes_back_as_it_was(kinds: Kubectl, namespace: str, stack: Stack) -> None:
    found = [{**each, "metadata": {**each["metadata"], "namespace": namespace}} for each in alerting.objects(stack)]
    assert applied(kinds, *found).count("serverside-applied") == len(found) == 4
    for each in found:
        name = f"{each['kind'].lower()}/{each['metadata']['name']}"
        live = kinds.json("get", name, f"--namespace={namespace}")
        assert live["spec"] == json.loads(json.dumps(each["spec"]))


def test_the_server_takes_any_query_but_no_wrong_duration(kinds: Kubectl, namespace: str) -> None:
    """Why queries are held against promtool before."""
    [rule] = alerting.rule_objects(read(CONFIG), {})
    rule["metadata"]["namespace"] = namespace
    bad: dict[str, str] = {"alert": "Bad", "expr": "up ="}
    assert "serverside-applied" in applied(kinds, {**rule, "spec": {"groups": [{"name": "a", "rules": [bad]}]}})
    bad = {"alert": "Bad", "expr": "up", "for": "five"}
    with pytest.raises(KubectlError, match=r"spec\.groups\[0\]\.rules\[0\]\.for"):
        applied(kinds, {**rule, "spec": {"groups": [{"name": "a", "rules": [bad]}]}})


@pytest.fixture
def started(kinds: Kubectl, control_plane: ControlPlane, namespace: str) -> Iterator[Kubectl]:
    """Prometheus' operator, which looks after the namespace with all of its kinds."""
    program = built(OPERATOR)[OPERATOR]
    source = toolchain.source(toolchain.tools_dir() / "monitoring", schemas.OPERATOR)
    folder = source / "example/prometheus-operator-crd"
    files = [f"--filename={folder}/{operator.GROUP}_{kind}.yaml" for kind in MORE_KINDS]
    kinds.run("apply", "--server-side", *files, timeout=300)
    kinds.run("wait", "--for=condition=Established", *files, "--timeout=120s", timeout=150)
    file = control_plane.folder / f"{OPERATOR}.kubeconfig"
    file.touch(mode=0o600)
    file.write_text(kinds.run("config", "view", "--raw", "--minify", "--output=json"))
    [port] = ports.free(1)
    arguments = [f"--web.listen-address=127.0.0.1:{port}", f"--namespaces={namespace}"]
    servers.run(control_plane, servers.Server(OPERATOR, program, arguments, {"KUBECONFIG": str(file)}))
    yield kinds
    servers.end(control_plane, OPERATOR)


def described(namespace: str, kind: str, **spec: Any) -> dict[str, Any]:
    """A server of the operator, which selects as the stack's labels have it."""
    metadata = {"name": "all", "namespace": namespace}
    return {"apiVersion": f"{operator.GROUP}/v1", "kind": kind, "metadata": metadata, "spec": {"replicas": 1, **spec}}


def test_the_operator_makes_of_it_what_the_rules_need(started: Kubectl, namespace: str, tmp_path: Path) -> None:
    stack = read({**EVERYTHING, "namespace": namespace})
    found = alerting.objects(stack)
    labels = {"matchLabels": ALL["rules"]["labels"]}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "flyball-alerts", "namespace": namespace},
        "stringData": {key: f"https://hooks.example/{key}" for key in SECRETS},
    }
    bad = json.loads(json.dumps(found[0]))
    bad["metadata"]["name"], bad["spec"]["groups"] = "bad", [{"name": "a", "rules": [{"alert": "A", "expr": "up ="}]}]
    selecting = {"ruleSelector": labels, "podMonitorSelector": labels}
    # Those of Debian 12, which its tools are of.
    prometheus = described(namespace, "Prometheus", version="v2.42.0", **selecting)
    receiving = described(namespace, "Alertmanager", version="v0.25.0", alertmanagerConfigSelector=labels)
    applied(started, secret, bad, *found, prometheus, receiving)

    def refused() -> list[str]:
        events = started.json("get", "events", f"--namespace={namespace}")["items"]
        return sorted({e["involvedObject"]["name"] for e in events if e["reason"] == "InvalidConfiguration"})

    # It makes its files before it has read all, and again then.
    deadline = time.monotonic() + 300
    while not (refused() and is_whole(made := written(started, namespace), found)):
        assert time.monotonic() < deadline, started.run("get", "secrets,configmaps,events", f"--namespace={namespace}")
        time.sleep(0.3)
    # It refuses what is no query, and nothing of ours.
    assert refused() == ["bad"]
    files, scraping, told = made
    [(file, text)] = files.items()
    assert yaml.safe_load(text) == {"groups": found[0]["spec"]["groups"]}
    assert {job["job_name"]: names_given(job) for job in scraping["scrape_configs"]} == {
        f"podMonitor/{namespace}/{name}/0": {
            "namespace": ["__meta_kubernetes_namespace"],
            "pod": ["__meta_kubernetes_pod_name"],
            "workload": ["__meta_kubernetes_pod_label_app_kubernetes_io_name"],
        }
        for name in ("flyball", "flyball-logs")
    }
    prefix = f"{namespace}/flyball/"
    assert [receiver["name"] for receiver in told["receivers"]] == [
        "null",
        *(f"{prefix}{receiver['name']}" for receiver in found[1]["spec"]["receivers"]),
    ]
    [route] = told["route"]["routes"]
    assert (route["receiver"], route["matchers"]) == (f"{prefix}warning", [f'namespace="{namespace}"'])
    assert [each["receiver"].removeprefix(prefix) for each in route["routes"]] == [
        each["receiver"] for each in found[1]["spec"]["route"]["routes"]
    ]
    assert [rule["equal"] for rule in told["inhibit_rules"]] == [
        rule["equal"] for rule in found[1]["spec"]["inhibitRules"]
    ]
    assert [webhook["url"] for webhook in told["receivers"][2]["webhook_configs"]] == ["https://hooks.example/page"]
    (tmp_path / file).write_text(text)
    taken_by_debians(scraping, told, tmp_path)


Written = tuple[Mapping[str, str], dict[str, Any], dict[str, Any]]


def written(kubectl: Kubectl, namespace: str) -> Written:
    """Files of rules by their names, and what Prometheus and Alertmanager are started with; nothing where it is not
    there yet."""

    def data(kind: str, name: str) -> Mapping[str, str]:
        return (kubectl.find(kind, name, f"--namespace={namespace}") or {}).get("data") or {}

    def file(name: str, key: str) -> dict[str, Any]:
        packed = data("secret", name).get(f"{key}.yaml.gz")
        return yaml.safe_load(gzip.decompress(base64.b64decode(packed))) if packed else {}

    rules = data("configmap", "prometheus-all-rulefiles-0")
    return rules, file("prometheus-all", "prometheus"), file("alertmanager-all-generated", "alertmanager")


def is_whole(made: Written, found: list[dict[str, Any]]) -> bool:
    """Whether as many rules, scrapes and receivers are there as the stack has, and one receiver of the operator's."""
    rules, scraping, told = made
    monitors = [each for each in found if each["kind"] == "PodMonitor"]
    receivers = found[1]["spec"]["receivers"]
    jobs, names = scraping.get("scrape_configs") or [], told.get("receivers") or []
    return bool(rules) and len(jobs) == len(monitors) and len(names) == len(receivers) + 1


SECRETS = ("page", "pagerduty", "smtp", "slack", "opsgenie", "watchdog")


def names_given(job: Mapping[str, Any]) -> dict[str, list[str]]:
    """Of the labels that rules join by: what a scrape gives them."""
    asked = ("namespace", "pod", "workload")
    each = [one for one in job["relabel_configs"] if one.get("target_label") in asked]
    return {one["target_label"]: one["source_labels"] for one in each}


def taken_by_debians(scraping: dict[str, Any], told: dict[str, Any], folder: Path) -> None:
    """Debian builds Prometheus without what finds pods: all else of the file is held against it."""
    if reason := programs.why_not():
        pytest.skip(f"nobody checks the files: {reason}")
    tools = programs.ensure(print) / "usr/bin"
    jobs = [{k: v for k, v in job.items() if k != "kubernetes_sd_configs"} for job in scraping["scrape_configs"]]
    documents = {"prometheus.yml": {**scraping, "scrape_configs": jobs}, "alertmanager.yml": told}
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document))
    rules = [str(file) for file in folder.glob("*.yaml")]
    for command in (
        ("promtool", "check", "config", "--syntax-only", str(folder / "prometheus.yml")),
        ("promtool", "check", "rules", *rules),
        ("amtool", "check-config", str(folder / "alertmanager.yml")),
    ):
        done = subprocess.run([tools / command[0], *command[1:]], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
