"""Lesson 6, anything may restart: hosts, units and spot notices."""

from tests.alerts.case import SAMPLES, STEP, Case, after, always, loud, quiet
from tests.alerts.host_series import HOST, ON, UP, of_hosts

_UNIT = '{instance="app1",unit="logrotate.service"}'
_STATE = '{instance="app1",name="shop.service",state="failed"}'
KEPT = {**HOST, "unit": "shop.service"}
_KEPT = '{instance="app1",unit="shop.service",for="log shop"}'
_STARTS = '{instance="app1",name="shop.service",state="activating",type="notify"}'


def _kept(active: str, inactive: str) -> dict[str, str]:
    return {
        f"flyball_unit_kept{_KEPT}": always(1),
        f"node_systemd_unit_state{_STATE.replace('failed', 'active')}": active,
        f"node_systemd_unit_state{_STATE.replace('failed', 'inactive')}": inactive,
        'node_scrape_collector_success{instance="app1",collector="systemd"}': always(1),
    }


def _notices(*values: str) -> dict[str, str]:
    return {f'flyball_spot_notice{{instance="app{i + 1}"}}': value for i, value in enumerate(values)}


CASES: list[Case] = [
    loud(
        "UnitRunFailed", 600, {**HOST, "unit": "logrotate.service"}, {f"flyball_unit_failed{_UNIT}": after(600, 0, 1)}
    ),
    quiet("UnitRunFailed", **{f"flyball_unit_failed{_UNIT}": always(0)}),
    loud(
        "UnitFailed",
        600,
        {**HOST, "name": "shop.service", "state": "failed"},
        {f"node_systemd_unit_state{_STATE}": after(600, 0, 1)},
    ),
    quiet("UnitFailed", **{f"node_systemd_unit_state{_STATE.replace('failed', 'active')}": always(1)}),
    quiet("UnitFailed", **{f"node_systemd_unit_state{_STATE}": " ".join(["1x3 0x3"] * 300)}),
    loud("UnitInactive", 600, KEPT, _kept(active=after(600, 1, 0), inactive=after(600, 0, 1))),
    loud("UnitInactive", 600, KEPT, _kept(active="1x9 stale", inactive="0x9 stale")),  # and forgotten
    quiet("UnitInactive", **_kept(active=always(1), inactive=always(0))),
    quiet("UnitInactive", **_kept(active=always(0), inactive=always(1)), **{f"flyball_frozen{ON}": always(1)}),
    quiet("UnitInactive", **_kept(active=always(0), inactive=always(1)), **{f"flyball_spot_notice{ON}": always(1)}),
    quiet("UnitInactive", **{f"flyball_unit_kept{_KEPT}": always(1)}),  # nobody looks at units there
    # In half of the window and one sample more.
    loud(
        "UnitKeepsStarting",
        900,
        {**HOST, "name": "shop.service", "state": "activating", "type": "notify"},
        {f"node_systemd_unit_state{_STARTS}": after(600, 0, 1)},
    ),
    quiet("UnitKeepsStarting", **{f"node_systemd_unit_state{_STARTS}": " ".join(["1x3 0x5"] * 300)}),
    quiet("UnitKeepsStarting", **{f"node_systemd_unit_state{_STARTS.replace('notify', 'oneshot')}": always(1)}),
    loud("PlannedRestartFailed", 600, HOST, {f"flyball_planned_restart_failed{ON}": after(600, 0, 1)}),
    quiet("PlannedRestartFailed", **{f"flyball_planned_restart_failed{ON}": always(0)}),
    loud("HostDown", 600, {"instance": "app1", "job": "node", "groups": ",web,"}, of_hosts(after(600, 1, 0))),
    quiet("HostDown", **of_hosts(" ".join(["0x3 1x3"] * 300))),
    loud("HostsDown", 600, {"groups": ",web,"}, of_hosts(after(600, 1, 0), after(300, 1, 0), always(1))),
    quiet("HostsDown", **of_hosts(always(0), always(1), always(1))),
    quiet("HostsDown", **{UP % 1: always(0), (UP % 2).replace("web", "cache"): always(0)}),
    loud("SpotNotices", 600, {"groups": ",web,"}, of_hosts(*[always(1)] * 3) | _notices(after(600, 0, 1), always(1))),
    quiet("SpotNotices", **of_hosts(*[always(1)] * 3), **_notices(always(1), always(0))),
    quiet("SpotNotices", **{UP % 1: always(1), (UP % 2).replace("web", "api"): always(1)}, **_notices(*["1x600"] * 2)),
    loud("SpotMetadataUnreadable", 600, HOST, {f"flyball_spot_metadata_up{ON}": after(600, 1, 0)}),
    # Nobody looks any more.
    loud("SpotMetadataUnreadable", 180, HOST, {f"flyball_spot_looked_timestamp_seconds{ON}": always(30)}),
    quiet("SpotMetadataUnreadable", **{f"flyball_spot_looked_timestamp_seconds{ON}": f"0+{STEP}x{SAMPLES}"}),
    quiet("SpotMetadataUnreadable", **{f"flyball_spot_metadata_up{ON}": " ".join(["0x1 1x3"] * 150)}),
    loud("OutOfMemory", 660, HOST, {f"node_vmstat_oom_kill{ON}": f"7x10 8x{SAMPLES}"}),
    quiet("OutOfMemory", **{f"node_vmstat_oom_kill{ON}": always(7)}),
    loud("DrainForgotten", 660, HOST, {f"flyball_drained_since_seconds{ON}": always(600 - 3600)}),
    quiet("DrainForgotten", **{f"flyball_drained_since_seconds{ON}": f"0x59 _x{SAMPLES}"}),
]
