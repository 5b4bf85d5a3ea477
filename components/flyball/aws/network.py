"""`Network`: private and public subnets in each zone, the ways out, and the record of who spoke with whom."""

import pulumi
import pulumi_aws as aws

from flyball.aws import place
from flyball.guards.aws.network import ENDPOINTS
from flyball.guards.aws.platform import Platform


class Network(pulumi.ComponentResource):
    """A network of the platform's own, or one that is there, in which it makes nothing.

    Nodes and fleets live in the private subnets, load balancers in the public ones. The upper half of each private
    subnet is kept for the prefixes that nodes take for their pods, so that single addresses do not break them up.
    """

    vpc: pulumi.Output[str]
    """Id of the network."""
    private: list[pulumi.Output[str]]
    """Ids of the private subnets, in the order of the zones."""
    public: list[pulumi.Output[str]]
    """Ids of the public subnets; none of a network that was there."""
    gateways: dict[str, aws.ec2.NatGateway]
    """NAT gateways by zone, one where it serves all; none of a network that was there."""

    def __init__(
        self, name: str, platform: Platform, key: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("flyball:aws:Network", name, {}, opts)
        self._name, self._platform, self._child = name, platform, pulumi.ResourceOptions(parent=self)
        network = platform.network
        self.gateways = {}
        if network.vpc:
            self.vpc = pulumi.Output.from_input(network.vpc)
            self.private = [pulumi.Output.from_input(subnet) for subnet in network.existing]
            self.public = []
        else:
            self._make(key)
        self.register_outputs({"vpc": self.vpc, "private": self.private, "public": self.public})

    def _make(self, key: pulumi.Input[str]) -> None:
        network, child, name = self._platform.network, self._child, self._name
        vpc = aws.ec2.Vpc(
            name,
            cidr_block=network.cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags={"Name": self._platform.name},
            opts=child,
        )
        self.vpc = vpc.id
        # Whatever forgets to name a group of its own gets this one, which lets nobody in or out.
        aws.ec2.DefaultSecurityGroup(name, vpc_id=vpc.id, ingress=[], egress=[], opts=child)
        gateway = aws.ec2.InternetGateway(name, vpc_id=vpc.id, opts=child)
        outside = aws.ec2.RouteTable(
            f"{name}-public",
            vpc_id=vpc.id,
            routes=[{"cidr_block": "0.0.0.0/0", "gateway_id": gateway.id}],
            opts=child,
        )
        public = self._subnets("public", network.public, {"kubernetes.io/role/elb": "1"})
        inner = {"kubernetes.io/role/internal-elb": "1", **place.discovery(self._platform)}
        private = self._subnets("private", network.private, inner)
        for zone, subnet in public.items():
            aws.ec2.RouteTableAssociation(
                f"{name}-public-{zone}", subnet_id=subnet.id, route_table_id=outside.id, opts=child
            )
        tables = self._ways_out(private, public)
        self._endpoints(private, tables)
        self._record(key)
        self.private = [subnet.id for subnet in private.values()]
        self.public = [subnet.id for subnet in public.values()]

    def _subnets(self, kind: str, ranges: tuple[str, ...], more: dict[str, str]) -> dict[str, aws.ec2.Subnet]:
        """One in each zone, by zone. A machine gets no public address by being in one."""
        found: dict[str, aws.ec2.Subnet] = {}
        for zone, cidr in zip(self._platform.zones, ranges, strict=True):
            found[zone] = aws.ec2.Subnet(
                f"{self._name}-{kind}-{zone}",
                vpc_id=self.vpc,
                availability_zone=zone,
                cidr_block=cidr,
                map_public_ip_on_launch=False,
                tags={"Name": f"{self._platform.name}-{kind}-{zone}", **more},
                opts=self._child,
            )
        return found

    def _ways_out(
        self, private: dict[str, aws.ec2.Subnet], public: dict[str, aws.ec2.Subnet]
    ) -> list[aws.ec2.RouteTable]:
        """From each zone's private subnet, through its own gateway or one for all."""
        network, child = self._platform.network, self._child
        gateways = self.gateways
        tables: list[aws.ec2.RouteTable] = []
        for i, (zone, subnet) in enumerate(private.items()):
            name, own = f"{self._name}-private-{zone}", zone if network.nat_per_zone else self._platform.zones[0]
            if own not in gateways:
                address = aws.ec2.Eip(f"{self._name}-{own}", domain="vpc", opts=child)
                gateways[own] = aws.ec2.NatGateway(
                    f"{self._name}-{own}", allocation_id=address.id, subnet_id=public[own].id, opts=child
                )
            table = aws.ec2.RouteTable(
                name,
                vpc_id=self.vpc,
                routes=[{"cidr_block": "0.0.0.0/0", "nat_gateway_id": gateways[own].id}],
                opts=child,
            )
            aws.ec2.RouteTableAssociation(name, subnet_id=subnet.id, route_table_id=table.id, opts=child)
            aws.ec2.SubnetCidrReservation(
                name,
                subnet_id=subnet.id,
                cidr_block=network.prefixes[i],
                reservation_type="prefix",
                description="prefixes of nodes, for their pods",
                opts=child,
            )
            tables.append(table)
        return tables

    def _endpoints(self, private: dict[str, aws.ec2.Subnet], tables: list[aws.ec2.RouteTable]) -> None:
        """Services of AWS without the way out, which then may be gone or crowded."""
        name, child, region = self._name, self._child, self._platform.region
        aws.ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=self.vpc,
            service_name=f"com.amazonaws.{region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in tables],
            opts=child,
        )
        group = aws.ec2.SecurityGroup(
            f"{name}-endpoints",
            vpc_id=self.vpc,
            description="services of AWS, from within the network",
            ingress=[
                {
                    "protocol": "tcp",
                    "from_port": 443,
                    "to_port": 443,
                    "cidr_blocks": [self._platform.network.cidr],
                    "description": "TLS from the network",
                }
            ],
            egress=[],
            opts=child,
        )
        for service in ENDPOINTS:
            aws.ec2.VpcEndpoint(
                f"{name}-{service}",
                vpc_id=self.vpc,
                service_name=f"com.amazonaws.{region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=[subnet.id for subnet in private.values()],
                security_group_ids=[group.id],
                opts=child,
            )

    def _record(self, key: pulumi.Input[str]) -> None:
        """Who spoke with whom, each minute, kept for as long as the stack says."""
        name, child = f"{self._name}-flows", self._child
        logs = aws.cloudwatch.LogGroup(
            name, retention_in_days=self._platform.network.log_days, kms_key_id=key, opts=child
        )
        trust = place.trusting("vpc-flow-logs.amazonaws.com", account=self._platform.account)
        role = aws.iam.Role(name, assume_role_policy=trust, opts=child)
        allowed = logs.arn.apply(
            lambda arn: place.document(
                {
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
                    "Resource": f"{arn}:*",
                }
            )
        )
        aws.iam.RolePolicy(name, role=role.name, policy=allowed, opts=child)
        aws.ec2.FlowLog(
            name,
            vpc_id=self.vpc,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=logs.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=60,
            opts=child,
        )
