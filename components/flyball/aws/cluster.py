"""`Cluster`: the control plane, who may enter it, and what nodes need before and after they are there."""

import hashlib
import json
from typing import Any

import pulumi
import pulumi_aws as aws

from flyball.aws import place
from flyball.aws.network import Network
from flyball.guards.aws.cluster import ADDONS, FIRST_ADDONS
from flyball.guards.aws.platform import Platform

LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
_CLUSTER_POLICY = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
_CNI_POLICY = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"
_CNI = {"env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"}}
"""https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses-procedure.html"""


class Cluster(pulumi.ComponentResource):
    """A cluster of EKS, without nodes.

    Rights come from access entries alone: who makes it gets none by that. An upgrade goes from the control plane over
    the groups of nodes to the add-ons, as each waits for the one before it. What nodes cannot do without, the CNI with
    its role first of all, is made before them and outlives them.
    """

    cluster: aws.eks.Cluster
    name: str
    """Known beforehand, also in the first preview."""
    security_group: pulumi.Output[str]
    """Id of the group that EKS makes, in which nodes are too."""
    needed: list[pulumi.Resource]
    """What has to be there before nodes, and as long as they are."""

    def __init__(
        self,
        name: str,
        platform: Platform,
        network: Network,
        key: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("flyball:aws:Cluster", name, {}, opts)
        self.name, self._platform, self._child = platform.name, platform, pulumi.ResourceOptions(parent=self)
        self.cluster = self._control_plane(name, network, key)
        self.security_group = self.cluster.vpc_config.apply(lambda config: str(config.cluster_security_group_id))
        self._admins()
        agent = self._addon("eks-pod-identity-agent", [])
        self.needed = [agent, self._addon("kube-proxy", []), self._cni(agent)]
        self.register_outputs({"name": self.cluster.name, "endpoint": self.cluster.endpoint})

    def _control_plane(self, name: str, network: Network, key: pulumi.Input[str]) -> aws.eks.Cluster:
        wanted, child = self._platform.cluster, self._child
        # EKS would make it by itself, and keep what is in it for ever.
        logs = aws.cloudwatch.LogGroup(
            name,
            name=f"/aws/eks/{self.name}/cluster",
            retention_in_days=wanted.log_days,
            kms_key_id=key,
            opts=child,
        )
        trust = place.trusting("eks.amazonaws.com")
        role = aws.iam.Role(name, assume_role_policy=trust, opts=child)
        rights = aws.iam.RolePolicyAttachment(name, role=role.name, policy_arn=_CLUSTER_POLICY, opts=child)
        return aws.eks.Cluster(
            name,
            name=self.name,
            version=wanted.version,
            role_arn=role.arn,
            access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
            bootstrap_self_managed_addons=False,
            deletion_protection=wanted.protect,
            enabled_cluster_log_types=list(LOGS),
            encryption_config={"provider": {"key_arn": key}, "resources": ["secrets"]},
            # Without it a version that is out of support is paid six times as much, and upgraded a year later.
            upgrade_policy={"support_type": "STANDARD"},
            vpc_config={
                "subnet_ids": network.private,
                "endpoint_private_access": True,
                "endpoint_public_access": bool(wanted.public),
                "public_access_cidrs": list(wanted.public) or None,
            },
            opts=pulumi.ResourceOptions.merge(
                child, pulumi.ResourceOptions(depends_on=[logs, rights], protect=wanted.protect)
            ),
        )

    def _admins(self) -> None:
        for arn in self._platform.cluster.admins:
            # By its ARN, so that another one in the list is no new name for it.
            name = f"admin-{hashlib.sha256(arn.encode()).hexdigest()[:10]}"
            entry = aws.eks.AccessEntry(name, cluster_name=self.cluster.name, principal_arn=arn, opts=self._child)
            aws.eks.AccessPolicyAssociation(
                name,
                cluster_name=self.cluster.name,
                principal_arn=entry.principal_arn,
                policy_arn=_ADMIN,
                access_scope={"type": "cluster"},
                opts=self._child,
            )

    def _cni(self, agent: pulumi.Resource) -> aws.eks.Addon:
        """Its role is its own and no node's: pods on a node cannot take it."""
        role = place.pod_role("vpc-cni", self._platform, self._child)
        rights = aws.iam.RolePolicyAttachment("vpc-cni", role=role.name, policy_arn=_CNI_POLICY, opts=self._child)
        return self._addon(
            "vpc-cni",
            [agent, rights],
            configuration_values=json.dumps(_CNI, sort_keys=True),
            pod_identity_associations=[{"role_arn": role.arn, "service_account": "aws-node"}],
        )

    def _addon(self, name: str, after: list[pulumi.Resource], **more: Any) -> aws.eks.Addon:
        """What was changed in the cluster by hand is put back: what is not in the file, nobody has seen."""
        assert name in ADDONS
        return aws.eks.Addon(
            name,
            cluster_name=self.cluster.name,
            addon_name=name,
            addon_version=self._platform.cluster.addons.get(name),
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            opts=place.after(self._child, after),
            **more,
        )

    def after_nodes(self, nodes: list[pulumi.Resource]) -> None:
        """The add-ons that need nodes to run on."""
        for name in ADDONS:
            if name not in FIRST_ADDONS:
                self._addon(name, nodes)

    @property
    def kubeconfig(self) -> pulumi.Output[str]:
        """Without any secret: who uses it asks AWS for a token, with credentials of their own."""
        command = ["eks", "get-token", "--cluster-name", self.name, "--region", self._platform.region]
        user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "aws", "args": command}}
        user["exec"]["interactiveMode"] = "Never"

        def whole(values: list[Any]) -> str:
            server = {"server": values[0], "certificate-authority-data": values[1]["data"]}
            document = {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": self.name, "cluster": server}],
                "users": [{"name": self.name, "user": user}],
                "contexts": [{"name": self.name, "context": {"cluster": self.name, "user": self.name}}],
                "current-context": self.name,
            }
            return json.dumps(document, sort_keys=True)

        authority = self.cluster.certificate_authority.apply(lambda found: {"data": found.data})
        return pulumi.Output.all(self.cluster.endpoint, authority).apply(whole)
