"""Hosts that a pod's variables and command lines name."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flyball.deploy.adopt.found import Found
from flyball.deploy.adopt.work import Work

_HOST = re.compile(
    r"(?<![-.\w$({])(?P<host>[a-z](?:[-a-z0-9]*[a-z0-9])?(?:\.[-a-z0-9]+)*)(?::(?P<port>[0-9]{1,5}))?(?![-.\w:])"
)
_ADDRESS = re.compile(
    r"(?i)host|addr|url|uri|endpoint|server|broker|domain|dsn|connection|datasource|upstream|origin|target"
)
_KEYED = re.compile(r"(?i)(?:host|server|data source|addr|address|hostname)\s*=\s*$")
_SCHEME = re.compile(r"([a-z][-+.a-z0-9]*)://(?:[^/\s]*@)?$")
_REFERENCE = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")


@dataclass(frozen=True, slots=True)
class Named:
    """A place where a value names a host that is known: as `name`, and written as `host`. `port` is the one that is
    dialled, None where the value says none; `scheme` is empty where it has none."""

    source: str
    name: str
    host: str
    port: int | None
    scheme: str = ""


def named(work: Work, is_known: Callable[[str], bool]) -> Iterator[Named]:
    """Where the variables and the command line of a pod name a host that is known."""
    texts = {name: _resolved(value, work.text) for name, value in work.text.items()}
    for name, value in sorted(texts.items()):
        for match in _HOST.finditer(value):
            host, port = match["host"], match["port"]
            inner = short(host, work.found)
            if not is_known(inner):
                continue
            before = value[: match.start()]
            whole = match.start() == 0 and match.end() == len(value)
            if not (
                port
                or host != inner
                or "." in host
                or before.endswith(("://", "@"))
                or _KEYED.search(before)
                or (whole and _ADDRESS.search(name.rsplit(".", 1)[-1]))
            ):
                continue
            dialled = int(port) if port else _beside(name, texts) if whole else None
            yield Named(name, inner, host, dialled, _scheme(before))
    for key in ("command", "args"):
        for word in map(str, work.container.get(key) or []):
            for match in _HOST.finditer(word):
                inner, before = short(match["host"], work.found), word[: match.start()]
                if is_known(inner) and (match["port"] or before.endswith(("://", "@"))):
                    port = int(match["port"]) if match["port"] else None
                    yield Named(key, inner, match["host"], port, _scheme(before))


def _scheme(before: str) -> str:
    """How an address begins whose host comes next."""
    found = _SCHEME.search(before)
    return found[1] if found else ""


def short(host: str, found: Found) -> str:
    """The name within the namespace, of a host name that leads into it."""
    name = host.partition(".")[0]
    return name if host in names_of(name, found) else host


def names_of(service: str, found: Found) -> tuple[str, ...]:
    """All names of a Service of the namespace."""
    whole = f"{service}.{found.namespace or 'default'}"
    return service, whole, f"{whole}.svc", f"{whole}.svc.cluster.local"


def _resolved(value: str, texts: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda match: texts.get(match[1], match[0]), value)


def _beside(name: str, texts: Mapping[str, str]) -> int | None:
    """The port that another variable says: FLAGD_PORT beside FLAGD_HOST."""
    stem = _stem(name)
    found = next((texts[key] for key in (f"{stem}_PORT", f"{stem}_UI_PORT", f"{name}_PORT") if key in texts), "")
    return int(found) if found.isdigit() else None


def port_variable(name: str, env: Mapping[str, str]) -> str | None:
    """The variable that says the port of the host in another one."""
    return next((key for key in (f"{_stem(name)}_PORT", f"{name}_PORT") if key in env), None)


def _stem(name: str) -> str:
    """What a variable speaks of: FLAGD of FLAGD_HOST."""
    return re.sub(r"(?i)_?(host|hostname|addr|address|endpoint|server)$", "", name)
