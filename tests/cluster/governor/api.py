"""The Kubernetes API as one user sees it: every way of writing, with nothing added or hidden by a client."""

import copy
import http.client
import json
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"
_JSON = "application/json"
_IDLE = 20.0
"""After so many seconds without a request a connection is made anew: the server may have closed its end."""


@dataclass(frozen=True)
class Answer:
    """What the API server answered."""

    status: int
    body: dict[str, Any]
    warnings: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return self.status < 300

    @property
    def message(self) -> str:
        return "" if self.ok else str(self.body.get("message", ""))

    def expect(self) -> dict[str, Any]:
        """The body of an answer that has to be a success."""
        assert self.ok, f"{self.status}: {self.message}"
        return self.body


class Api:
    """One connection, kept alive; as the administrator, as a user taken on by impersonation, or by a token."""

    def __init__(self, kubeconfig: Path, user: str = "", groups: Sequence[str] = (), token: str = "") -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        cluster, admin = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._kubeconfig = kubeconfig
        self._tls = ssl.create_default_context(cafile=cluster["certificate-authority"])
        if not token:
            self._tls.load_cert_chain(admin["client-certificate"], admin["client-key"])
        self._server = urlsplit(cluster["server"])
        self._connection: http.client.HTTPSConnection | None = None
        self._used = 0.0
        self.user = user
        self.dry_run = False
        self._headers: list[tuple[str, str]] = [("Authorization", f"Bearer {token}")] if token else []
        self._headers += [("Impersonate-User", user)] if user else []
        self._headers += [("Impersonate-Group", group) for group in groups]

    def as_user(self, user: str, *groups: str) -> "Api":
        """The same server for someone else; the API server adds the group of all who are logged in."""
        return Api(self._kubeconfig, user, (*groups, "system:authenticated"))

    def as_token(self, token: str, impersonate: str = "") -> "Api":
        return Api(self._kubeconfig, impersonate, (), token)

    def dry(self) -> "Api":
        """The same user, whose writes go through everything and are then forgotten."""
        other = copy.copy(self)
        other._connection, other.dry_run = None, True
        return other

    def get(self, path: str) -> Answer:
        return self._send("GET", path)

    def post(self, path: str, body: Mapping[str, Any], **options: str) -> Answer:
        return self._send("POST", path, body, **options)

    def put(self, path: str, body: Mapping[str, Any], **options: str) -> Answer:
        return self._send("PUT", path, body, **options)

    def patch(self, path: str, body: Any, content: str = MERGE, **options: str) -> Answer:
        return self._send("PATCH", path, body, content, **options)

    def apply(self, path: str, body: Mapping[str, Any], manager: str = "test", **options: str) -> Answer:
        return self._send("PATCH", path, body, APPLY, fieldManager=manager, force="true", **options)

    def delete(self, path: str, body: Mapping[str, Any] | None = None, **options: str) -> Answer:
        return self._send("DELETE", path, body, **options)

    def lines(self, path: str) -> list[dict[str, Any]]:
        """An answer of one object a line, as a watch that has ended."""
        text = self.get(path).body["message"]
        return [json.loads(line) for line in text.splitlines()]

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def _send(self, method: str, path: str, body: Any = None, content: str = _JSON, **options: str) -> Answer:
        if self.dry_run and method != "GET":
            options = {**options, "dryRun": "All"}
        target = f"{path}{'&' if '?' in path else '?'}{urlencode(options)}" if options else path
        data = None if body is None else json.dumps(body).encode()
        if time.monotonic() - self._used > _IDLE:
            self.close()
        self._used = time.monotonic()
        if self._connection is None:
            self._connection = http.client.HTTPSConnection(
                self._server.hostname or "", self._server.port, context=self._tls, timeout=60
            )
        self._connection.putrequest(method, target)
        for name, value in self._headers:
            self._connection.putheader(name, value)
        if data is not None:
            self._connection.putheader("Content-Type", content)
            self._connection.putheader("Content-Length", str(len(data)))
        self._connection.endheaders(data)
        response = self._connection.getresponse()
        text = response.read()
        try:
            parsed = json.loads(text or b"{}")
        except ValueError:
            parsed = {"message": text.decode(errors="replace")}
        return Answer(response.status, parsed, tuple(response.headers.get_all("Warning") or ()))
