"""Alerts on certificates near their end, by cert-manager's own figures and by what a blackbox exporter sees served."""

from collections.abc import Iterable, Mapping

from flyball.alerts.counters import span
from flyball.alerts.rule import Rule, Severity
from flyball.guards.alerting import watch
from flyball.guards.governor.rules import UNWATCHED

SERVED, ISSUED = "probe_ssl_earliest_cert_expiry", "certmanager_certificate_expiration_timestamp_seconds"
PLANNED = "certmanager_certificate_renewal_timestamp_seconds"
OPTIONAL = (SERVED, ISSUED, PLANNED)
"""Whoever has neither exporter has no alert either."""


def rules(namespace: str) -> dict[str, list[Rule]]:
    """The rules for what a namespace serves and has issued, by the name of their group."""
    served = _served(f'{{namespace="{namespace}"}}')
    issued, planned = (_issued(series, namespace) for series in (ISSUED, PLANNED))
    late = span(watch.RENEWAL_LATE)
    soon = f"{served} - time() < {watch.ENDS_SOON} or time() - {planned} > {watch.RENEWAL_LATE}"
    too = f", or its renewal is more than {late} late"
    where = {"namespace": namespace}
    return {
        "flyball-certificates": [
            _soon("CertificateEndsSoon", soon, too, where),
            _now("CertificateEnds", (served, issued), where),
        ]
    }


def on_hosts() -> dict[str, list[Rule]]:
    """The same for what any blackbox exporter sees, which `prometheus_targets` names."""
    served = _served("")
    soon = f"{served} - time() < {watch.ENDS_SOON}"
    return {
        "flyball-certificates": [_soon("ServedCertificateEndsSoon", soon), _now("ServedCertificateEnds", (served,))]
    }


def _served(where: str) -> str:
    return f"max by (instance) ({SERVED}{where})"


def _issued(series: str, namespace: str) -> str:
    """Scraped as usual, cert-manager's own namespace stands where that of the certificate was."""
    return f'max by (name) ({series}{{exported_namespace="{namespace}"}} or {series}{{namespace="{namespace}"}})'


def _soon(name: str, expr: str, too: str = "", where: Mapping[str, str] | None = None) -> Rule:
    return Rule(
        name=name,
        severity=Severity.WARNING,
        subject="certificate",
        expr=expr,
        seconds=watch.CERTIFICATE_FOR,
        summary=f"the certificate of {_WHICH} ends within {span(watch.ENDS_SOON)}{too}",
        action="See why it was not renewed: kubectl describe certificate, or the log of whatever renews it.",
        guards=(UNWATCHED.id,),
        labels=where or {},
    )


def _now(name: str, ends: Iterable[str], where: Mapping[str, str] | None = None) -> Rule:
    return Rule(
        name=name,
        severity=Severity.PAGE,
        subject="certificate",
        expr=f"({' or '.join(ends)}) - time() < {watch.ENDS}",
        seconds=watch.CERTIFICATE_FOR,
        summary=f"the certificate of {_WHICH} ends within {span(watch.ENDS)}",
        action="Renew it by hand now: with its end nobody connects any more.",
        guards=(UNWATCHED.id,),
        labels=where or {},
    )


_WHICH = "{{ $labels.instance }}{{ $labels.name }}"
"""One of them: where it is served, or what cert-manager calls it."""
