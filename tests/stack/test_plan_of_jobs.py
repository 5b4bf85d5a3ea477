"""What a plan says of jobs and caches."""

from typing import Any

from flyball.stack.plan import plan

CONFIG: dict[str, Any] = {
    "environment": "test",
    "owner": "shop",
    "namespace": "shop",
    "cluster": "local",
    "services": {"web": {"image": "example.org/app:1.0", "port": 8080, "load": {"peak": 100, "replica": 50}}},
    "jobs": {
        "report": {"image": "example.org/report:1.0", "schedule": "0 4 * * *", "timezone": "Europe/Berlin"},
        "migrate": {"image": "example.org/migrate:1.0", "deadline": "20m", "retries": 0},
        "broken": {"image": "example.org/broken"},
    },
}


def test_it_says_when_they_run_and_for_how_long() -> None:
    found = plan(CONFIG)
    assert [problem.where for problem in found.findings] == ["jobs.broken.image"]
    assert [str(run) for run in found.runs] == [
        "job report runs at 0 4 * * * (Europe/Berlin), for 1h and in 3 attempts at the most",
        "job migrate runs once for each change of its arguments, for 20m and in 1 attempt at the most",
    ]
    assert found.as_json()["jobs"] == [
        {
            "job": "report",
            "schedule": "0 4 * * *",
            "timezone": "Europe/Berlin",
            "deadline": "1h",
            "attempts": 3,
            "before": None,
            "at_once": 1,
        },
        {
            "job": "migrate",
            "schedule": None,
            "timezone": None,
            "deadline": "20m",
            "attempts": 1,
            "before": None,
            "at_once": 1,
        },
    ]


def test_it_says_what_comes_before_a_new_version() -> None:
    web = {**CONFIG["services"]["web"], "migrate": {"command": ["./migrate"], "retries": 0}}
    found = plan({**CONFIG, "jobs": {}, "services": {"web": web}})
    assert found.findings == ()
    (run,) = found.runs
    assert str(run) == "a new version of web comes after its migration has succeeded, within 10m and 1 attempt"
    assert found.as_json()["jobs"] == [
        {
            "job": "web-migrate",
            "schedule": None,
            "timezone": None,
            "deadline": "10m",
            "attempts": 1,
            "before": "web",
            "at_once": 1,
        }
    ]


def test_it_says_how_many_runs_may_pile_up() -> None:
    sweep = {"image": "example.org/sweep:1.0", "schedule": "*/20 * * * *", "concurrency": "allow", "deadline": "1h"}
    found = plan({**CONFIG, "jobs": {"sweep": {**sweep, "proven": 3}}})
    assert found.findings == ()
    assert [str(run) for run in found.runs] == [
        "job sweep runs at 0,20,40 * * * * (UTC), for 1h and in 3 attempts at the most, up to 4 runs at once"
    ]
    assert found.as_json()["jobs"][0]["at_once"] == 4


def test_it_says_what_caches_hold_and_what_they_survive() -> None:
    caches = {
        "sessions": {"memory": "1Gi", "ttl": "1h", "clients": 500, "survive": "node"},
        "pages": {"memory": "256Mi", "ttl": "90s"},
        "broken": {"memory": "1Gi"},
    }
    found = plan({**CONFIG, "jobs": {}, "caches": caches})
    assert [problem.where for problem in found.findings] == ["caches.broken.ttl"]
    assert [str(held) for held in found.caches] == [
        "cache sessions holds 307Mi of keys in 1Gi, each for 1h, for 500 clients, and keeps them through the loss of a"
        " node",
        "cache pages holds 153Mi of keys in 256Mi, each for 1m30s, for 1000 clients, and is filled anew after a loss",
    ]
    assert found.as_json()["caches"][0] == {
        "cache": "sessions",
        "memory": 2**30,
        "maxmemory": 322_122_547,
        "ttl": "1h",
        "clients": 500,
        "survives": "node",
    }
