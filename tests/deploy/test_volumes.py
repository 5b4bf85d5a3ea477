"""Members as they run, and what is refused of a change of them, before anything changes."""

from typing import Any

import pytest

from flyball.deploy import volumes
from flyball.guards.workload.plain_arguments import PlainArgs
from flyball.guards.workload.resolve import Place, resolve
from flyball.kubectl import Played


class Runs(Played):
    """Stands in for kubectl on a cluster where db has three members, their data in this folder of their volumes."""

    def __init__(self, folder: str | None) -> None:
        mount = {"name": "data", "mountPath": "/data", **({"subPath": folder} if folder else {})}
        claim = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "10Gi"}}}}
        pod = {"spec": {"containers": [{"name": "db", "volumeMounts": [mount]}]}}
        spec = {"replicas": 3, "template": pod, "volumeClaimTemplates": [claim]}
        self.items = {"statefulsets": [{"metadata": {"name": "db"}, "spec": spec}], "persistentvolumeclaims": []}

    def json(self, *arguments: str, stdin: str = "") -> Any:
        return {"items": self.items[arguments[1]]}


@pytest.mark.parametrize(
    ("there", "given", "paths"),
    [
        (None, None, []),
        ("pgdata", "pgdata", []),
        (None, "pgdata", [("services", "db", "data", "folder")]),
        ("pgdata", None, [("services", "db", "data", "folder")]),
    ],
)
def test_the_folder_is_the_one_where_data_are(there: str | None, given: str | None, paths: list[Any]) -> None:
    data = {"path": "/data", "size": "10Gi", **({"folder": given} if given else {})}
    db = {"port": 80, "load": {"peak": 10, "replica": 20}, "callers": [], "quorum": "2 of 3", "data": data}
    services = resolve({"db": db}, Place("shop", ("a", "b", "c")), ("services",), PlainArgs)
    found = list(volumes.check(Runs(there), services.values()))
    assert [(problem.rule.id, problem.path) for problem in found] == [("volume-fixed", path) for path in paths]
