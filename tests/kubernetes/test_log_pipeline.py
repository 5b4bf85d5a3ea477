"""The log pipeline as objects."""

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.provider.server import ProviderServicer
from pulumi.runtime.sync_await import _sync_await
from tests.kubernetes.packaged import package
from tests.kubernetes.programs import SERVICE, Objects, objects, registered

from flyball.collector.config import configuration
from flyball.guards.aws.nodes import SHUTDOWN
from flyball.guards.clean_up.retention import MI
from flyball.guards.workload.file_logs import IMAGE
from flyball.guards.workload.pipeline import VERSION, Pipeline, Target
from flyball.guards.workload.priorities import GUARDS
from flyball.kubernetes import Job, LogPipeline, LogPipelineArgs, Refused, Services, Workload
from flyball.kubernetes.workload.priority import priority_class
from flyball.lab.cluster.programs import pinned_version

TOOLS = Path(__file__).parents[2] / "tools"
TO = {"otlp": "https://logs.example:4318", "secret": "logs-token"}


def made(**more: Any) -> Objects:
    args: Any = {"to": TO, **more}
    return objects(lambda: LogPipeline("logs", args))


def daemons(**more: Any) -> dict[str, Any]:
    return made(**more)["DaemonSet flyball-logs"]["spec"]["template"]["spec"]


def test_its_image_is_the_version_that_is_tried() -> None:
    assert pinned_version(TOOLS / "collector", "go.opentelemetry.io/collector/otelcol") == f"v{VERSION}"
    container, mender = daemons()["containers"]
    assert container["image"] == f"docker.io/otel/opentelemetry-collector-k8s:{VERSION}"
    assert mender["image"] == IMAGE
    assert daemons(mender="registry.example/bash:5")["containers"][1]["image"] == "registry.example/bash:5"


def test_what_it_consists_of() -> None:
    found = made(owner="platform", environment="prod")
    [config] = [name for name in found if name.startswith("ConfigMap")]
    assert set(found) == {
        "Namespace flyball-logs",
        "DaemonSet flyball-logs",
        "NetworkPolicy flyball-logs",
        "PriorityClass flyball.logs.guards",
        config,
    }
    ours = {
        "app.kubernetes.io/name": "flyball-logs",
        "app.kubernetes.io/managed-by": "flyball",
        "flyball.dev/environment": "prod",
        "flyball.dev/owner": "platform",
    }
    assert all(each["metadata"]["labels"].items() >= ours.items() for each in found.values())
    # Folders of the node are not for restricted pods.
    assert found["Namespace flyball-logs"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"


def test_pods_run_the_configuration_of_the_rules_and_restart_with_a_new_one() -> None:
    names: set[str] = set()
    for redact in (["a"], ["b"]):
        found = made(redact=redact)
        [name] = [each.removeprefix("ConfigMap ") for each in found if each.startswith("ConfigMap")]
        text = found[f"ConfigMap {name}"]["data"]["collector.yaml"]
        pipeline = Pipeline(Target(TO["otlp"], secret=TO["secret"]), redact=tuple(redact))
        assert json.loads(text) == configuration(pipeline)
        assert {"name": "config", "configMap": {"name": name}} in daemons(redact=redact)["volumes"]
        names.add(name)
    assert len(names) == 2


def test_what_a_collector_gets_and_may_do() -> None:
    pod = daemons(memory="256Mi")
    container, mender = pod["containers"]
    assert container["args"] == [
        "--config=/etc/collector/collector.yaml",
        "--feature-gates=+stanza.synchronousLogEmitter",
    ]
    assert container["env"] == [
        {"name": "FLYBALL_NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        {"name": "GOMEMLIMIT", "value": str(256 * MI * 8 // 10)},
        {"name": "FLYBALL_LOGS_TOKEN", "valueFrom": {"secretKeyRef": {"name": "logs-token", "key": "token"}}},
    ]
    assert container["resources"] == {
        "requests": {"cpu": "100m", "memory": "256Mi", "ephemeral-storage": "64Mi"},
        "limits": {"cpu": "1", "memory": "256Mi", "ephemeral-storage": "64Mi"},
    }
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"], "add": ["DAC_READ_SEARCH"]},
    }
    # It writes nowhere but into its own folder.
    assert [mount["name"] for mount in container["volumeMounts"] if not mount.get("readOnly")] == ["state"]
    assert pod["automountServiceAccountToken"] is False
    assert mender["command"] == ["/bin/bash", "/etc/collector/mend.sh"]
    assert mender["resources"]["limits"] == {"cpu": "100m", "memory": "32Mi", "ephemeral-storage": "64Mi"}
    # It reads no logs.
    assert [mount["name"] for mount in mender["volumeMounts"]] == ["config", "state"]
    assert mender["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert pod["tolerations"] == [{"operator": "Exists"}]


def test_where_a_node_goes_down_it_still_reads_what_applications_wrote_at_their_end() -> None:
    """They end before, by their priority; its own time is that of guards."""
    pod = daemons()
    assert pod["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}
    assert 5_000 < SHUTDOWN[GUARDS] <= pod["terminationGracePeriodSeconds"] * 1000
    assert made()["PriorityClass flyball.logs.guards"]["value"] == GUARDS


def test_services_take_no_collector_its_place_and_it_takes_none_of_theirs() -> None:
    """On a full node the scheduler ends what matters less: a collector without a class, and the logs stay there."""
    found = made()
    [collectors] = [each for name, each in found.items() if name.startswith("PriorityClass")]
    assert daemons()["priorityClassName"] == collectors["metadata"]["name"]
    assert collectors["value"] > priority_class("services", {})["value"]
    assert collectors["preemptionPolicy"] == "Never"


@pytest.mark.parametrize("namespace", ["logs", "guards", "flyball"])
def test_its_priority_is_that_of_no_set_service_or_job(namespace: str) -> None:
    """A PriorityClass is of the whole cluster, in which a namespace or a service may well be called so."""
    service: Any = {**SERVICE, "callers": [], "namespace": namespace}
    run: Any = {"image": "registry.example/run:1"}
    job: Any = {**run, "namespace": namespace}
    both: Any = {"services": {"front": SERVICE}, "jobs": {"run": run}, "namespace": namespace}

    def others() -> None:
        Services("set", both)
        Workload("logs", service)
        Job("guards", job)

    theirs, ours = ({each for each in found if each.startswith("PriorityClass")} for found in (objects(others), made()))
    assert (len(theirs), len(ours), theirs & ours) == (4, 1, set())


def test_without_a_secret_there_is_no_token() -> None:
    found = made(to={"logstash": "https://logs.example:8080"})
    [config] = [each["data"]["collector.yaml"] for name, each in found.items() if name.startswith("ConfigMap")]
    assert "Authorization" not in config
    container, _ = found["DaemonSet flyball-logs"]["spec"]["template"]["spec"]["containers"]
    assert [each["name"] for each in container["env"]] == ["FLYBALL_NODE", "GOMEMLIMIT"]


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("https://logs.example:4318", {"ports": [{"protocol": "TCP", "port": 4318}]}),
        ("https://logs.example", {"ports": [{"protocol": "TCP", "port": 443}]}),
        ("http://logs.monitoring.svc", {"ports": [{"protocol": "TCP", "port": 80}]}),
    ],
)
def test_it_talks_to_who_takes_the_logs_and_is_asked_for_its_metrics(url: str, rule: dict[str, Any]) -> None:
    policy = made(to={"otlp": url})["NetworkPolicy flyball-logs"]["spec"]
    resolvers = made()["NetworkPolicy flyball-logs"]["spec"]["egress"][:-1]
    assert policy["egress"] == [*resolvers, rule]
    monitoring = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    assert policy["ingress"] == [{"from": [monitoring], "ports": [{"protocol": "TCP", "port": 8888}]}]


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_made() -> None:
    args: Any = {"to": {"otlp": "logs", "secrets": "x"}, "queue": "1", "owner": "a b", "platfrom": {}}
    with pytest.raises(Refused) as refused:
        registered(lambda: LogPipeline("logs", args))
    assert str(refused.value).splitlines() == [
        "logs.platfrom: is not a known key; did you mean 'platform'?",
        "logs.to.secrets: is not a known key; did you mean 'secret'?",
        "logs.owner: 'a b' is no label value;"
        " at most 63 letters, digits, dashes, dots and underscores, with a letter or digit at both ends",
        "logs.to.otlp: 'logs' is no URL of a server; as https://logs.example:4318, without user, query and fragment",
        "logs.queue: is 1; allowed is at least 4Mi",
    ]


def test_other_languages_get_what_python_gets() -> None:
    sent: dict[str, Any] = {"to": TO, "redact": ["a"], "platform": {"name": "gke"}, "queue": "64Mi"}
    args: LogPipelineArgs = {"to": {**TO}, "redact": ["a"], "platform": {"name": "gke"}, "queue": "64Mi"}  # pyright: ignore[reportAssignmentType]
    wire = json_format.ParseDict(sent, struct_pb2.Struct())

    def program() -> None:
        package().construct(
            "logs", "flyball:index:LogPipeline", _sync_await(ProviderServicer._construct_inputs(wire, {}))
        )

    assert registered(program) == registered(lambda: LogPipeline("logs", args))
