"""The log pipeline: a collector on each node."""
