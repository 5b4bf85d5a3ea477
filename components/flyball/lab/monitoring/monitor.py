"""Prometheus and Alertmanager, beside a control plane or on their own, from the rules to who is told."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flyball.guards.reading.units import show_duration
from flyball.lab import ports
from flyball.lab.cluster.control_plane import ControlPlane, Report
from flyball.lab.monitoring import alone, at_work, figures, kube_state, programs, receiver
from flyball.lab.monitoring.errors import MonitorError
from flyball.lab.monitoring.receiver import Receiver

RULES = "rules.yml"
JOBS = ("kube-state-metrics", "proxies", "apiserver")


@dataclass(frozen=True, slots=True)
class Times:
    """How often figures are scraped, and rules evaluated [ms]."""

    scrape: int
    evaluate: int


@dataclass(frozen=True)
class Scraper:
    """Prometheus, while it runs."""

    folder: Path
    """Its configuration and state."""
    prometheus: str
    """Its URL."""

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series that an expression comes to now. Raises `MonitorError` where Prometheus refuses it."""
        return self._get("query", query=expression)["result"]

    def between(self, expression: str, start: float, end: float, step: float) -> list[dict[str, Any]]:
        """The same over time [seconds since 1970]."""
        return self._get("query_range", query=expression, start=start, end=end, step=step)["result"]

    def targets(self) -> dict[str, str]:
        """What is scraped, with what is wrong with it; empty where nothing is."""
        return {target["scrapePool"]: target["lastError"] for target in self._get("targets")["activeTargets"]}

    def _get(self, path: str, **arguments: object) -> Any:
        url = f"{self.prometheus}/api/v1/{path}?{urlencode(arguments)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise MonitorError(f"Prometheus refuses {arguments}: {error.read().decode(errors='replace')}") from error


@dataclass(frozen=True)
class Monitor(Scraper):
    """Both, while they run; the folder is that of both."""

    alertmanager: str
    receiver: Receiver

    def load(self, rules: Mapping[str, Any], limit: float = 60.0) -> None:
        """From now on alerts are made by these: the content of a rule file. Raises `MonitorError` if it is none."""
        (self.folder / RULES).write_text(json.dumps(rules, indent=1))
        request = urllib.request.Request(f"{self.prometheus}/-/reload", method="POST")
        try:
            with urllib.request.urlopen(request, timeout=60):
                pass
        except urllib.error.HTTPError as error:
            raise MonitorError(f"Prometheus refuses the rules: {error.read().decode(errors='replace')}") from error
        # Read anew, Prometheus forgets its Alertmanager for some seconds; what fires then is sent a minute later.
        deadline = time.monotonic() + limit
        while not self._get("alertmanagers")["activeAlertmanagers"]:
            if time.monotonic() > deadline:
                raise MonitorError("Prometheus knows no Alertmanager")
            time.sleep(0.1)

    def alerts(self) -> list[dict[str, Any]]:
        """Alerts that are pending or firing now."""
        return self._get("alerts")["alerts"]

    def silenced(self) -> list[dict[str, str]]:
        """Labels of alerts that another one silences now."""
        with urllib.request.urlopen(f"{self.alertmanager}/api/v2/alerts", timeout=30) as answer:
            return [alert["labels"] for alert in json.load(answer) if alert["status"]["inhibitedBy"]]

    def rules(self) -> list[dict[str, Any]]:
        """All rules, with how they fare."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]


@contextmanager
def watching(
    plane: ControlPlane,
    proxies: Callable[[], str],
    times: Times,
    configuration: Callable[[Receiver], Mapping[str, Any]],
    report: Report,
) -> Iterator[Monitor]:
    """The control plane is scraped meanwhile, and watched by rules once they are loaded.

    `proxies` gives the figures of all proxies, as the exporters of these would, and `configuration` is Alertmanager's,
    for somebody who hears.

    Raises `MonitorError`, `HostsError` where the programs cannot be had.
    """
    api = kube_state.Api(plane)
    with ExitStack() as at_end:
        known = at_end.enter_context(kube_state.known(api, times.scrape / 2000))
        port = at_end.enter_context(figures.served({"kube-state-metrics": known, "proxies": proxies}))
        scraped = _of_plane(api, port)
        yield at_end.enter_context(running(plane.folder, scraped, times, configuration, report))


@contextmanager
def running(
    home: Path,
    scraped: Sequence[Mapping[str, Any]],
    times: Times,
    configuration: Callable[[Receiver], Mapping[str, Any]],
    report: Report,
) -> Iterator[Monitor]:
    """Prometheus, which scrapes by these configurations, each of one target, and Alertmanager, with all of theirs in
    the folder `home`. Raises as `watching`."""
    root = programs.ensure(report)
    folder = home / "monitoring"
    folder.mkdir(exist_ok=True)
    web, mail = ports.free(2)
    with ExitStack() as at_end:
        told = at_end.enter_context(receiver.listening())
        alerting = {"alertmanagers": [{"static_configs": [_targets(mail)]}]}
        documents = {
            RULES: {"groups": []},
            "prometheus.yml": {**_prometheus(times, scraped), "rule_files": [RULES], "alerting": alerting},
            "alertmanager.yml": configuration(told),
        }
        for name, document in documents.items():
            # Each of them reads YAML, of which JSON is a part.
            (folder / name).write_text(json.dumps(document, indent=1))
        monitor = Monitor(folder, f"http://127.0.0.1:{web}", f"http://127.0.0.1:{mail}", told)
        run = at_end.enter_context(at_work.programs(root, home, folder))
        run.start(
            *("prometheus-alertmanager", f"--config.file={folder}/alertmanager.yml", "--cluster.listen-address="),
            *(f"--storage.path={folder}/alertmanager", f"--web.listen-address=127.0.0.1:{mail}"),
        )
        run.start(
            *("prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/prometheus"),
            *(f"--web.listen-address=127.0.0.1:{web}", "--web.enable-lifecycle"),
        )
        for url in (monitor.alertmanager, monitor.prometheus):
            run.await_ready(f"{url}/-/ready")
        _await_figures(monitor, len(scraped))
        yield monitor


@contextmanager
def scraping(home: Path, scraped: Sequence[Mapping[str, Any]], times: Times, report: Report) -> Iterator[Scraper]:
    """Prometheus alone, for who only asks it. Raises as `watching`."""
    folder = home / "monitoring"
    folder.mkdir(exist_ok=True)
    with alone.prometheus(folder, _prometheus(times, scraped), report) as url:
        found = Scraper(folder, url)
        _await_figures(found, len(scraped))
        yield found


def _await_figures(monitor: Scraper, targets: int, limit: float = 120.0) -> None:
    """Wait until all that is scraped has answered: alerts on what nobody knows would be silent."""
    deadline = time.monotonic() + limit
    while len(monitor.query("up == 1")) < targets:
        if time.monotonic() > deadline:
            raise MonitorError(f"no figures: {monitor.targets()}")
        time.sleep(0.1)


def _prometheus(times: Times, scraped: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "global": {
            "scrape_interval": _span(times.scrape),
            "scrape_timeout": _span(times.scrape),
            "evaluation_interval": _span(times.evaluate),
        },
        "scrape_configs": scraped,
    }


def _of_plane(api: kube_state.Api, port: int) -> list[Mapping[str, Any]]:
    """The figures that are served on a port, and the API server itself."""
    pki = str(api.pki)
    files = {"ca_file": f"{pki}/ca.crt", "cert_file": f"{pki}/admin.crt", "key_file": f"{pki}/admin.key"}
    kept = {"source_labels": ["__name__"], "regex": "apiserver_validating_admission_policy.*", "action": "keep"}
    return [
        # The pods and namespaces that it tells of are those of the figures, not its own.
        *(
            {"job_name": job, "metrics_path": f"/{job}", "honor_labels": True, "static_configs": [_targets(port)]}
            for job in JOBS[:2]
        ),
        {
            "job_name": "apiserver",
            "scheme": "https",
            "tls_config": files,
            "metric_relabel_configs": [kept],
            "static_configs": [{"targets": [api.address]}],
        },
    ]


def _targets(port: int) -> dict[str, Sequence[str]]:
    return {"targets": [f"127.0.0.1:{port}"]}


def _span(milliseconds: int) -> str:
    """As Prometheus writes it, which knows no fractions."""
    return f"{milliseconds}ms" if milliseconds % 1000 else show_duration(milliseconds)
