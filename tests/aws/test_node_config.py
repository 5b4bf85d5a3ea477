"""What a node is told at its start: MIME as Python reads it, and a kubelet's configuration as the kubelet itself does.

The kubelet's own decoding, which is strict, and its validation run in a small Go program on the pinned Kubernetes.
"""

import base64
import email
import hashlib
import json
import os
import subprocess
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from tests.aws.capture import cases, of_case

from flyball import paths
from flyball.lab.cluster import toolchain
from flyball.lab.cluster.programs import COMPILER_FLAGS
from flyball.lab.locks import exclusive

ROOT = Path(__file__).parents[2]
HEAD = {"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration"}
Judge = Callable[[dict[str, Any]], str]


def message(case: str) -> Message:
    (template,) = (r for r in of_case(case) if r.type.endswith(":LaunchTemplate") and r.name == "base")
    return email.message_from_bytes(base64.b64decode(template.inputs["userData"]))


def fields(case: str) -> dict[str, Any]:
    """Those of the kubelet, out of the NodeConfig of a case."""
    (part,) = message(case).get_payload()
    assert isinstance(part, Message)
    return json.loads(str(part.get_payload()))["spec"]["kubelet"]["config"]


@pytest.mark.parametrize("case", cases())
def test_it_is_mime_with_one_part_of_nodeadm_s(case: str) -> None:
    found = message(case)
    assert found.get_content_type() == "multipart/mixed"
    assert not found.defects
    (part,) = found.get_payload()
    assert isinstance(part, Message)
    assert (part.get_content_type(), part.defects) == ("application/node.eks.aws", [])
    document = json.loads(str(part.get_payload()))
    assert set(document) == {"apiVersion", "kind", "spec"}
    assert (document["apiVersion"], document["kind"]) == ("node.eks.aws/v1alpha1", "NodeConfig")


def test_applications_end_before_who_ships_their_logs_and_the_network_last() -> None:
    found = fields("prod-platform")
    assert (found["shutdownGracePeriod"], found["shutdownGracePeriodCriticalPods"]) == ("0s", "0s")
    steps = [
        (each["priority"], each["shutdownGracePeriodSeconds"]) for each in found["shutdownGracePeriodByPodPriority"]
    ]
    assert steps == [(0, 110), (1_000_000_000, 15), (2_000_000_000, 20)]


def test_all_of_it_takes_no_longer_than_aws_own_nodes_do() -> None:
    """https://github.com/awslabs/amazon-eks-ami/pull/2390."""
    steps = fields("prod-platform")["shutdownGracePeriodByPodPriority"]
    assert sum(each["shutdownGracePeriodSeconds"] for each in steps) <= 150


@pytest.fixture(scope="module")
def judge() -> Judge:
    """What a kubelet says of fields; nothing where it would start with them."""
    pins, source = ROOT / "tools/controlplane", ROOT / "tools/kubelet/main.go"
    key = hashlib.sha256(COMPILER_FLAGS.encode())
    for file in (pins / "go.mod", pins / "go.sum", source):
        key.update(hashlib.sha256(file.read_bytes()).digest())
    program = paths.bin_dir() / f"kubelet-{key.hexdigest()[:16]}" / "configuration"
    program.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(paths.bin_dir() / "kubelet.lock", lambda: None):
        # Go, too, would find that it is built, and takes most of a second for that.
        if not program.exists():
            toolchain.check_go(pins)
            built = program.with_suffix(".partial")
            # As the control plane is built, which has compiled most of it.
            flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", f"-gcflags={COMPILER_FLAGS}", "-ldflags=-s -w"]
            command = ["go", "build", *flags, "-o", str(built), str(source)]
            subprocess.run(command, cwd=pins, env=toolchain.go_environment(), check=True, timeout=1800)
            built.rename(program)
        os.utime(program.parent)  # it is in use, see `toolchain`

    def said(found: dict[str, Any]) -> str:
        text = json.dumps({**HEAD, **found})
        return subprocess.run([program], input=text, capture_output=True, text=True, timeout=60).stdout

    return said


@pytest.mark.checkers
@pytest.mark.parametrize("case", cases())
def test_a_kubelet_of_the_pinned_release_starts_with_it(case: str, judge: Judge) -> None:
    assert judge(fields(case)) == ""


@pytest.mark.checkers
@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"containerLogMaxSizes": "50Mi"}, 'unknown field "containerLogMaxSizes"'),
        ({"containerLogMaxFiles": 1}, "containerLogMaxFiles"),
        ({"containerLogMaxFiles": "three"}, "cannot unmarshal"),
        ({"maxPods": -1}, "maxPods"),
        ({"shutdownGracePeriodCriticalPods": "120s"}, "shutdownGracePeriodCriticalPods"),
        ({"shutdownGracePeriod": "150s", "shutdownGracePeriodCriticalPods": "30s"}, "shutdownGracePeriodByPodPriority"),
        ({"shutdownGracePeriod": "110"}, "missing unit"),
        ({"imageGCLowThresholdPercent": 90}, "imageGCLowThresholdPercent"),
        ({"containerLogMaxWorkers": 0}, "containerLogMaxWorkers"),
    ],
)
def test_what_a_kubelet_does_not_start_with(changed: dict[str, Any], says: str, judge: Judge) -> None:
    assert says in judge({**fields("prod-platform"), **changed})


@pytest.mark.checkers
@pytest.mark.parametrize("changed", [{"containerLogMaxSize": "fifty"}, {"evictionHard": {"memory.availabel": "100Mi"}}])
def test_what_its_validation_does_not_see(changed: dict[str, Any], judge: Judge) -> None:
    """A kubelet reads these later, and then ends: they come from the rules of nodes, which show sizes and signals."""
    assert judge({**fields("prod-platform"), **changed}) == ""
