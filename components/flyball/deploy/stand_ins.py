"""Stands in for AWS where a program runs in this process: ids and ARNs of the right kind, always the same for a name.

What they look like: https://docs.aws.amazon.com/service-authorization/latest/reference/ lists the ARNs of each service.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime import mocks, rpc

from flyball.deploy.program import Cloud

ACCOUNT, REGION = "123456789012", "eu-central-1"

_IDS: Mapping[str, str] = {
    "aws:ec2/vpc:Vpc": "vpc-",
    "aws:ec2/subnet:Subnet": "subnet-",
    "aws:ec2/securityGroup:SecurityGroup": "sg-",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "sg-",
    "aws:ec2/internetGateway:InternetGateway": "igw-",
    "aws:ec2/natGateway:NatGateway": "nat-",
    "aws:ec2/routeTable:RouteTable": "rtb-",
    "aws:ec2/eip:Eip": "eipalloc-",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "vpce-",
    "aws:ec2/launchTemplate:LaunchTemplate": "lt-",
    "aws:ec2/flowLog:FlowLog": "fl-",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "sgr-",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "sgr-",
}
"""Ids by type, a hash after each; of all others the id is the name."""
_ARNS: Mapping[str, str] = {
    "aws:iam/role:Role": "arn:aws:iam::{account}:role/{name}",
    "aws:iam/policy:Policy": "arn:aws:iam::{account}:policy/{name}",
    "aws:iam/instanceProfile:InstanceProfile": "arn:aws:iam::{account}:instance-profile/{name}",
    "aws:kms/key:Key": "arn:aws:kms:{region}:{account}:key/{uuid}",
    "aws:cloudwatch/logGroup:LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}",
    "aws:eks/cluster:Cluster": "arn:aws:eks:{region}:{account}:cluster/{name}",
    "aws:sqs/queue:Queue": "arn:aws:sqs:{region}:{account}:{name}",
    "aws:sns/topic:Topic": "arn:aws:sns:{region}:{account}:{name}",
    "aws:s3/bucket:Bucket": "arn:aws:s3:::{name}",
    "aws:autoscaling/group:Group": "arn:aws:autoscaling:{region}:{account}:autoScalingGroup:{uuid}"
    ":autoScalingGroupName/{name}",
    "aws:autoscaling/policy:Policy": "arn:aws:autoscaling:{region}:{account}:scalingPolicy:{uuid}:policyName/{name}",
    "aws:lb/loadBalancer:LoadBalancer": "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/{name}/{hex}",
    "aws:lb/targetGroup:TargetGroup": "arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{name}/{hex}",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor": "arn:aws:ce::{account}:anomalymonitor/{uuid}",
    "aws:cloudwatch/eventRule:EventRule": "arn:aws:events:{region}:{account}:rule/{name}",
}
"""ARNs by type; types that are not here have none that anybody reads."""
_NAME_KEYS = ("name", "bucket", "nodeGroupName")
"""Inputs that name a resource; where none is given its name in the program, and a hash as Pulumi adds one, does."""
_MORE: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "aws:ec2/launchTemplate:LaunchTemplate": lambda hash: {"latestVersion": 1},
    "aws:eks/cluster:Cluster": lambda hash: {
        "endpoint": f"https://{hash.upper()}.gr7.{REGION}.eks.amazonaws.com",
        "certificateAuthority": {"data": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t"},
        "vpcConfig": {"clusterSecurityGroupId": f"sg-{hash[:17]}"},
    },
    "aws:sqs/queue:Queue": lambda hash: {"url": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{hash[:16]}"},
    "aws:lb/loadBalancer:LoadBalancer": lambda hash: {
        "arnSuffix": f"app/of-{hash[:7]}/{hash[:16]}",
        "dnsName": f"of-{hash[:7]}.{REGION}.elb.amazonaws.com",
    },
    "aws:lb/targetGroup:TargetGroup": lambda hash: {"arnSuffix": f"targetgroup/of-{hash[:7]}/{hash[:16]}"},
    "aws:kms/key:Key": lambda hash: {"keyId": _uuid(hash)},
}
"""Other outputs by type."""


class StandIns(Cloud):
    """Answers as an account would that made everything at once."""

    def made(self, request: Any) -> tuple[str, Any] | None:
        if not request.type.startswith("aws:"):
            return None
        inputs = rpc.deserialize_properties(request.object)
        digest = hashlib.sha256(f"{request.type} {request.name}".encode()).hexdigest()
        name = next((inputs[key] for key in _NAME_KEYS if isinstance(inputs.get(key), str)), "")
        name = name or f"{request.name}-{digest[:7]}"
        prefix = _IDS.get(request.type)
        identity = f"{prefix}{digest[:17]}" if prefix else name
        outputs = struct_pb2.Struct()
        outputs.CopyFrom(request.object)
        more: dict[str, Any] = {"name": name, **_MORE.get(request.type, lambda hash: {})(digest)}
        if arn := _ARNS.get(request.type):
            more["arn"] = arn.format(account=ACCOUNT, region=REGION, name=name, uuid=_uuid(digest), hex=digest[:16])
        for key, value in more.items():
            before = inputs.get(key)
            outputs[key] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
        return identity, outputs

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        """What an account says of images."""
        if args.token == "aws:ssm/getParameter:getParameter":
            name = str(args.args["name"])
            version, date = name.split("/")[5], name.rpartition("-v")[2].partition("/")[0]
            return {**args.args, "id": name, "value": f"{version}.0-{date}"}, []
        return super().call(args)


def _uuid(digest: str) -> str:
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
