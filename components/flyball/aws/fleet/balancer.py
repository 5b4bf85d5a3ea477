"""The load balancer of a fleet: TLS, an end to every wait, and who may reach whom."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from flyball.guards.aws.fleets import Fleet

if TYPE_CHECKING:
    from flyball.aws.fleet.component import Surroundings

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.3 and 1.2 (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/
describe-ssl-policies.html)."""
KEEP_ALIVE = 3600
"""Seconds after which a client's connection is made anew, and so spread anew; AWS's own."""
HEALTH_INTERVAL, HEALTH_TIMEOUT, HEALTHY, UNHEALTHY = 10, 5, 2, 3
"""Seconds, and answers in a row."""
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""RFC 1918: whoever reaches a network that is there already, and whose range nobody said."""
HTTPS, HTTP = 443, 80


@dataclass(frozen=True)
class Front:
    """The balancer, the targets behind it, and the security group of instances, which lets in the balancer alone.

    `ready` is what instances need from their first second on, and nothing of them names.
    """

    balancer: aws.lb.LoadBalancer
    targets: aws.lb.TargetGroup
    instances: aws.ec2.SecurityGroup
    ready: list[pulumi.Resource] = field(default_factory=list)


def register(fleet: Fleet, around: "Surroundings", opts: pulumi.ResourceOptions) -> Front:
    """The balancer and who may reach it: the internet where it is public, else private networks."""
    name = fleet.name
    outer = aws.ec2.SecurityGroup(
        f"{name}-balancer", description=f"load balancer of {name}", vpc_id=around.vpc, opts=opts
    )
    inner = aws.ec2.SecurityGroup(f"{name}-instances", description=f"instances of {name}", vpc_id=around.vpc, opts=opts)
    ready = _let_in(fleet, around, outer, inner, opts)
    balancer = aws.lb.LoadBalancer(
        name,
        load_balancer_type="application",
        internal=not fleet.public,
        subnets=around.public if fleet.public else around.private,
        security_groups=[outer.id],
        # Whoever has not answered by the promised deadline is given up: nobody waits for it any more.
        idle_timeout=fleet.idle,
        client_keep_alive=KEEP_ALIVE,
        drop_invalid_header_fields=True,
        desync_mitigation_mode="defensive",
        enable_deletion_protection=around.platform.cluster.protect,
        tags=around.tags(name),
        opts=opts,
    )
    targets = aws.lb.TargetGroup(
        name,
        port=fleet.port,
        protocol="HTTP",
        target_type="instance",
        vpc_id=around.vpc,
        deregistration_delay=fleet.deregistration,
        # A slow instance gets less, as do those that have just begun.
        load_balancing_algorithm_type="least_outstanding_requests",
        health_check={
            "path": fleet.health,
            "port": "traffic-port",
            "protocol": "HTTP",
            "matcher": "200",
            "interval": HEALTH_INTERVAL,
            "timeout": HEALTH_TIMEOUT,
            "healthy_threshold": HEALTHY,
            "unhealthy_threshold": UNHEALTHY,
        },
        tags=around.tags(name),
        opts=opts,
    )
    return Front(balancer, targets, inner, [*ready, _listen(fleet, around, balancer, targets, opts)])


def _let_in(
    fleet: Fleet,
    around: "Surroundings",
    outer: aws.ec2.SecurityGroup,
    inner: aws.ec2.SecurityGroup,
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    own = (around.platform.network.cidr,) if around.platform.network.cidr else PRIVATE
    for i, ranges in enumerate(("0.0.0.0/0",) if fleet.public else own):
        for port in (HTTPS, HTTP):
            aws.vpc.SecurityGroupIngressRule(
                f"{fleet.name}-{port}-{i}",
                security_group_id=outer.id,
                description="clients, to be led to https" if port == HTTP else "clients",
                cidr_ipv4=ranges,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                opts=opts,
            )
    aws.vpc.SecurityGroupEgressRule(
        f"{fleet.name}-to-instances",
        security_group_id=outer.id,
        description="instances",
        referenced_security_group_id=inner.id,
        ip_protocol="tcp",
        from_port=fleet.port,
        to_port=fleet.port,
        opts=opts,
    )
    inwards = aws.vpc.SecurityGroupIngressRule(
        f"{fleet.name}-from-balancer",
        security_group_id=inner.id,
        description="load balancer",
        referenced_security_group_id=outer.id,
        ip_protocol="tcp",
        from_port=fleet.port,
        to_port=fleet.port,
        opts=opts,
    )
    outwards = aws.vpc.SecurityGroupEgressRule(
        f"{fleet.name}-out",
        security_group_id=inner.id,
        description="what instances call",
        cidr_ipv4="0.0.0.0/0",
        ip_protocol="-1",
        opts=opts,
    )
    return [inwards, outwards]


def _listen(
    fleet: Fleet,
    around: "Surroundings",
    balancer: aws.lb.LoadBalancer,
    targets: aws.lb.TargetGroup,
    opts: pulumi.ResourceOptions,
) -> aws.lb.Listener:
    https = aws.lb.Listener(
        f"{fleet.name}-https",
        load_balancer_arn=balancer.arn,
        port=HTTPS,
        protocol="HTTPS",
        ssl_policy=TLS_POLICY,
        certificate_arn=fleet.certificate,
        default_actions=[{"type": "forward", "target_group_arn": targets.arn}],
        tags=around.tags(fleet.name),
        opts=opts,
    )
    aws.lb.Listener(
        f"{fleet.name}-http",
        load_balancer_arn=balancer.arn,
        port=HTTP,
        protocol="HTTP",
        default_actions=[
            {"type": "redirect", "redirect": {"port": str(HTTPS), "protocol": "HTTPS", "status_code": "HTTP_301"}}
        ],
        tags=around.tags(fleet.name),
        opts=opts,
    )
    return https
