"""A Prometheus that is asked over its HTTP API: bounded in time and size, and refused where it answers otherwise.

https://prometheus.io/docs/prometheus/latest/querying/api/. No redirect is followed, since it would take the password or
the token along to wherever it leads.
"""

import base64
import http.client
import json
import math
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flyball.errors import FlyballError
from flyball.guards.reading import address
from flyball.guards.reading.problem import Problem, refuse
from flyball.guards.reading.rules import DOES_NOT_APPLY, EITHER_OR, INVALID_ADDRESS, INVALID_TEXT, UNREADABLE_FILE

PATIENCE = 30.0
"""Seconds for an answer; Prometheus itself ends a query after two minutes by default, and is told to after as many."""
LARGEST = 64 * 2**20
"""Bytes of an answer; ten thousand rules with their texts are a quarter of it, and 11,000 points half a mebibyte."""
MOST_POINTS = 10_000
"""Of a series in one answer. Prometheus refuses more than 11,000 (https://github.com/prometheus/prometheus/blob/
main/web/api/v1/api.go, `exceeded maximum resolution`)."""
MOST_SERIES = 100
"""In one answer to a query over time."""
_TOO_MUCH = "too many samples"
"""In what Prometheus says where a query would take more memory than --query.max-samples."""
_LEAST_POINTS = 50
"""A query over so few points is not halved again."""
_LONGEST_SECRET = 64 * 1024
_SHOWN = 200
_REACH = "see that it is reached from here, as by kubectl port-forward"


class PrometheusError(FlyballError):
    """It was not reached, or did not answer as a Prometheus does: what is wrong, and what mends it."""

    def __init__(self, server: "Server", message: str, remedy: str) -> None:
        self.message, self.remedy = message, remedy
        super().__init__(f"{server.url}: {message}; {remedy}")


class QueryError(PrometheusError):
    """It understands, and refuses the query."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where it is, without a slash at the end, and what it is shown to let one in."""

    url: str
    authorization: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Series:
    """Values over time [s since 1970], in order; one that is no number is left out."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]


def server(
    url: str, user: str | None = None, password_file: Path | None = None, token_file: Path | None = None
) -> Server:
    """A server by its URL; a password or a token is read from a file, so that no list of processes shows it.

    Raises `Refused` with every problem, at the options of the command.
    """
    problems: list[Problem] = []
    at = ("--prometheus",)
    if address.has_user(url):
        message, hint = "holds a user or a password, which others see", "give --user and --password-file"
        problems.append(Problem(at, INVALID_ADDRESS, message, hint))
    elif address.server(url) is None:
        message = f"is {url[:_SHOWN]!r}, no URL of a server"
        problems.append(Problem(at, INVALID_ADDRESS, message, "give one as http://127.0.0.1:9090"))
    if (user is None) != (password_file is None):
        missing, given = ("--user", "--password-file") if user is None else ("--password-file", "--user")
        problems.append(Problem((given,), DOES_NOT_APPLY, f"is given without {missing}", "give both or none"))
    if token_file and (user is not None or password_file):
        message = "is given beside a user and a password"
        problems.append(Problem(("--token-file",), EITHER_OR, message, "keep one of them"))
    if user is not None and (not user or ":" in user or not user.isprintable()):
        message = "is empty, or holds a colon or what cannot be seen"
        problems.append(
            Problem(("--user",), INVALID_TEXT, message, "give a name without a colon (RFC 7617, section 2)")
        )
    password = _secret(password_file, "--password-file", problems)
    token = _secret(token_file, "--token-file", problems)
    refuse(problems)
    if token:
        return Server(url.rstrip("/"), f"Bearer {token}")
    basic = base64.b64encode(f"{user}:{password}".encode()).decode()
    return Server(url.rstrip("/"), f"Basic {basic}" if user else None)


def _secret(file: Path | None, option: str, problems: list[Problem]) -> str:
    """The one line of a file; nothing of it is repeated."""
    if file is None:
        return ""
    try:
        with file.open("rb") as opened:
            text = opened.read(_LONGEST_SECRET + 1).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        problems.append(Problem((option,), UNREADABLE_FILE, f"{file} cannot be read: {why}", "give a file of one line"))
        return ""
    if not text or len(text) > _LONGEST_SECRET or not text.isprintable():
        message = f"{file} {'is empty' if not text else 'has more than a line of text'}"
        problems.append(Problem((option,), INVALID_TEXT, message, "give a file of one line"))
    return text


def ask(server: Server, path: str, patience: float = PATIENCE, **query: object) -> Any:
    """The data of an answer of its API, `path` below /api/v1. Raises `PrometheusError`."""
    parameters = urllib.parse.urlencode(query)
    request = urllib.request.Request(f"{server.url}/api/v1/{path}{'?' if parameters else ''}{parameters}")
    if server.authorization:
        request.add_unredirected_header("Authorization", server.authorization)
    try:
        with _OPENER.open(request, timeout=patience) as answer:
            body = _read(server, answer, patience)
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(server, error, patience) from error
    except TimeoutError as error:
        raise _late(server, patience) from error
    except http.client.IncompleteRead as error:
        raise PrometheusError(server, "its answer ends before its end", _REACH) from error
    except (OSError, http.client.HTTPException) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(reason, TimeoutError):
            raise _late(server, patience) from error
        raise PrometheusError(server, str(reason) or type(error).__name__, _REACH) from error
    return _data(server, body)


def between(
    server: Server, query: str, start: float, end: float, step: float, patience: float = PATIENCE
) -> list[Series]:
    """The series of a query over time, in as many answers as a Prometheus needs; `step` in seconds.

    Raises `QueryError` where the query is refused, `PrometheusError` where there is no answer to it.
    """
    found: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = {}
    points, count = min(MOST_POINTS, math.floor((end - start) / step) + 1), math.floor((end - start) / step) + 1
    first = 0
    while first < count:
        last = min(first + points, count) - 1
        times = {"start": f"{start + first * step:.3f}", "end": f"{start + last * step:.3f}", "step": f"{step:.3f}"}
        try:
            data = ask(server, "query_range", patience, query=query, timeout=f"{patience:g}s", **times)
        except QueryError as error:
            if _TOO_MUCH not in str(error) or points <= _LEAST_POINTS:
                raise
            points //= 2
            continue
        for labels, values in _series(server, data):
            found.setdefault(labels, []).extend(values)
        if len(found) > MOST_SERIES:
            raise QueryError(server, f"the query comes to more than {MOST_SERIES} series", "sum them, as by sum(…)")
        first = last + 1
    return [Series(dict(labels), tuple(values)) for labels, values in found.items()]


def _series(server: Server, data: Any) -> Iterator[tuple[tuple[tuple[str, str], ...], list[tuple[float, float]]]]:
    try:
        for each in data["result"]:
            values = [(float(at), float(value)) for at, value in each["values"]]
            labels = tuple(sorted((str(key), str(value)) for key, value in each["metric"].items()))
            yield labels, [(at, value) for at, value in values if math.isfinite(at) and math.isfinite(value)]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _no_prometheus(server, "what it answers to a query over time holds no series") from error


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Nowhere: the answer is then an error with the code of the redirect."""


_OPENER = urllib.request.build_opener(_Stay)


def _read(server: Server, answer: http.client.HTTPResponse, patience: float) -> bytes:
    """The body, of which no single part may be late, nor all of it together."""
    end, parts, size = time.monotonic() + patience, list[bytes](), 0
    while part := answer.read1(2**20):
        parts.append(part)
        size += len(part)
        if size > LARGEST:
            raise PrometheusError(server, f"it answers with more than {LARGEST:,} bytes", "ask for fewer days")
        if time.monotonic() > end:
            raise TimeoutError
    promised = answer.headers.get("Content-Length", "")
    if promised.isdigit() and size < int(promised):
        raise PrometheusError(server, f"its answer ends after {size:,} of {int(promised):,} bytes", _REACH)
    return b"".join(parts)


def _data(server: Server, body: bytes) -> Any:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise _no_prometheus(server, _what(body)) from None
    if not isinstance(answer, Mapping) or answer.get("status") != "success" or "data" not in answer:
        raise _no_prometheus(server, _what(body))
    return answer["data"]


def _what(body: bytes) -> str:
    """What somebody answers who is no Prometheus."""
    start = body[:_SHOWN].decode(errors="replace").strip()
    if not start:
        return "it answers with nothing"
    if start.lower().startswith(("<!doctype html", "<html")):
        return "it answers with a page of HTML"
    return f"it answers {start[:60]!r}"


def _no_prometheus(server: Server, what: str) -> PrometheusError:
    hint = "give the URL of a Prometheus with the prefix of its API, without /api/v1 or a page"
    return PrometheusError(server, f"{what}, as no Prometheus does", hint)


def _late(server: Server, patience: float) -> PrometheusError:
    hint = "ask for fewer days or a larger window, or see that it is reached from here"
    return PrometheusError(server, f"no answer within {patience:g} s", hint)


def _refusal(server: Server, error: urllib.error.HTTPError, patience: float) -> PrometheusError:
    said = f"it answers {error.code}"
    if error.code in (401, 403):
        hint = "give --user and --password-file, or --token-file"
        return PrometheusError(server, said, f"what was given is not enough: {hint}" if server.authorization else hint)
    if 300 <= error.code < 400:
        return PrometheusError(server, f"{said}, a redirect", "give the URL that it leads to")
    try:
        answer = json.loads(error.read(LARGEST))
        kind, why = str(answer["errorType"]), " ".join(str(answer["error"]).split())[:_SHOWN]
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
        return _no_prometheus(server, said) if error.code == 404 else PrometheusError(server, said, _REACH)
    if kind in ("timeout", "canceled"):
        return _late(server, patience)
    return QueryError(server, f"Prometheus refuses the query: {why}", "try it in Prometheus itself")
