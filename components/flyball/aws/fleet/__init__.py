"""A fleet of VMs: an Auto Scaling group behind a load balancer."""
