"""Nodes that Karpenter buys: the controller, its pools, and what holds it to their limits."""
