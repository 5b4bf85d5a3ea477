"""The words in which a fleet of VMs is described, under `fleets` of `flyball:aws`.

As for workloads: durations with a unit, rates in requests per second, in brackets the default.
"""

from typing import NotRequired, TypedDict

from flyball.guards.workload.arguments import LoadArgs, ScheduleArgs


class FleetSpotArgs(TypedDict):
    """Run what is above an on-demand base on spot instances."""

    enabled: NotRequired[bool]
    """[true where spot is given]."""
    base: NotRequired[int]
    """Instances on demand; never fewer than the peak needs [these]."""


class BandArgs(TypedDict):
    """An answer to a load beyond the alarm."""

    above: int
    """Percent beyond the alarm from which on it holds, up to the next band; the first at 0."""
    percent: int
    """By how much the group grows, at most 50."""


class FleetUpArgs(TypedDict):
    """StepScaling."""

    bands: NotRequired[list[BandArgs]]
    """In order [25 percent from 0 on, 50 percent from 25 on]."""
    least: NotRequired[int]
    """Instances at least, at most 2 [2]."""


class FleetDownArgs(TypedDict):
    """SimpleScaling."""

    percent: NotRequired[int]
    """By how much the group shrinks, at most 10 [10]."""
    least: NotRequired[int]
    """Instances at least [1]."""
    cooldown: NotRequired[str]
    """After a step down, in which nothing more goes; at least 300s [300s]."""


class FleetStepsArgs(TypedDict):
    """How fast the group may go."""

    up: NotRequired[FleetUpArgs]
    """[max(2, 50 percent)]."""
    down: NotRequired[FleetDownArgs]
    """[max(1, 10 percent) each 300s]."""


class RefreshArgs(TypedDict):
    """How a new version of the launch template reaches instances that run."""

    healthy: NotRequired[int]
    """Percent of the desired instances that stay in service; at least 100 [100]."""
    most: NotRequired[int]
    """Percent of them that run meanwhile, above `healthy`, at most 110 [110]."""
    checkpoints: NotRequired[list[int]]
    """Percent replaced at which it waits, rising, the last 100 [10, 50, 100]."""
    wait: NotRequired[str]
    """At each of them, once what was replaced is in service, at most 2d [10m]."""


class FleetArgs(TypedDict):
    """A fleet of VMs: an Auto Scaling group behind a load balancer."""

    image: str
    """Its machine image, which has Ansible and the AWS command line: ami-…"""
    types: list[str]
    """Types of instances, all of one size and architecture: at least three, with spot six of two families."""
    load: LoadArgs
    """What the fleet carries, and what one instance can do."""
    certificate: str
    """ARN of the load balancer's certificate."""
    playbook: str
    """Archive by which a new instance configures itself, `site.yml` at its top: s3://…/….tar.gz"""
    health: str
    """Path that answers 200 where an instance can serve."""
    port: NotRequired[int]
    """On which instances serve [8080]."""
    public: NotRequired[bool]
    """Whether the load balancer has addresses of the internet [false]."""
    lose: NotRequired[int]
    """Instances that may vanish at once [1]."""
    survive: NotRequired[str]
    """`replica`, `zone`, `spot`, or several with commas [replica]."""
    spot: NotRequired[FleetSpotArgs]
    """[all on demand]."""
    schedule: NotRequired[ScheduleArgs]
    """Peaks by the time of the week."""
    proven: NotRequired[int]
    """Most instances that people have seen run well [the floor]."""
    ceiling: NotRequired[int]
    """[half as many again as `proven`]."""
    steps: NotRequired[FleetStepsArgs]
    """How fast the group may go."""
    deadline: NotRequired[str]
    """The longest that a request may take [2s]."""
    boot: NotRequired[str]
    """The longest until a new instance has configured itself, 30s to 2h; then it is given up [10m]."""
    warmup: NotRequired[str]
    """From then until it carries its share [120s]."""
    prestop: NotRequired[str]
    """Until nobody sends to an instance that leaves [5s]."""
    drain: NotRequired[str]
    """For what is under way then; also the load balancer's deregistration delay [the longer of 30s and deadline]."""
    stop: NotRequired[str]
    """For its units to stop [5s]."""
    hook: NotRequired[str]
    """The longest that an instance is kept for its way out, 30s to 2h [what drain and deregistration take]."""
    lifetime: NotRequired[str]
    """After which an instance is replaced, 1d to 365d [7d]."""
    changes: NotRequired[str]
    """How a change reaches instances: `refresh` replaces them, `roll` leaves that to `roll.yml` [refresh]."""
    refresh: NotRequired[RefreshArgs]
    """How they are replaced."""
    version: NotRequired[int]
    """Version of the launch template to go back to [the newest]."""
    disk: NotRequired[str]
    """The instance's own volume, in whole Gi [30Gi]."""
    device: NotRequired[str]
    """What the image calls that volume; of another name it would stay as the image has it [/dev/xvda]."""
