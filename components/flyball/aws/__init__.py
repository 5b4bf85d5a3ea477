"""Pulumi components for AWS: network, cluster, nodes. Their arguments are what `flyball.guards.aws` has read."""
