"""The rules of lesson 7: automation has limits, and people hear of it."""

from flyball.guards.reading.rule import Lesson, Rule

CEILING_BEYOND_ENVELOPE = Rule(
    "ceiling-beyond-envelope",
    Lesson.GOVERNOR,
    what="Automation goes at most half as far again as people have seen run well: connection pools, quotas and bills"
    " have been tried only up to there.",
    source="`ceiling <= proven * 150 / 100`; the excess is a convention of this project. Of a job whose runs may"
    " overlap, as many as are due within its deadline and its way out take the place of the ceiling.",
    remedy="Lower the ceiling, or the job's deadline; or prove a larger size in a load test and raise proven.",
    drill="runaway",
)
CEILING_BELOW_FLOOR = Rule(
    "ceiling-below-floor",
    Lesson.GOVERNOR,
    what="The cap lets run at least what must always run.",
    source="`ceiling >= floor`.",
    remedy="Raise the ceiling, prove a larger size, or lower the peak.",
)
CANARY_STEPS = Rule(
    "canary-steps",
    Lesson.GOVERNOR,
    what="A new version is let in step by step, each larger than the one before and none more than half; and a release"
    " ends while those who began it still look.",
    source="Steps ascending, from 1 to 50 percent, at most 10 of them, and all pauses at most 1 h; conventions of this"
    " project.",
    remedy="Put the steps in order, and shorten the pause.",
    drill="bad-release",
)
CANARY_TOO_SMALL = Rule(
    "canary-too-small",
    Lesson.GOVERNOR,
    what="A step of a canary is what it says: a share of replicas is never finer than one of them, and the next step is"
    " more than the one before. By route a step is a weight, and any percent.",
    source="Behind a Service each pod gets as much as any other: `c / (floor + c) <= step`, with c at least 1.",
    remedy="Begin with a larger step, or have the share by route, of a service that a Gateway leads to.",
    drill="bad-release",
)
RELEASE_UNDER_WAY = Rule(
    "release-under-way",
    Lesson.GOVERNOR,
    what="A service has one release at a time: of two each would take away what the other has brought.",
    source="Who goes through the steps says so on the new version's Deployment every 5 s, and is silent for 20 s at the"
    " most; a release that was killed says nothing more.",
    remedy="Wait until it has ended, or end the `up` that goes through its steps.",
)
CANARY_BLIND = Rule(
    "canary-blind",
    Lesson.GOVERNOR,
    what="A canary is seen: its requests are counted, and in a pause enough of them come that too many errors show.",
    source="`peak * share * pause >= requests`; of n requests none of which failed, less than 3 / n fail in truth at"
    " 95 % confidence, so `requests = 3 / errors` (J. A. Hanley and A. Lippman-Hand, JAMA 249, 1983).",
    remedy="Lengthen the pause, or begin with a larger step.",
    drill="bad-release",
)
WRITER_NARROWER = Rule(
    "writer-narrower-than-autoscaler",
    Lesson.GOVERNOR,
    what="A writer's step is never narrower than the autoscaler's; a step that is asked for and refused would be asked"
    " for again for ever, and scaling would stall.",
    source="The autoscaler's steps in floating point, as kube-controller-manager reckons them"
    " (pkg/controller/podautoscaler/horizontal.go).",
    remedy="Widen writer, or narrow behavior.",
    drill="reapply",
)
STEP_TOO_LARGE = Rule(
    "step-too-large",
    Lesson.GOVERNOR,
    what="One step down takes at most half of what runs: whoever shrinks by mistake, machine or person, leaves the"
    " other half, and the pause after it for people to see.",
    source="Of the autoscaler at most 50 %, of a writer 51 % (a percent outweighs the autoscaler's rounding), in"
    " replicas half of the floor, at least 1; the half is a convention of this project.",
    remedy="Lower behavior.down or writer.down; to shrink at once, override.",
    drill="reapply",
)
RAMP_TOO_LONG = Rule(
    "ramp-too-long",
    Lesson.GOVERNOR,
    what="The autoscaler's steps reach the floor of a window within a day.",
    source="The ramp, 15 s for each step to be noticed, and the start of the last replica.",
    remedy="Let it take larger steps, in behavior.up.",
)
WINDOWS_TOO_CLOSE = Rule(
    "windows-too-close",
    Lesson.GOVERNOR,
    what="Between two windows there is time for the way up to the second one.",
    source="The lead of a window is shorter than the time since the end before it.",
    remedy="Join the windows, or let the autoscaler take larger steps.",
    drill="dawn",
)
GUARDED_NAMESPACE_LEFT = Rule(
    "guarded-namespace-left",
    Lesson.GOVERNOR,
    what="A stack that Pulumi's engine has brought up with a Governor stays in its namespace.",
    source="The engine would make everything anew and then be refused to delete what is guarded in the old namespace.",
    remedy="Bring it up as a stack of another name, then take the old one down; or take it down first.",
)
LIMITS = Rule(
    "limits",
    Lesson.GOVERNOR,
    what="Limits of a Deployment or StatefulSet can be obeyed: the floor is not above the ceiling, and one write may"
    " change as much as the autoscaler asks for.",
    source="`0 <= floor <= ceiling`, `0 <= budget`, and the rule writer-narrower-than-autoscaler at every size.",
    remedy="Correct the limits, or let them follow from a service's load: `governor` of `Services`.",
)
FREEZE_REASON = Rule(
    "freeze-reason",
    Lesson.GOVERNOR,
    what="Whoever freezes automation, or overrides a freeze, says why in a line that others can read in the middle of"
    " an incident.",
    source="At least 8 letters: enough to name a ticket, too long for x.",
    remedy="Say why.",
    drill="revived",
)
FREEZE_OF_ANOTHER = Rule(
    "freeze-of-another",
    Lesson.GOVERNOR,
    what="Nobody overwrites the freeze of somebody else; their reason must not be lost.",
    source="A freeze is one object, with one reason.",
    remedy="Leave it on, or lift it when they agree.",
)
MAY_NOT_GOVERN = Rule(
    "may-not-govern",
    Lesson.GOVERNOR,
    what="Whoever brings a governed stack up may set its limits; what was applied without them would be open to"
    " everybody.",
    source="The verb govern on governors.flyball.dev, for automation by a grant that names it.",
    remedy="Bind the ClusterRole flyball-deploy to the pipeline's account.",
)
NO_GOVERNOR = Rule(
    "no-governor",
    Lesson.GOVERNOR,
    what="Limits and freezes are set where something holds anybody to them.",
    source="The Governor's admission policies are objects of the cluster.",
    remedy="Bring up the stack that brings the Governor first.",
    drill="reddit-2016",
)
NOBODY_HEARS = Rule(
    "nobody-hears",
    Lesson.GOVERNOR,
    what="Every alert reaches somebody: automation is faster than people, but only if they are told.",
    source="A severity without a receiver is silence.",
    remedy="Name webhooks or emails for it, and Alertmanagers for Prometheus.",
)
UNWATCHED = Rule(
    "unwatched",
    Lesson.GOVERNOR,
    what="A host shows the figures from which alerts are made, where the watching host can reach them.",
    source="The alerts' own expressions.",
    remedy="Add the collectors, and let it listen on an address that is reached.",
)
RULE_NOT_LOADED = Rule(
    "rule-not-loaded",
    Lesson.GOVERNOR,
    what="Prometheus evaluates every rule of the stack as it is now, and without an error.",
    source="Its own list of rules (https://prometheus.io/docs/prometheus/latest/querying/api/#rules).",
    remedy="Apply the objects, or hand over the file, and see by which labels the operator selects rules.",
)
METRIC_MISSING = Rule(
    "metric-missing",
    Lesson.GOVERNOR,
    what="Every figure that a rule is made from is there: a rule without figures looks like a rule that holds.",
    source="The metrics in the rules' own queries, against those that Prometheus has had within the hour.",
    remedy="Have its exporter scraped: kube-state-metrics, the API server, or the pods of the stack's PodMonitors.",
)
PROMETHEUS_SILENT = Rule(
    "prometheus-silent",
    Lesson.GOVERNOR,
    what="Whoever is to evaluate the rules answers when it is asked whether it does.",
    source="Only what was asked is known.",
    remedy="Give the URL by which it is reached from here, as by kubectl port-forward.",
)
REPEAT_BELOW_INTERVAL = Rule(
    "repeat-below-interval",
    Lesson.GOVERNOR,
    what="An alert is repeated no more often than its group is looked at.",
    source="https://prometheus.io/docs/alerting/latest/configuration/#route, repeat_interval.",
    remedy="Raise the repeat interval.",
)
OBJECTIVE_UNCOUNTED = Rule(
    "objective-uncounted",
    Lesson.GOVERNOR,
    what="An objective is given where requests and errors are counted: by the proxy in front of a service, which reads"
    " http and gRPC. One that nobody can measure is never missed.",
    source="HAProxy's exporter counts requests and answers of its frontends in mode http alone.",
    remedy="Leave it out, or let the proxy stand in front.",
)
OBJECTIVE_TOO_FINE = Rule(
    "objective-too-fine",
    Lesson.GOVERNOR,
    what="It takes ten errors to page for an objective: of so few requests that one or two suffice, a share says"
    " nothing.",
    source="`minimum * 14.4 * (1 - availability) >= 10`; 14.4 is the fastest burn rate that is watched, over an hour"
    " (https://sre.google/workbook/alerting-on-slos/).",
    remedy="Raise the minimum, or lower the availability.",
)

VOLUME_FIXED = Rule(
    "volume-fixed",
    Lesson.GOVERNOR,
    what="A volume of a member grows where its class lets it, and never shrinks; its class, and the folder where data"
    " are, stay. Kubernetes refuses another template of claims, and an engine that replaces what it may not change"
    " would take all members at once: `up` has each claim ask for more, and leaves the template. In another folder"
    " members would find nothing.",
    source="Of a StatefulSet's spec only replicas, ordinals, template, updateStrategy, revisionHistoryLimit,"
    " persistentVolumeClaimRetentionPolicy and minReadySeconds may change (ValidateStatefulSetUpdate in"
    " pkg/apis/apps/validation of Kubernetes); a claim may ask for more where its class says allowVolumeExpansion.",
    remedy="Give the size that there is or more, of a class that lets volumes grow; else bring up a service of another"
    " name beside it and copy.",
)
BALANCER_FIXED = Rule(
    "balancer-fixed",
    Lesson.GOVERNOR,
    what="A balancer is made by those who made it, as long as it is there: Kubernetes refuses another class, and what"
    " is made anew has another address, at which nobody calls yet.",
    source="`loadBalancerClass` cannot be changed once it is set"
    " (https://kubernetes.io/docs/concepts/services-networking/service/#load-balancer-class).",
    remedy="Leave the class as it is; or take expose out, bring the stack up, and give it back with another class.",
)
MEMBERS_LEAVE = Rule(
    "members-leave",
    Lesson.GOVERNOR,
    what="No member is taken away by a change of the file: the others would go on to count it, and wait for its vote.",
    source="A group changes its members one by one, by its own means (Raft, section 6).",
    remedy="Take it out of the group by its own means, scale the StatefulSet by one, and then change the file.",
)
