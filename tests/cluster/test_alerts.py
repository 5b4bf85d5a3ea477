"""Rules, receivers and whom to scrape, by the real API server and the kinds of Prometheus' operator."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cluster.conftest import built
from tests.stack.test_alerts import ALL, CONFIG

from flyball.alerts import operator
from flyball.kubectl import Kubectl, KubectlError
from flyball.lab.cluster import schemas, toolchain
from flyball.stack import alerting
from flyball.stack.file import load, stack_file
from flyball.stack.read import Stack, read

pytestmark = pytest.mark.cluster
PROJECT = Path(__file__).parents[2]
EVERYTHING = {**CONFIG, "governor": {}, "caches": {"keys": {"memory": "1Gi", "ttl": "1h"}}, "alerts": ALL}


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
