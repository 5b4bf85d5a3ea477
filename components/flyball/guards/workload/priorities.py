"""How much pods matter to the scheduler, and so in which order a node that goes down lets them end: values of their
PriorityClasses."""

UNTHOUGHT = 0
"""Of pods without a class, about which nobody thought."""
JOBS = 500
"""Above these, below services, which may take a job's place; that costs it no attempt."""
SERVICES = 1_000
"""Of workloads: far below the system's own."""
GUARDS = 1_000_000_000
"""Of what stands there for all others: the highest that is not the system's own
(https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/#priorityclass)."""
SYSTEM = 2_000_000_000
"""Of what others cannot run without, as network and names: system-cluster-critical, the lower of the system's own."""
