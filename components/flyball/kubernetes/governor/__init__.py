"""The Governor: admission policies that limit every writer of replicas, guard what they rely on, and can be overridden.

`policies.manifests` are the policies, one set for a cluster; `limits.config_map` are the limits of a namespace that
carries the label ``flyball.dev/governed: "true"``; `freeze.freeze_config_map` is the freeze; `rbac.manifests` are the
rights; `component.Governor` registers all of it with Pulumi. ``ways_round.md`` shows what was tried against them.

What the API server counts, for alerts, with the label ``policy``: refusals as
``apiserver_validating_admission_policy_check_total`` with ``enforcement_action="deny"``; those of the scale subresource
as ``apiserver_mutating_admission_policy_check_total`` with ``error_type="invalid_error"``; overrides as the first one
with ``enforcement_action="audit"``.
"""
