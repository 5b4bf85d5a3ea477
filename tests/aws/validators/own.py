"""What no validator catches, by rules of our own over captured inputs."""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from tests.aws.validators.wiring import values

from flyball.deploy.registered import Registered
from flyball.deploy.stand_ins import REGION
from flyball.guards.aws.network import ENDPOINTS

Check = Callable[[Mapping[str, Any]], Iterator[str]]


def problems(resource: Registered) -> Iterator[str]:
    """What is wrong with the inputs of a resource."""
    for check in (_everywhere, *_CHECKS.get(resource.type, ())):
        yield from (f"{resource.name}: {problem}" for problem in check(resource.inputs))


def _everywhere(inputs: Mapping[str, Any]) -> Iterator[str]:
    for path, key, text in values(dict(inputs), ""):
        if key == "availabilityZone" and not re.fullmatch(f"{REGION}[a-z]", text):
            yield f"{path}: {text} is no zone of {REGION}"
        if key in ("instanceType", "instanceTypes") and text not in _known():
            yield f"{path}: {text} is no type that the SDK knows"
        if text in ("$Latest", "$Default"):
            yield f"{path}: {text} changes under whoever reads it"


_LOGS = {"api", "audit", "authenticator", "controllerManager", "scheduler"}


@cache
def _known() -> set[str]:
    import pulumi_aws  # its part for EC2 takes long to load

    return {member.value for member in pulumi_aws.ec2.InstanceType}


def _network(inputs: Mapping[str, Any]) -> Iterator[str]:
    try:
        length = ipaddress.ip_network(str(inputs["cidrBlock"])).prefixlen
    except ValueError:
        yield "its range is none"
        return
    if "/" not in inputs["cidrBlock"] or not 16 <= length <= 28:
        yield f"its range is {inputs['cidrBlock']}, and AWS takes /16 to /28"


def _group(inputs: Mapping[str, Any]) -> Iterator[str]:
    for rule in [*(inputs.get("ingress") or ()), *(inputs.get("egress") or ())]:
        ports = [rule["fromPort"], rule["toPort"]]
        numbers = all(isinstance(port, int) and 0 <= port <= 65_535 for port in ports)
        if numbers and ports[0] > ports[1]:
            yield f"its ports {ports} are in no order"
        elif not numbers:
            yield f"its ports are {ports}"
        if rule["protocol"] not in ("tcp", "udp", "icmp", "-1"):
            yield f"its protocol is {rule['protocol']}"


def _endpoint(inputs: Mapping[str, Any]) -> Iterator[str]:
    if inputs["serviceName"].removeprefix(f"com.amazonaws.{REGION}.") not in (*ENDPOINTS, "s3"):
        yield f"{inputs['serviceName']} is no service of ours"


def _flows(inputs: Mapping[str, Any]) -> Iterator[str]:
    if inputs["maxAggregationInterval"] not in (60, 600):
        yield f"looks each {inputs['maxAggregationInterval']} s, and AWS knows 60 and 600"


def _cluster(inputs: Mapping[str, Any]) -> Iterator[str]:
    if set(inputs["enabledClusterLogTypes"]) != _LOGS:
        yield f"logs {inputs['enabledClusterLogTypes']}"
    if inputs["encryptionConfig"]["resources"] != ["secrets"]:
        yield f"encrypts {inputs['encryptionConfig']['resources']}, and EKS knows secrets alone"


def _entry(inputs: Mapping[str, Any]) -> Iterator[str]:
    if inputs.get("type", "STANDARD") not in ("STANDARD", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2"):
        yield f"its type is {inputs['type']}"


def _association(inputs: Mapping[str, Any]) -> Iterator[str]:
    if not inputs["policyArn"].startswith("arn:aws:eks::aws:cluster-access-policy/"):
        yield f"{inputs['policyArn']} is of IAM, and not of clusters"


def _nodes(inputs: Mapping[str, Any]) -> Iterator[str]:
    scaling = inputs["scalingConfig"]
    if not scaling["minSize"] <= scaling["maxSize"]:
        yield f"its minimum is {scaling['minSize']}, and its maximum {scaling['maxSize']}"
    if inputs["updateConfig"].get("maxUnavailable") != 1:
        yield "takes more than one node at a time"


def _template(inputs: Mapping[str, Any]) -> Iterator[str]:
    metadata = inputs.get("metadataOptions", {})
    if metadata.get("httpPutResponseHopLimit") != 1 or metadata.get("httpTokens") != "required":
        yield "lets pods ask a machine for its credentials"
    for volume in inputs.get("blockDeviceMappings", ()):
        if volume["ebs"].get("encrypted") != "true":
            yield f"{volume['deviceName']} is not encrypted"


_CHECKS: Mapping[str, tuple[Check, ...]] = {
    "aws:ec2/vpc:Vpc": (_network,),
    "aws:ec2/subnet:Subnet": (_network,),
    "aws:ec2/securityGroup:SecurityGroup": (_group,),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (_endpoint,),
    "aws:ec2/flowLog:FlowLog": (_flows,),
    "aws:eks/cluster:Cluster": (_cluster,),
    "aws:eks/accessEntry:AccessEntry": (_entry,),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": (_association,),
    "aws:eks/nodeGroup:NodeGroup": (_nodes,),
    "aws:ec2/launchTemplate:LaunchTemplate": (_template,),
}
