"""Writes the reference of the alerts from their rules: `make docs`. What each asks for is in `docs/runbooks`."""

from fractions import Fraction
from pathlib import Path

from flyball.alerts import known
from flyball.alerts.rule import OF_SERIES, Rule
from flyball.guards import catalogue
from flyball.guards.alerting import objectives
from flyball.guards.alerting.objectives import FAST, SLOW, Burn, Objective
from flyball.guards.reading.rule import Lesson
from flyball.guards.reading.units import show_duration, show_number

ROOT = Path(__file__).parents[1]
PAGE, RUNBOOKS = ROOT / "docs/alerts.md", ROOT / "docs/runbooks"
_SHARES = (Fraction(1), Fraction(1, 10), Fraction(1, 50), Fraction(1, 200))
_EXAMPLE = Objective(99.9, 1000)


def page() -> str:
    """The reference: every alert, lesson by lesson, and what is to be thought of beside."""
    standard = [
        "| rules | beside ours | why |",
        "| --- | --- | --- |",
        *(f"| {' | '.join(row)} |" for row in _STANDARD),
    ]
    return "\n".join([_HEAD, *_tables(), _BURNS, *_burns(), _REST, *standard, _LAST])


def _tables() -> list[str]:
    """A table for each lesson, by the first guard that an alert names."""
    lines: list[str] = []
    for lesson in Lesson:
        rules = [rule for rule in known.ALERTS.values() if _lesson(rule) is lesson]
        title = catalogue.LESSONS[lesson].title
        lines += [f"### {lesson.value}. {title}", "", "| alert | severity | for | owner | guards | says |"]
        lines += ["| --- | --- | --- | --- | --- | --- |", *map(_row, rules), ""]
    return lines


def _lesson(rule: Rule) -> Lesson:
    return catalogue.RULES[rule.guards[0]].lesson


def _row(rule: Rule) -> str:
    guards = ", ".join(f"[{guard}](rules.md#{guard})" for guard in rule.guards)
    seconds = show_duration(rule.seconds * 1000) if rule.seconds else "at once"
    owner = "the workload's" if rule.owner == OF_SERIES else rule.owner
    says = rule.summary.replace("|", "\\|")
    name = f"[{rule.name}](runbooks/{rule.name}.md)"
    return f"| {name} | {rule.severity} | {seconds} | {owner} | {guards} | `{says}` |"


def _burns() -> list[str]:
    """How soon a share of errors is told of."""
    head = ["errors", *(f"{show_number(burn.factor)}x, {_window(burn)}" for burn in (*FAST, *SLOW))]
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join(['---'] * len(head))} |"]
    for share in _SHARES:
        cells = [_after(burn, share) for burn in (*FAST, *SLOW)]
        lines.append(f"| {' | '.join([f'{show_number(100 * share)} %', *cells])} |")
    return lines


def _window(burn: Burn) -> str:
    return f"{show_duration(burn.long * 1000)} and {show_duration(burn.short * 1000)}"


def _after(burn: Burn, share: Fraction) -> str:
    found = objectives.after(_EXAMPLE, burn, share)
    return "never" if found is None else show_duration(round(found) * 1000)


_HEAD = """# Alerts

`flyball alerts -s STACK` prints the rules for a stack's services; the role `prometheus` brings those for hosts. Made
from the rules, `flyball.alerts`, by `make docs`.

A **page** is for now, a **warning** for working hours. Each alert names the guards that it watches at run time, whose
it is (`owner`), and how long its condition has to last; the numbers are in `flyball.guards.alerting`. A page silences
the warnings with the same `subject` about the same thing. Rules of the catalogue without an alert are in
`flyball.guards.alerting.unwatched`, each with the reason why it needs none.

What a workload may have is a series of its own,
`flyball_workload_{need,floor,warn,ceiling,replica,utilization,deadline,zones,objective,minimum}` with the labels
`namespace`, `workload`, `owner` and `environment`; a call's timeout is `flyball_hop_timeout_seconds`, and caches and
jobs have `flyball_cache_memory_bytes`, `flyball_cache_endless`, `flyball_job_deadline_seconds` and, those that a clock
starts, `flyball_job_succeeds_within_seconds`. A general rule joins them. A workload is all Deployments that bear its
name, so that the on-demand base and what runs on spot machines are one.

## By lesson
"""
_BURNS = """## Objectives

`objective: {availability: 99.9, minimum: 1000}` of a service: errors and requests are recorded each minute, and the
windows are summed from these. Both windows have to be above the rate, and the long one has to have as many requests as
`minimum` an hour comes to; below that `ObjectiveMissedQuietly` counts errors as such. With steady traffic and 99.9 %,
so large a share of errors is told of after:
"""
_REST = """
By then 2 %, 5 %, 10 % and 10 % of the budget of 30 days are used up, whatever the share.

HAProxy's exporter has no histogram, but it tells how many entries a stick table has (`haproxy_sticktable_used`, since
2.6). So each answer to a call that took 80 % of its timeout or more is an entry of the table `near.X` for five minutes,
by a number drawn for it, and HopSlow knows how many of a hundred were as late, or had no whole answer in time: more
than one is a 99th percentile beyond 80 % of the timeout. On a real HAProxy 2.6 three such answers among twenty are
three, and none once the time is over. It takes a call with a breaker or retries, whose time is taken anyway. What a
service itself promises (WorkloadSlow) is told in the same way, by the guard's table `inbound` and the deadline: with
the wait for a place, without connections that stay and uploads that no buffer holds.

For all other calls there are two ways: where more than one request in a hundred got no whole answer in time, the
percentile is the timeout; and where the mean is at 80 % of the timeout, it is above that but for 0.2 %, since a
percentile of `p` and a timeout of `T` leave a mean of `0.99 p + 0.01 T` at the most. That tells less than a percentile
would: where 2 % of the answers take 90 % of the time and the others 10 %, the mean is 11.6 %, no answer is in vain, and
nobody is told. The percentile itself is in the proxies' log, whose lines have the milliseconds of each request (`all`),
for whoever asks where logs are kept: an alert on that would fall silent with the logs, which are what is late first
when much goes wrong.

A fault that heals by itself within about two minutes pages nobody: in the drill *spot* without the guard all pods are
gone for 11 s, which are 2 min 15 s of true time, one minute until lost nodes are noticed and one until new pods are
ready; WorkloadBelowNeed waits for two, after a look of up to one. With no pod nobody counts requests either.

A spot part that stays away is told of by what is left. The base is below the floor
([spot-base-at-floor](rules.md#spot-base-at-floor)), so that WorkloadBelowFloor tells after a quarter of an hour, and
WorkloadBelowNeed pages where the base is below the need too. With a schedule both go by the lowest figures of the day;
by day HeadroomLost tells, once there is so much load that those who are left cannot spare one more. SpotStorm tells
sooner where most of a namespace's spot machines are gone without successors.

Requests to a new version beside the old one (`rollout.canary`) are requests to the service: objectives, load and all
that pods suffer count them. Its pods are no part of the size, since they may go at any moment; so HeadroomLost says
when the old ones, which the autoscaler may have made fewer, could not take over what the new ones answer.

Prometheus' operator itself, 0.85.0 from its module, reads a stack's objects in tests: rules come out as they went in,
each scrape gives `namespace`, `pod` and `workload`, and Alertmanager gets receivers, routes and silences of the
AlertmanagerConfig, all of them kept to alerts of its namespace. Its 1,022 packages take 3.6 minutes of processor time
from a cold cache. Debian's promtool knows no discovery of pods, so that this part of what it writes is checked by
nobody else.

A fleet of AWS is told of by CloudWatch where its size is near the cap or at it, from the same numbers as GroupNearCap
and GroupAtCap of hosts (`flyball.guards.governor.envelope`).

## Beside the standard rules

The chart kube-prometheus-stack brings the rules of kubernetes-mixin, node-exporter and Alertmanager. Names below are
theirs.
"""
_STANDARD = (
    (
        "KubePodCrashLooping, KubeContainerWaiting, KubePodNotReady",
        "stay for other namespaces, go for flyball's",
        "WorkloadRestarts, WorkloadBelowFloor and WorkloadBelowNeed say whether it matters; crash loops "
        "flap (kubernetes-mixin#617)",
    ),
    (
        "KubeDeploymentReplicasMismatch, KubeDeploymentRolloutStuck",
        "go",
        "the floor and the need are what counts; a rollout that does not get on never takes pods away",
    ),
    (
        "KubeHpaMaxedOut, KubeHpaReplicasMismatch",
        "go",
        "WorkloadNearCap and WorkloadAtCap know both Deployments, the cap and whether it is limited; the "
        "first fires where minimum and maximum are the same (kubernetes-mixin#1296)",
    ),
    (
        "KubePdbNotEnoughHealthyPods",
        "goes",
        "BudgetUsedUp, WorkloadBelowNeed",
    ),
    (
        "KubeJobFailed, KubeJobNotCompleted",
        "go for jobs of a stack, stay for others",
        "JobFailed ends with the next run that succeeds, and a run has a deadline",
    ),
    (
        "KubeCPUOvercommit, KubeMemoryOvercommit, KubeQuota…",
        "stay",
        "whether the cluster has room for the loss of a node is asked of all namespaces together",
    ),
    (
        "KubeNodeNotReady, KubeNodeUnreachable, KubeNodePressure, KubeletTooManyPods",
        "stay",
        "nodes are not ours",
    ),
    (
        "KubePersistentVolume…",
        "stay",
        "nothing of ours has volumes that last",
    ),
    (
        "CPUThrottlingHigh",
        "goes",
        "says nothing of those who wait; WorkloadSlow does",
    ),
    (
        "KubeAPI…, etcd…, KubeletClientCertificate…, KubeClientCertificate…",
        "stay",
        "the control plane's own; on EKS switch those off whose parts cannot be scraped (KubeSchedulerDown, "
        "KubeControllerManagerDown)",
    ),
    (
        "KubeProxyDown",
        "stays, off where there is none",
        "as above",
    ),
    (
        "NodeFilesystemSpaceFillingUp, NodeFilesystemAlmostOutOfSpace, …FilesFillingUp",
        "stay for nodes, go for hosts of the roles",
        "DiskFullSoon, DiskFullWithinHours, DiskNearlyFull and InodesNearlyUsedUp are the same with our limits",
    ),
    (
        "NodeClockSkewDetected, NodeClockNotSynchronising",
        "as above",
        "ClockSkewed",
    ),
    (
        "NodeMemoryHighUtilization, NodeSystemSaturation, NodeCPUHighUsage",
        "go",
        "a host that is used well is well; OutOfMemory and the services' own alerts tell of harm",
    ),
    (
        "TargetDown, Watchdog, InfoInhibitor",
        "stay",
        "but Watchdog where ours goes to the same receiver",
    ),
    (
        "PrometheusRuleFailures, PrometheusNotConnectedToAlertmanagers, AlertmanagerFailedToSendAlerts, …",
        "stay in a cluster, go on hosts",
        "RulesFailing, AlertmanagerUnreachable and AlertsNotDelivered are theirs there",
    ),
)
"""Rules, whether they stay beside ours, and why."""
_LAST = """
Those that go are switched off in the chart's values, for example `defaultRules.disabled: {KubeHpaMaxedOut: true}`.
"""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
