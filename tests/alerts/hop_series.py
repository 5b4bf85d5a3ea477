"""For each alert on hops, jobs and caches what the proxies, kube-state-metrics and the exporters tell of a shop.

web calls pay within 500 ms, and promises an answer within 2 s.
"""

from tests.alerts.case import DAY, GIB, SAMPLES, STEP, after, always
from tests.alerts.service_series import OF_WEB, Series, grows

from flyball.guards.workload.application import Place
from flyball.stack.read import read

PLACE = Place(namespace="shop", owner="team", environment="prod")
JOBS = [
    *read(
        {
            "environment": "prod",
            "owner": "team",
            "namespace": "shop",
            "cluster": "there",
            "services": {
                "web": {"image": "example.org/web:1.0", "port": 1, "load": {"peak": 1, "replica": 1}, "public": True}
            },
            "jobs": {"report": {"image": "example.org/report:1.0", "schedule": "0 3 * * *"}},
        }
    ).jobs.values()
]
_PAY = {**OF_WEB, "hop": "pay"}
_REPORT = {"namespace": "shop", "name": "report", "owner": "team", "environment": "prod"}
_CACHE = {"namespace": "shop", "cache": "sessions", "owner": "team", "environment": "prod"}
_IN_POD = {**_CACHE, "pod": "sessions-0"}
_DB = ',db="db0"'


def _proxied(what: str, proxy: str, values: str, pod: str = "web-7f9c-x2k8p") -> Series:
    return {f'haproxy_{what}{{namespace="shop",pod="{pod}",proxy="{proxy}"}}': values}


def _calls(proxy: str, requests: float, broken: float, answer: str = f"0.1x{SAMPLES}") -> Series:
    """Requests a second to a backend, how many of them in vain, and how long answers take on average [s]."""
    return {
        **_proxied("backend_http_requests_total", proxy, grows(requests)),
        **_proxied("backend_response_errors_total", proxy, grows(broken)),
        **_proxied("backend_response_time_average_seconds", proxy, answer),
    }


def _near(answers: str, table: str = "near.pay") -> Series:
    """Answers of the last five minutes that took 80 % of the timeout, or of the deadline, or more."""
    of = f'namespace="shop",pod="web-7f9c-x2k8p",name="{table}",type="integer"'
    return {f"haproxy_sticktable_used{{{of}}}": answers}


def _door(requests: float, refused: float, waited: float = 0) -> Series:
    return {
        **_proxied("frontend_http_requests_total", "inbound", grows(requests)),
        **_proxied("frontend_intercepted_requests_total", "inbound", grows(refused)),
        **_proxied("backend_connection_errors_total", "app", grows(waited)),
    }


def _run(name: str, started: str, failed: str) -> Series:
    of = f'namespace="shop",job_name="{name}"'
    return {
        f"kube_job_status_start_time{{{of}}}": started,
        f'kube_job_failed{{{of},condition="true"}}': failed,
    }


def _schedule(
    next_run: str = "86400x600", succeeded: str = "0x600", suspended: int = 0, created: str = "0x600"
) -> Series:
    of = 'namespace="shop",cronjob="report"'
    return {
        f"kube_cronjob_created{{{of}}}": created,
        f"kube_cronjob_next_schedule_time{{{of}}}": next_run,
        f"kube_cronjob_status_last_successful_time{{{of}}}": succeeded,
        f"kube_cronjob_spec_suspend{{{of}}}": always(suspended),
    }


def _cache(pod: str = "sessions-0", **values: str) -> Series:
    """Of 1 GiB: its figures as the exporter calls them."""
    of = f'namespace="shop",pod="{pod}"'
    return {f"redis_{name}{{{of}{_DB if name.startswith('db_') else ''}}}": value for name, value in values.items()}


LOUD: list[tuple[str, int, dict[str, str], Series, str]] = [
    # 2 of 100 requests a minute in vain: five of them are reached after three minutes, and one in a hundred always.
    ("HopSlow", 180, _PAY, _calls("to.pay", 100 / STEP, 2 / STEP), ""),
    ("HopSlow", 600, _PAY, _calls("once.pay", 10, 0, answer=after(600, 0.4, 0.401)), ""),
    # Six of 500 answers, whose mean is far below.
    ("HopSlow", 600, _PAY, _calls("to.pay", 100 / STEP, 0) | _near(after(600, 0, 6)), ""),
    # Three of 500 are in vain, and as many others nearly.
    ("HopSlow", 600, _PAY, _calls("to.pay", 100 / STEP, 0.6 / STEP) | _near(after(600, 0, 3)), ""),
    ("WorkloadSlow", 180, OF_WEB, _calls("app", 100 / STEP, 2 / STEP), ""),
    ("WorkloadSlow", 600, OF_WEB, _calls("app", 10, 0, answer=after(600, 1.6, 1.601)), ""),
    ("WorkloadSlow", 600, OF_WEB, _calls("app", 100 / STEP, 0) | _near(after(600, 0, 6), "inbound"), ""),
    ("WorkloadSlow", 600, OF_WEB, _calls("app", 100 / STEP, 0.6 / STEP) | _near(after(600, 0, 3), "inbound"), ""),
    ("CircuitOpen", 720, _PAY, _proxied("backend_http_requests_total", "open.pay", f"0x10 0+9x{SAMPLES}"), ""),
    ("RequestsShed", 60, OF_WEB, _door(50, 1), "2%"),
    # Those that waited for a place in vain count as well.
    ("MostRequestsShed", 60, OF_WEB, _door(50, 5, 6), "22%"),
    ("WorkloadUncounted", 0, OF_WEB, {}, ""),
    ("JobFailed", 600, _REPORT, _run("report-29012345", always(300), after(600, 0, 1)) | _schedule(), ""),
    ("JobFailed", 600, _REPORT, _run("report-0a1b2c3d4e", always(300), after(600, 0, 1)), ""),
    ("JobNotRun", 960, _REPORT, _schedule(next_run=always(0)), ""),
    # 26 h ago: a day, the hour that it may start late, and the hour that it may take.
    ("JobNotSucceeded", 660, _REPORT, _schedule(succeeded=always(-93_000), created=always(-DAY * 9)), ""),
    # It has never succeeded.
    ("JobNotSucceeded", 660, _REPORT, _schedule(succeeded="_x600", created=always(-93_000)), ""),
    (
        "CacheMemoryHigh",
        600,
        _IN_POD,
        _cache(memory_used_rss_bytes=after(600, 0.9 * GIB, 0.91 * GIB)),
        "",
    ),
    (
        "CacheClientsUnread",
        600,
        _IN_POD,
        _cache(mem_clients_normal=after(600, 8, 9), memory_max_bytes=always(100)),
        "",
    ),
    # 11 of 100 keys within ten minutes.
    ("CacheEvicting", 600, _IN_POD, _cache(evicted_keys_total=f"0+1.1x{SAMPLES}", db_keys=always(100)), ""),
    ("CacheUnknown", 0, _CACHE, {}, ""),
]
QUIET: list[tuple[str, Series]] = [
    ("HopSlow", _calls("to.pay", 10, 0.1, answer=always(0.4))),
    # Four of twenty within the window: too few to say anything.
    ("HopSlow", _calls("to.pay", 4 / STEP, 0.8 / STEP)),
    ("HopSlow", _calls("to.pay", 100 / STEP, 0) | _near(always(5))),
    ("HopSlow", _calls("to.pay", 4 / STEP, 0) | _near(always(4))),
    ("HopSlow", _calls("to.pay", 100 / STEP, 0) | _near(always(400), "near.other")),
    ("HopSlow", _calls("to.pay", 100 / STEP, 0) | _near(always(400), "inbound")),
    # The last answers of the day were slow; nobody asks at night.
    ("HopSlow", _calls("to.pay", 0, 0, answer=always(0.45))),
    # A proxy began anew, another was not scraped for a while.
    ("HopSlow", _proxied("backend_response_errors_total", "to.pay", f"900x9 0x{SAMPLES}") | _calls("all.pay", 10, 0)),
    ("HopSlow", _calls("to.other", 10, 9)),
    ("WorkloadSlow", _calls("app", 10, 0.1, answer=always(1.6))),
    ("WorkloadSlow", _calls("app", 0, 0, answer=always(1.9))),
    ("WorkloadSlow", _calls("app", 100 / STEP, 0) | _near(always(5), "inbound")),
    ("WorkloadSlow", _calls("app", 4 / STEP, 0) | _near(always(4), "inbound")),
    # Its calls are slow, of which it knows to make good.
    ("WorkloadSlow", _calls("app", 100 / STEP, 0) | _near(always(400))),
    ("CircuitOpen", _proxied("backend_http_requests_total", "open.pay", f"0x10 9x{SAMPLES}")),
    ("RequestsShed", _door(50, 0.25, 0.25)),
    ("RequestsShed", _door(0.2, 0.05)),
    ("MostRequestsShed", _door(50, 10)),
    # At night: two of five a minute are few.
    ("MostRequestsShed", _door(5 / STEP, 2 / STEP)),
    ("WorkloadUncounted", _door(0, 0)),
    ("JobFailed", _run("report-29012345", always(300), always(0)) | _schedule()),
    # A later run has succeeded.
    ("JobFailed", _run("report-29012345", always(300), always(1)) | _schedule(succeeded=always(301))),
    ("JobFailed", _run("other-29012345", always(300), always(1))),
    ("JobNotRun", _schedule(next_run=always(36_000))),
    ("JobNotRun", _schedule(next_run=always(0), suspended=1)),
    ("JobNotRun", _schedule(next_run=f"0x14 86400x{SAMPLES}")),
    ("JobNotSucceeded", _schedule(succeeded=always(-57_600), created=always(-DAY * 9))),
    ("JobNotSucceeded", _schedule(succeeded=always(-DAY * 9), suspended=1)),
    ("JobNotSucceeded", _schedule(succeeded="_x600", created=always(0))),
    ("CacheMemoryHigh", _cache(memory_used_rss_bytes=always(0.9 * GIB))),
    ("CacheMemoryHigh", _cache(pod="other-0", memory_used_rss_bytes=always(GIB))),
    ("CacheClientsUnread", _cache(mem_clients_normal=always(8), memory_max_bytes=always(100))),
    ("CacheEvicting", _cache(evicted_keys_total=f"0+1x{SAMPLES}", db_keys=always(100))),
    # It began anew, empty.
    ("CacheEvicting", _cache(evicted_keys_total=f"900x9 0x{SAMPLES}", db_keys=after(600, 100, 1))),
    ("CacheUnknown", _cache(memory_used_rss_bytes=always(GIB))),
]
