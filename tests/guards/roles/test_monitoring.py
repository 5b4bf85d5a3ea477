"""What watches hosts has limits of its own, and reaches whom it is meant to."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flyball.guards.alerting.hosts import Size
from flyball.guards.clean_up.retention import MI
from flyball.guards.roles import alertmanager as alertmanager_role
from flyball.guards.roles import node_exporter
from flyball.guards.roles import prometheus as prometheus_role

GIB = 2**30
FOUND: prometheus_role.Found = {
    "host": "mon1",
    "memory": 4 * GIB,
    "disk": 20 * GIB,
    "groups": {"all": ["app1", "app2", "mon1"], "web": ["app1", "app2"], "ungrouped": []},
    "addresses": {"app1": ["127.0.0.1", "192.0.2.1"], "app2": ["2001:db8::2"], "mon1": []},
    "ports": {"app1": 9100, "app2": 9200, "mon1": 9100},
}
PAGE = {"alertmanager_page": {"emails": ["oncall@example.com"]}}
SMTP = {"alertmanager_smtp": {"server": "mail.example.com:587", "from": "alerts@example.com"}}
WARNING = {"alertmanager_warning": {"webhooks": ["https://chat.example.com/hook?token=x"]}}


def prometheus(found: prometheus_role.Found = FOUND, **given: Any) -> tuple[prometheus_role.Scraping, list[str]]:
    settings, problems = prometheus_role.read(given, found)
    return settings, [str(problem) for problem in problems]


def alertmanager(**given: Any) -> tuple[alertmanager_role.Notifying, list[str]]:
    settings, problems = alertmanager_role.read({**PAGE, **SMTP, **WARNING, **given})
    return settings, [str(problem) for problem in problems]


def exporter(**given: Any) -> tuple[node_exporter.Exporter, list[str]]:
    settings, problems = node_exporter.read(given)
    return settings, [str(problem) for problem in problems]


def test_defaults_are_sound_and_let_nobody_in() -> None:
    for settings, problems in (prometheus(), alertmanager()):
        assert problems == []
        assert settings.listen.startswith("127.0.0.1:")
    shown, problems = exporter()
    assert (shown.listens, problems) == (("127.0.0.1:9100",), [])
    assert set(shown.collectors) == set(node_exporter.COLLECTORS)


def test_the_defaults() -> None:
    settings, _ = prometheus()
    assert (settings.storage, settings.days, settings.memory) == (8 * GIB, 15, GIB)
    assert (settings.query_concurrency, settings.query_samples) == (8, 4_000_000)
    assert (settings.interval, settings.timeout, settings.query_timeout) == ("30s", "10s", "30s")
    assert settings.alertmanagers == ("127.0.0.1:9093",)
    said, _ = alertmanager()
    assert (said.group_wait, said.group_interval, said.repeat_interval, said.memory) == ("30s", "5m", "4h", 256 * MI)
    assert said.group_by == ("alertname",)
    assert exporter()[0].memory == node_exporter.MEMORY


def test_each_host_is_asked_where_the_monitor_reaches_it() -> None:
    settings, _ = prometheus()
    assert [(node.name, node.target, node.groups) for node in settings.nodes] == [
        ("app1", "192.0.2.1:9100", ",web,"),
        ("app2", "[2001:db8::2]:9200", ",web,"),
        ("mon1", "127.0.0.1:9100", ",,"),
    ]


def test_a_host_that_shows_itself_to_nobody_is_refused() -> None:
    found: prometheus_role.Found = {**FOUND, "addresses": {**FOUND["addresses"], "app1": ["127.0.0.1"]}}
    assert prometheus(found)[1] == [
        "prometheus_groups[0]: app1 shows its figures to nobody but itself;"
        " let node_exporter_addresses of app1 name an address that mon1 reaches"
    ]


def test_a_group_in_two_groups_is_watched_once() -> None:
    assert len(prometheus(prometheus_groups=["web", "all"])[0].nodes) == 3


@given(st.integers(64, 8192), st.integers(1, 100), st.integers(8640, 10**8))
def test_queries_never_take_more_than_half_of_the_memory(memory: int, concurrency: int, samples: int) -> None:
    assume(memory >= 128)
    given = {
        "prometheus_memory": f"{memory}Mi",
        "prometheus_query_concurrency": concurrency,
        "prometheus_query_samples": samples,
    }
    _, problems = prometheus({**FOUND, "memory": 2**40}, **given)
    fits = concurrency * samples * 16 * 2 <= memory * MI
    assert (problems == []) == fits


@given(st.integers(512, 10**6), st.integers(1, 2**40))
def test_what_is_stored_leaves_a_fifth_of_the_disk(mebibytes: int, disk: int) -> None:
    _, problems = prometheus({**FOUND, "disk": disk}, prometheus_storage_size=f"{mebibytes}Mi")
    assert (problems == []) == (mebibytes * MI * 10 <= disk * 8)


def test_caps_come_from_the_envelope() -> None:
    settings, problems = prometheus(
        prometheus_sizes=[{"group": "web", "proven": 6}, {"group": "all", "proven": 5, "ceiling": 5}]
    )
    assert problems == []
    assert settings.sizes == (Size("web", 8, 9), Size("all", 4, 5))
    wrong = [
        {"group": "web", "proven": 6, "ceiling": 10},
        {"group": "webs", "proven": 1},
        {"group": "webs", "proven": 1},
    ]
    assert prometheus(prometheus_sizes=wrong)[1] == [
        "prometheus_sizes[0].ceiling: a ceiling of 10 is beyond the envelope: 6 replicas are proven, which allows 9;"
        " lower it, or prove a larger size first",
        "prometheus_sizes[1].group: 'webs' is no group of the inventory",
        "prometheus_sizes[2].group: 'webs' is no group of the inventory",
        "prometheus_sizes[2].group: 'webs' has a size already; give one for each group",
    ]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"prometheus_targets": [{"job": "Shop", "targets": ["a:80"]}]}, "prometheus_targets[0].job: 'Shop' is not"),
        ({"prometheus_targets": [{"job": "a", "targets": []}]}, "prometheus_targets[0].targets: is empty"),
        (
            {"prometheus_targets": [{"job": "a", "targets": ["a"]}]},
            "prometheus_targets[0].targets[0]: is 'a'",
        ),
        ({"prometheus_targets": [{"job": "a", "targets": ["a:1"], "path": "x"}]}, "prometheus_targets[0].path: 'x' is"),
        ({"prometheus_targets": [{"job": "a", "targets": ["a:1"]}] * 2}, "prometheus_targets[1].job: 'a' is there"),
        ({"prometheus_alertmanagers": ["a:99999"]}, "prometheus_alertmanagers[0]: is 'a:99999'"),
        ({"prometheus_rule_files": ["a/flyball.yml"]}, "prometheus_rule_files[0]: flyball.yml is there already"),
        ({"prometheus_rule_files": ["a/x.yml", "b/x.yml"]}, "prometheus_rule_files[1]: x.yml is there already"),
        ({"prometheus_interval": "1500ms"}, "prometheus_interval: is 1.5s; allowed are whole seconds"),
        ({"prometheus_memory": "64Mi", "prometheus_query_samples": 9000}, "prometheus_memory: is 64Mi; allowed is at"),
        ({"prometheus_storage_size": "1Mi"}, "prometheus_storage_size: is 1Mi; allowed is at least 512Mi"),
        ({"prometheus_addres": "127.0.0.1"}, "prometheus_addres: is no known variable; did you mean"),
    ],
)
def test_what_cannot_be_watched_is_refused(given: dict[str, Any], says: str) -> None:
    (problem,) = prometheus(**given)[1]
    assert problem.startswith(says)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"alertmanager_group_by": ["a-b"]}, "alertmanager_group_by[0]: 'a-b' is no label"),
        ({"alertmanager_repeat_interval": "6d"}, "alertmanager_repeat_interval: is 6d; allowed are whole seconds"),
        ({"alertmanager_page": {"emails": ["nobody"]}}, "alertmanager_page.emails[0]: 'nobody' is no address"),
        ({"alertmanager_page": {}}, "alertmanager_page: names nobody who would hear of a page"),
        (
            {"alertmanager_smtp": {"server": "mail", "from": "a@b"}},
            "alertmanager_smtp.server: is 'mail'; give host:port",
        ),
        ({"alertmanager_smtp": {"server": "m:25", "from": "a"}}, "alertmanager_smtp.from: 'a' is no address"),
        ({"alertmanager_memory": "1Mi"}, "alertmanager_memory: is 1Mi; allowed is from 64Mi to 4Gi"),
        (
            {"alertmanager_smtp": {"server": "m:25", "from": "a@b", "username": "a", "password_file": "b c"}},
            "alertmanager_smtp.password_file: is no path",
        ),
    ],
)
def test_what_reaches_nobody_is_refused(given: dict[str, Any], says: str) -> None:
    (problem,) = alertmanager(**given)[1]
    assert problem.startswith(says)


def test_a_password_that_is_not_there_is_refused_before_the_first_page() -> None:
    smtp = {**SMTP["alertmanager_smtp"], "username": "alerts", "password_file": "/etc/prometheus/mail"}
    variables = {**PAGE, **WARNING, "alertmanager_smtp": smtp}
    assert alertmanager_role.read(variables, {"/etc/prometheus/mail": ""})[1] == []
    (problem,) = alertmanager_role.read(variables, {})[1]
    assert str(problem).startswith("alertmanager_smtp.password_file: /etc/prometheus/mail is not on the host")


def test_a_cluster_listens_where_its_peers_reach_it() -> None:
    peers = {"alertmanager_peers": ["mon2.example:9094"]}
    settings, problems = alertmanager(**peers, alertmanager_cluster_address="192.0.2.1")
    assert (settings.cluster, settings.peers, problems) == ("192.0.2.1:9094", ("mon2.example:9094",), [])
    assert alertmanager()[0].cluster == ""
    (problem,) = alertmanager(**peers)[1]
    assert problem.startswith("alertmanager_cluster_address: is missing")


def test_no_problem_repeats_a_url() -> None:
    (problem,) = alertmanager(alertmanager_page={"webhooks": ["https//chat.example.com/token"]})[1]
    assert problem == "alertmanager_page.webhooks[0]: is no URL; begin it with http:// or https://, without a user"


def test_what_alerts_are_made_from_cannot_be_left_out() -> None:
    assert exporter(node_exporter_collectors=["cpu", "textfile", "vmstat"])[1] == [
        "node_exporter_collectors: lacks filesystem, timex; alerts are made from them; add them"
    ]
