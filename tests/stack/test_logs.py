"""What a stack file says of its logs."""

from typing import Any

import pytest
from click.testing import CliRunner

from flyball.cli import main
from flyball.guards.workload.pipeline import Pipeline, Target
from flyball.stack.plan import plan
from flyball.stack.read import read

CONFIG: dict[str, Any] = {
    "environment": "test",
    "owner": "shop",
    "namespace": "shop",
    "cluster": "local",
    "services": {"web": {"image": "example.org/app:1.0", "port": 8080, "load": {"peak": 100, "replica": 50}}},
}
TO = {"otlp": "https://logs.example:4318"}
UNSAID = {"to": "none", "reason": "nobody reads them"}


@pytest.mark.parametrize(("logs", "wanted"), [({"to": TO}, Pipeline(Target(TO["otlp"]))), (UNSAID, None)])
def test_where_they_go(logs: Any, wanted: Pipeline | None) -> None:
    assert read({**CONFIG, "logs": logs}).logs == wanted


def test_a_plan_warns_of_services_whose_logs_stay_and_breaks_nothing() -> None:
    found = plan(CONFIG)
    assert (found.findings, [warning.rule.id for warning in found.warnings]) == ((), ["logs-stay"])
    assert found.as_json()["warnings"] == [
        {
            "path": ["logs"],
            "where": "logs",
            "rule": "logs-stay",
            "message": "is missing, and logs go with their pods and nodes",
            "remedy": "say where they go, as to: {otlp: https://logs.example:4318}, or to: none with a reason",
        }
    ]


@pytest.mark.parametrize("logs", [{"to": TO}, UNSAID])
def test_a_plan_that_knows_where_they_go_does_not(logs: Any) -> None:
    assert plan({**CONFIG, "logs": logs}).warnings == ()


@pytest.mark.parametrize(("silenced", "code"), [(False, 0), (True, 0)])
def test_the_command_says_so_and_is_content(silenced: bool, code: int, tmp_path: Any) -> None:
    lines = [f"  flyball:{key}: {value}" for key, value in CONFIG.items() if key != "services"]
    service = "  flyball:services: {web: {image: 'example.org/app:1.0', port: 8080, load: {peak: 100, replica: 50}}}"
    logs = ["  flyball:logs: {to: none, reason: nobody reads them}"] if silenced else []
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text("\n".join(["config:", *lines, *logs, service, ""]))
    found = CliRunner().invoke(main, ["plan", "-s", str(file)])
    assert found.exit_code == code, found.output
    assert ("warning: logs: is missing" in found.output) is not silenced
    assert found.output.endswith("every rule holds\n")
