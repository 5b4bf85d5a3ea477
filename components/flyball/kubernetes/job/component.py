"""`Job`: what runs once or by the clock, and always ends."""

import pulumi
import pulumi_kubernetes as k8s

from flyball.guards.workload import jobs
from flyball.guards.workload.job_set import resolve_alone
from flyball.kubernetes.args import JobArgs
from flyball.kubernetes.job import objects
from flyball.kubernetes.objects import properties
from flyball.kubernetes.place import resolved
from flyball.kubernetes.program import admit
from flyball.kubernetes.refused import refusals
from flyball.kubernetes.workload.network import network_policy
from flyball.kubernetes.workload.priority import jobs_priority_class
from flyball.kubernetes.workload.resources import Prepared, prepare


class Job(pulumi.ComponentResource):
    """What begins, does its work and ends: by the clock with a `schedule`, else once for each change of its arguments.

    From `image` follow a CronJob or a Job with a deadline, retries that an eviction does not count among, and an end to
    what is kept of it; ServiceAccount, NetworkPolicy, PriorityClass; with calls a proxy in its pod, with its ConfigMap;
    with secrets a Secret. By itself it knows no service: each of its calls says where it goes, and those name it among
    their `callers`. In `Services` that follows.
    Raises `flyball.kubernetes.Refused`, with every problem at once, before anything is registered.
    """

    def __init__(self, name: str, args: JobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        with refusals():
            job = resolve_job(name, args)
            admit([], opts, [job])
        self._register(name, job, None, opts)

    @classmethod
    def of(
        cls, name: str, job: jobs.Job, priority: str | None = None, opts: pulumi.ResourceOptions | None = None
    ) -> "Job":
        """The component of a job that was resolved already; `priority` is the PriorityClass that it shares."""
        self = cls.__new__(cls)
        self._register(name, job, priority, opts)
        return self

    @property
    def cron_job(self) -> k8s.batch.v1.CronJob | None:
        """What makes its runs; None without a schedule."""
        return self._cron_job

    @property
    def job(self) -> k8s.batch.v1.Job | None:
        """Its run; None with a schedule."""
        return self._job

    @property
    def network_policy(self) -> k8s.networking.v1.NetworkPolicy:
        """Who is called."""
        return self._network_policy

    @property
    def service_account(self) -> k8s.core.v1.ServiceAccount:
        """The account that pods run under."""
        return self._ready.account

    @property
    def secret(self) -> k8s.core.v1.Secret | None:
        """What holds `secrets`; None without any."""
        return self._ready.secret

    def _register(self, name: str, job: jobs.Job, priority: str | None, opts: pulumi.ResourceOptions | None) -> None:
        super().__init__("flyball:index:Job", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        self._ready: Prepared = prepare(job, name, child, priority, jobs_priority_class)
        policy = k8s.networking.v1.NetworkPolicy(name, **properties(network_policy(job)), opts=child)
        self._network_policy, self._cron_job, self._job = policy, None, None
        first = [*self._ready.first, policy]
        if job.spec.clock:
            manifest = objects.cron_job(job, job.spec.clock, self._ready.inputs)
            after = pulumi.ResourceOptions(parent=self, depends_on=first)
            self._cron_job = k8s.batch.v1.CronJob(name, **properties(manifest), opts=after)
        else:
            # The old one ends before the new one begins: a run may rely on being the only one.
            once = pulumi.ResourceOptions(
                parent=self, depends_on=first, ignore_changes=[objects.SPEC], delete_before_replace=True
            )
            manifest = objects.job(job, self._ready.inputs)
            self._job = k8s.batch.v1.Job(name, **properties(manifest), opts=once)
        self.register_outputs({})


def resolve_job(name: str, args: JobArgs) -> jobs.Job:
    """The arguments with all rules applied. Raises `Refused`; the paths in its messages begin with the name."""
    return resolved(name, args, lambda place: resolve_alone(name, args, place, JobArgs))
