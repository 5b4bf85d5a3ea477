"""Every role of the Ansible collection, and every playbook with variables of its own, by name."""

from flyball.guards.roles import (
    alertmanager,
    base,
    freeze,
    haproxy,
    log_shipping,
    logrotate,
    nginx,
    node_exporter,
    planned_restart,
    playbooks,
    prometheus,
    redis,
    spot_drain,
)
from flyball.guards.roles.variables import Role

ROLES: dict[str, Role] = {
    module.ROLE.name: module.ROLE
    for module in (
        alertmanager,
        base,
        freeze,
        haproxy,
        log_shipping,
        logrotate,
        nginx,
        node_exporter,
        planned_restart,
        prometheus,
        redis,
        spot_drain,
    )
}
PLAYBOOKS: dict[str, Role] = {role.name: role for role in (playbooks.ROLL, playbooks.RESTART, playbooks.DRAIN)}
