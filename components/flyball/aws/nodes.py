"""`BaseNodes`: a managed group on demand, for controllers and for what must not hang on spot machines."""

import base64

import pulumi
import pulumi_aws as aws

from flyball.aws import machine, place
from flyball.aws.cluster import Cluster
from flyball.aws.network import Network
from flyball.guards.aws import node_config
from flyball.guards.aws.platform import Platform

_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")
"""Of a node. The CNI has a role of its own."""
_IMAGE = (
    "/aws/service/eks/optimized-ami/{version}/amazon-linux-2023/x86_64/standard/"
    "amazon-eks-node-al2023-x86_64-standard-{version}-v{date}/release_version"
)
"""Parameter of AWS that says which release an image of a date is
(https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html)."""


class BaseNodes(pulumi.ComponentResource):
    """The base group. EKS names it, so that a new one can stand beside the old.

    A change of its user data or its size of disk makes a new version of the template, and EKS replaces one node after
    the other; tags and admins change no node. How many run is EKS's to say once the group is there: to raise the floor,
    first raise the number that runs (docs/aws_residual.md).
    """

    role: aws.iam.Role
    """Of base nodes; those of Karpenter have their own."""
    group: aws.eks.NodeGroup

    def __init__(
        self,
        name: str,
        platform: Platform,
        network: Network,
        cluster: Cluster,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("flyball:aws:BaseNodes", name, {}, opts)
        child, base = pulumi.ResourceOptions(parent=self), platform.base
        self.role, rights = node_role(name, child)
        template = self._template(name, platform, child)
        self.group = aws.eks.NodeGroup(
            name,
            cluster_name=cluster.cluster.name,
            node_role_arn=self.role.arn,
            subnet_ids=network.private,
            ami_type="AL2023_x86_64_STANDARD",
            version=platform.cluster.version,
            release_version=release(platform, child),
            capacity_type="ON_DEMAND",
            instance_types=list(base.types),
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            scaling_config={"min_size": base.floor, "desired_size": base.floor, "max_size": base.ceiling},
            update_config={"max_unavailable": 1},
            node_repair_config={"enabled": True},
            opts=pulumi.ResourceOptions.merge(
                child,
                pulumi.ResourceOptions(
                    depends_on=[*rights, *cluster.needed], ignore_changes=["scalingConfig.desiredSize"]
                ),
            ),
        )
        cluster.after_nodes([self.group])
        self.register_outputs({"group": self.group.node_group_name})

    def _template(self, name: str, platform: Platform, child: pulumi.ResourceOptions) -> aws.ec2.LaunchTemplate:
        data = node_config.user_data(node_config.fields())
        tags = {"Name": f"{platform.name}-{name}", **place.tags(platform)}
        return aws.ec2.LaunchTemplate(
            name,
            update_default_version=True,
            user_data=base64.b64encode(data.encode()).decode(),
            metadata_options=machine.METADATA,
            block_device_mappings=machine.disks("/dev/xvda", platform.base.disk),
            tag_specifications=[
                {"resource_type": kind, "tags": tags} for kind in ("instance", "volume", "network-interface")
            ],
            # They are in each version, and a tag is no reason to replace a node.
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(ignore_changes=["tagSpecifications"])),
        )


def node_role(name: str, child: pulumi.ResourceOptions) -> tuple[aws.iam.Role, list[aws.iam.RolePolicyAttachment]]:
    """A role that machines take to be nodes, and its rights."""
    role = aws.iam.Role(f"{name}-node", assume_role_policy=place.trusting("ec2.amazonaws.com"), opts=child)
    rights = [
        aws.iam.RolePolicyAttachment(
            f"{name}-{policy}", role=role.name, policy_arn=f"arn:aws:iam::aws:policy/{policy}", opts=child
        )
        for policy in _POLICIES
    ]
    return role, rights


def release(platform: Platform, child: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """The release of the nodes' image, as 1.36.0-20261101; AWS is asked, for the stack file has its date alone."""
    name = _IMAGE.format(version=platform.cluster.version, date=platform.cluster.date)
    options = pulumi.InvokeOutputOptions(parent=child.parent)
    return aws.ssm.get_parameter_output(name=name, opts=options).value
