"""Rules of the catalogue that no alert watches at run time, and why none needs to.

Every other rule is named by an alert (`guards` of `flyball.alerts.rule.Rule`); a new one has to be in one of both.
"""

from collections.abc import Mapping

REASONS: Mapping[str, tuple[str, ...]] = {
    "What is written cannot be read in two ways, or is refused: nothing comes to run that could break it.": (
        *("unknown-key", "wrong-type", "known-too-late", "missing", "empty", "unit", "out-of-range"),
        *("unknown-value", "given-twice"),
        *("invalid-name", "invalid-address", "invalid-path", "invalid-text", "does-not-apply", "either-or"),
        *("unreadable-file", "file-too-large", "nested-too-deeply", "too-many-aliases", "unanswered"),
    ),
    "It holds between the values of one stack file, which nothing but a refused change could alter.": (
        *("calls-in-a-circle", "calls-itself", "hidden-service", "wrong-port", "wrong-protocol", "wrong-deadline"),
        *("unknown-callee", "unknown-address", "no-callers", "caller-not-let-in", "caller-without-call"),
        "clients-below-callers",
        *(
            "fallback-call",
            "nothing-listens",
            "migration-without-command",
            "variable-taken",
            "own-label",
            "image-not-pinned",
            "image-without-digest",
            "digest-differs",
            "digest-unused",
            "cron-for-keda",
            "time-zone",
        ),
        *("window-without-length", "clock-change", "ramp-too-long", "windows-too-close", "files-too-large"),
        *("has-argument", "patch-directive", "replicas-by-hand", "rollout-below-size", "load-uneven", "budget-by-hand"),
        "too-few-nodes",
        *("nodes-narrowed", "tolerates-loss", "past-the-proxy", "balancer-still-sends", "name-unreachable"),
        *("foreign-zone", "foreign-account", "locked-out", "endpoint-open", "cluster-version", "too-few-types"),
        *("types-differ", "addresses-run-out", "pods-without-address", "base-too-small"),
        *("two-architectures", "window-not-weekly", "too-many-actions", "hook-below-way-out", "hook-beyond-notice"),
        *("fleet-step-too-large", "bands-not-contiguous", "cooldown-too-short", "refresh-below-full"),
        *("consolidates-too-soon", "size-not-of-type", "archive-life-cycle", "price-missing", "nobody-told"),
        *("pool-not-brought", "pool-unguarded"),
    ),
    "A connection that is cut for it ends in an error of the application, which knows alone who waited.": (
        *("idle-below-timeout", "balancer-forgets"),
    ),
    "The command that would break it stops, and says so to whoever gave it.": (
        *("namespace-reserved", "belongs-to-others", "no-namespace", "folder-in-use", "proxy-configuration"),
        *("cluster-too-old", "not-running", "needs-pulumi-cli", "drill-cannot-run", "guarded-namespace-left"),
        *("kubelet-silent", "no-prometheus-operator", "rule-not-loaded", "metric-missing", "prometheus-silent"),
        *("no-gateway-api", "no-karpenter", "pool-left", "no-volume-class", "balancer-fixed"),
        "release-under-way",
    ),
    "Nobody can measure who has read what was open; it is refused before it is.": (
        *("secret-in-plain-text", "logs-in-plain-text", "open-store", "unconfined", "balancer-open"),
    ),
}
"""By the reason."""
