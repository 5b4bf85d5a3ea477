"""Nothing of a manifest vanishes unsaid: another value is another file, or the value is listed, or it means nothing."""

import re
from pathlib import Path
from typing import Any

import pytest
from tests.deploy.adopt.walk import TYPES, Walk

from flyball.deploy.adopt import written
from flyball.deploy.adopt.adopt import adopt
from flyball.deploy.adopt.found import in_files

FIELDS = sorted((Path(__file__).parent / "fields").glob("*.yaml"))
NOTHING = {
    r".*: (apiVersion|kind|status)": "what it is, and what the API server writes of it",
    r".*: (.*\.)?metadata(\.(?!labels|annotations).*)?": "its names, and what the API server writes",
    r".*: metadata\.labels(\..*)?": "of objects that nobody selects; those of pods are on all that the stack makes",
    r".*\.(clusterIPs?|ipFamilies|healthCheckNodePort|nodePort)(\[0\])?": "an address that the API server gives",
    r"service (?!single).*\.(allocateLoadBalancerNodePorts|loadBalancer(Class|SourceRanges))": "of balancers alone",
    r".*\.(priority|preemptionPolicy)": "what the API server writes from the priority class",
    r".*: spec\.(jobTemplate\.spec\.)?(selector|manualSelector)\b.*": "of workloads: which pods are its own",
    r".*\.enableServiceLinks": "whom it calls is said by `calls`",
    r".*(fieldRef|scaleTargetRef)\.apiVersion|.*\.volumeMode": "it has one value",
    r".*\.metrics\[\d\]\.(type|.*\.target\.type)": "it says which of its neighbours is there",
    r"(deployment|statefulset).*\.spec\.restartPolicy": "it has one value",
    r".*\.serviceAccount": "the old name of its neighbour",
    r".*\.(runAsNonRoot|capabilities\.drop(\[0\])?|fsGroupChangePolicy)": "no pod of a stack may do more",
    r".*ontainers\[0\]\.name": "it is called as its service, or as its job",
    r".*\.ports\[\d\]\.(name|protocol)": "numbers say where a port leads, and Services how",
    r"service.*\.ports\[1\]\.appProtocol": "past the proxy it is no other than bytes",
    r"(deployment single|statefulset store).*ontainers\[0\]\.ports.*": "the Service says by numbers where it leads",
    r".*\.initialDelaySeconds": "the probe of the start asks for so long",
    r".*\.configMapKeyRef\.optional": "it is there",
    r"deployment web.*\.volumeMounts\[[1-4]\]\.readOnly": "files are only read",
    r"deployment scaled: spec\.replicas": "its autoscaler says how many there are",
    r"deployment single: spec\.strategy(\.type)?": "of what is there once the old one always ends first",
    r"ingress.*\.service\.port\.name": "its number says it",
    r"configmap.*: (immutable|binaryData.*|data(\.(app.toml|a.txt|some))?)": "it is there as before, for who mounts it",
}
"""What may be another one without a word, and why."""
DEFAULTS: dict[str, tuple[Any, ...]] = {
    "concurrencyPolicy": ("Allow",),
    "backoffLimit": (2,),
    "imagePullPolicy": ("IfNotPresent",),
    "restartPolicy": ("Always", "Never"),
    "protocol": ("TCP",),
    "operator": ("Equal", "Exists"),
    "scheme": ("HTTP",),
    "pathType": ("Prefix",),
    "terminationMessagePath": ("/dev/termination-log",),
    "terminationMessagePolicy": ("File",),
    "externalTrafficPolicy": ("Cluster",),
    "internalTrafficPolicy": ("Cluster",),
    "sessionAffinity": ("None",),
    "whenDeleted": ("Retain",),
    "whenScaled": ("Retain",),
    "schedulerName": ("default-scheduler",),
    "podManagementPolicy": ("OrderedReady",),
    "dnsPolicy": ("ClusterFirst", "ClusterFirstWithHostNet"),
    "maxUnavailable": (0, "0%"),
    "medium": ("",),
    "replicas": (1,),
    "minReadySeconds": (0,),
    **dict.fromkeys(("periodSeconds", "timeoutSeconds", "failureThreshold", "successThreshold"), (0,)),
    **dict.fromkeys(("initialDelaySeconds", "hostPort", "averageUtilization", "partition"), (0,)),
    **dict.fromkeys(("automountServiceAccountToken", "optional", "readOnly", "privileged"), (False,)),
    **dict.fromkeys(("allowPrivilegeEscalation", "runAsNonRoot", "readOnlyRootFilesystem"), (False,)),
    **dict.fromkeys(("publishNotReadyAddresses", "suspend"), (False,)),
    **dict.fromkeys(("activeDeadlineSeconds", "progressDeadlineSeconds", "targetCPUUtilizationPercentage"), (0,)),
    **dict.fromkeys(("targetPort", "seconds", "defaultMode"), (0,)),
    "number": (80, 0),
    "appProtocol": ("http",),
    "hosts": (["web.example.com"],),
    "0": ("web.example.com",),
    "fsGroup": (999, 1000, 0),
    "runAsGroup": (1000,),
    "accessModes": (["ReadWriteOnce"],),
    "type": ("ClusterIP", "RollingUpdate"),
    "allocateLoadBalancerNodePorts": (True,),
    "port": ("main", "side", 7001, 8080, {"number": 80}),
    "prometheus.io/scrape": ("false",),
}
"""What a field is taken as where it is not there: by the API, or by the stack, whose defaults then hold."""


def is_nothing(where: str, key: str, value: Any) -> bool:
    return any(re.fullmatch(each, where) for each in NOTHING) or value in DEFAULTS.get(key, ())


@pytest.mark.parametrize("file", FIELDS, ids=lambda file: file.stem)
def test_nothing_vanishes_unsaid(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Thousands of files would be written as YAML; of what each is made is what counts.
    monkeypatch.setattr(written, "to_text", lambda config, notes, head: repr((config, notes.comments, head)))
    walk = Walk(in_files(file), is_nothing)
    silent = [each for item in walk.found.items if item.kind in TYPES for each in walk.silent(item)]
    assert silent == []


def services(stem: str, *written_otherwise: tuple[str, str], folder: Path) -> dict[str, Any]:
    """What the stack file has of one of the files, in which some words are others."""
    text = (Path(__file__).parent / "fields" / f"{stem}.yaml").read_text(encoding="utf-8")
    for before, after in written_otherwise:
        assert before in text
        text = text.replace(before, after)
    (folder / "a.yaml").write_text(text, encoding="utf-8")
    return dict(adopt(in_files(folder)).config)


@pytest.mark.parametrize(
    ("said", "figures"),
    [
        ('"9100"', {"port": 9100, "path": "/figures"}),
        ("admin", {"port": 9000, "path": "/figures"}),
        ("nowhere", None),
    ],
)
def test_figures_are_found_by_the_name_of_their_port_too(said: str, figures: object, tmp_path: Path) -> None:
    given = ('prometheus.io/port: "9100"', f"prometheus.io/port: {said}")
    assert services("web", given, folder=tmp_path)["services"]["web"].get("metrics") == figures


@pytest.mark.parametrize(("said", "percent"), [("1", 33), ("2", 66), ("3", 100), ("30%", 30), ("0", 25)])
def test_what_a_surge_is_in_percent(said: str, percent: int, tmp_path: Path) -> None:
    args = services("mail", ("maxSurge: 2", f"maxSurge: {said}"), folder=tmp_path)["services"]["mail"]
    assert args.get("rollout", {}).get("surge", 25) == percent


@pytest.mark.parametrize(("mode", "said"), [("0400", "0400"), ("256", "0400"), ("0755", "0555"), ("0644", "0444")])
def test_rights_are_octal_digits_too(mode: str, said: str, tmp_path: Path) -> None:
    files = services(
        "volumes", ("name: config, defaultMode: 365", f"name: config, defaultMode: {mode}"), folder=tmp_path
    )
    assert files["services"]["web"]["files"]["config"].get("mode", "0444") == said


def test_who_pulls_images_for_an_account_is_said(tmp_path: Path) -> None:
    assert services("web", folder=tmp_path)["platform"]["registry"]["secrets"] == ["of-the-account", "registry-login"]


def test_how_many_runs_are_kept(tmp_path: Path) -> None:
    assert services("cron", folder=tmp_path)["jobs"]["nightly"]["history"] == 5
