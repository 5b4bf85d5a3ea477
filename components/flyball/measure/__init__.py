"""Load figures from data: what a stack file says of its services, out of a Prometheus or a load test."""
