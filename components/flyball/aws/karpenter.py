"""`Karpenter`: what the controller of spot nodes may do in the account, and what its nodes are there.

The controller itself and its pools are objects of the cluster: `flyball.kubernetes.pools`, in the services' stack.
"""

from typing import Any

import pulumi
import pulumi_aws as aws

from flyball.aws import place
from flyball.aws.cluster import Cluster
from flyball.aws.interruptions import Interruptions
from flyball.aws.nodes import node_role
from flyball.guards.aws import names
from flyball.guards.aws.platform import Platform

_OWNED, _POOL = "kubernetes.io/cluster/{}", "karpenter.sh/nodepool"
_LOOKS = (
    "DescribeCapacityReservations",
    "DescribeImages",
    "DescribeInstanceStatus",
    "DescribeInstanceTypeOfferings",
    "DescribeInstanceTypes",
    "DescribeInstances",
    "DescribeLaunchTemplates",
    "DescribePlacementGroups",
    "DescribeSecurityGroups",
    "DescribeSpotPriceHistory",
    "DescribeSubnets",
)


class Karpenter(pulumi.ComponentResource):
    """Roles of the controller and of its nodes.

    It launches only what carries the cluster's tag and that of a pool, ends only that, and hands out one role. Nodes
    get an instance profile that exists, so that it needs no right to make any.
    """

    role: aws.iam.Role

    def __init__(
        self,
        name: str,
        platform: Platform,
        cluster: Cluster,
        interruptions: Interruptions,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("flyball:aws:Karpenter", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        node, rights = node_role(f"{name}-spot", child)
        after = place.after(child, rights)
        profile = aws.iam.InstanceProfile(name, name=names.profile(platform.name), role=node.name, opts=after)
        aws.eks.AccessEntry(
            f"{name}-spot", cluster_name=cluster.cluster.name, principal_arn=node.arn, type="EC2_LINUX", opts=child
        )
        # Of the group that EKS makes, by which nodes and what they speak with find each other.
        for key, value in place.discovery(platform).items():
            aws.ec2.Tag(name, resource_id=cluster.security_group, key=key, value=value, opts=child)
        self.role = place.pod_role(name, platform, child)
        given = pulumi.Output.all(node.arn, profile.arn, cluster.cluster.arn, interruptions.queue.arn)
        policy = given.apply(lambda arns: place.document(*_statements(platform, *arns)))
        allowed = aws.iam.RolePolicy(name, role=self.role.name, policy=policy, opts=child)
        aws.eks.PodIdentityAssociation(
            name,
            cluster_name=cluster.cluster.name,
            namespace=names.KARPENTER_NAMESPACE,
            service_account=names.KARPENTER,
            role_arn=self.role.arn,
            opts=place.after(child, [allowed, *cluster.needed]),
        )
        self.register_outputs({"role": self.role.arn})


def _statements(platform: Platform, node: str, profile: str, cluster: str, queue: str) -> list[dict[str, Any]]:
    """The rights, each for what it is (https://karpenter.sh/docs/reference/cloudformation/)."""
    region, account = platform.region, platform.account
    owned = _OWNED.format(platform.name)
    ours = {"StringEquals": {f"aws:ResourceTag/{owned}": "owned"}, "StringLike": {f"aws:ResourceTag/{_POOL}": "*"}}
    asked = {"StringEquals": {f"aws:RequestTag/{owned}": "owned"}, "StringLike": {f"aws:RequestTag/{_POOL}": "*"}}
    made = [f"arn:aws:ec2:{region}:{account}:{kind}/*" for kind in ("fleet", "instance", "launch-template")]
    made += [f"arn:aws:ec2:{region}:{account}:{kind}/*" for kind in ("network-interface", "spot-instances-request")]
    made.append(f"arn:aws:ec2:{region}:{account}:volume/*")
    used = [f"arn:aws:ec2:{region}::{kind}/*" for kind in ("image", "snapshot")]
    used += [f"arn:aws:ec2:{region}:{account}:{kind}/*" for kind in ("security-group", "subnet")]
    templates = f"arn:aws:ec2:{region}:{account}:launch-template/*"
    launch = ["ec2:CreateFleet", "ec2:RunInstances"]
    creates = {"ec2:CreateAction": ["CreateFleet", "CreateLaunchTemplate", "RunInstances"]}
    return [
        _allow("LaunchFrom", launch, used),
        _allow("LaunchByOwnTemplates", launch, [templates], ours),
        _allow("Launch", [*launch, "ec2:CreateLaunchTemplate"], made, asked),
        _allow(
            "TagWhatIsMade",
            ["ec2:CreateTags"],
            made,
            {**asked, "StringEquals": {**asked["StringEquals"], **creates}},
        ),
        _allow(
            "NameItsInstances",
            ["ec2:CreateTags"],
            [f"arn:aws:ec2:{region}:{account}:instance/*"],
            {
                **ours,
                "ForAllValues:StringEquals": {
                    "aws:TagKeys": ["Name", "eks:eks-cluster-name", "karpenter.sh/nodeclaim"]
                },
            },
        ),
        _allow("EndItsOwn", ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"], [made[1], templates], ours),
        _allow(
            "Look",
            [f"ec2:{action}" for action in _LOOKS],
            ["*"],
            {"StringEquals": {"aws:RequestedRegion": region}},
        ),
        _allow("Images", ["ssm:GetParameter"], [f"arn:aws:ssm:{region}::parameter/aws/service/*"]),
        _allow("Prices", ["pricing:GetProducts"], ["*"]),
        _allow("Interruptions", ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"], [queue]),
        _allow("HandOut", ["iam:PassRole"], [node], {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}),
        _allow("Profile", ["iam:GetInstanceProfile"], [profile]),
        _allow("Profiles", ["iam:ListInstanceProfiles"], ["*"]),
        _allow("Cluster", ["eks:DescribeCluster"], [cluster]),
    ]


def _allow(
    sid: str, actions: list[str], resources: list[str], condition: dict[str, Any] | None = None
) -> dict[str, Any]:
    found = {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": sorted(resources)}
    return {**found, "Condition": condition} if condition else found
