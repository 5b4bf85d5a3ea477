"""`Job`: what runs once or by the clock, and always ends."""

import pulumi
import pulumi_kubernetes as k8s

from flyball.guards.workload import jobs
from flyball.guards.workload.digests import of_job
from flyball.guards.workload.job_set import resolve_alone
from flyball.kubernetes.args import JobArgs
from flyball.kubernetes.job import objects
from flyball.kubernetes.known import Known, Making, known
from flyball.kubernetes.place import settled
from flyball.kubernetes.program import admit
from flyball.kubernetes.refused import refusals
from flyball.kubernetes.workload.network import network_policy
from flyball.kubernetes.workload.patched import patched
from flyball.kubernetes.workload.priority import jobs_priority_class
from flyball.kubernetes.workload.resources import Prepared, identity, prepare


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
            job = settled(name, args, JobArgs, resolve_alone, of_job)
            admit([], opts, [job.now])
        self._register(name, job, opts)

    @classmethod
    def of(cls, name: str, job: jobs.Job | Known[jobs.Job], opts: pulumi.ResourceOptions | None = None) -> "Job":
        """The component of a job that was resolved already; those of a set share its PriorityClass."""
        self = cls.__new__(cls)
        self._register(name, known(job), opts)
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
        return self._ready.identity.account

    @property
    def secret(self) -> k8s.core.v1.Secret | None:
        """What holds `secrets`; None without any."""
        return self._ready.secret

    def _register(self, name: str, job: Known[jobs.Job], opts: pulumi.ResourceOptions | None) -> None:
        super().__init__("flyball:index:Job", name, {}, opts)
        made = job.made(lambda j, make: self._make(j, name, make))
        self._ready, self._network_policy, self._cron_job, self._job = made
        self.register_outputs({})

    def _make(self, j: jobs.Job, name: str, make: Making) -> "_Made":
        child = pulumi.ResourceOptions(parent=self)
        who = identity(j, name, child, j.place.jobs, jobs_priority_class, make)
        ready = prepare(j, name, child, who, make)
        policy = make(k8s.networking.v1.NetworkPolicy, name, patched(j, "network", network_policy(j)), child)
        first = [*ready.first, policy]
        if j.spec.clock:
            after = pulumi.ResourceOptions(parent=self, depends_on=first)
            manifest = patched(j, "cronjob", objects.cron_job(j, j.spec.clock, ready.inputs))
            return ready, policy, make(k8s.batch.v1.CronJob, name, manifest, after), None
        # The old one ends before the new one begins: a run may rely on being the only one.
        once = pulumi.ResourceOptions(
            parent=self, depends_on=first, ignore_changes=[objects.SPEC], delete_before_replace=True
        )
        manifest = patched(j, "job", objects.job(j, ready.inputs))
        return ready, policy, None, make(k8s.batch.v1.Job, name, manifest, once)


_Made = tuple[Prepared, k8s.networking.v1.NetworkPolicy, k8s.batch.v1.CronJob | None, k8s.batch.v1.Job | None]
