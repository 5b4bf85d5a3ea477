"""Text that says nothing, or that could stand nowhere: as of a template whose value was missing."""

from typing import Any

import pytest
from tests.guards.workload.one import MINIMAL, NIGHT, resolved

from flyball.errors import shortened
from flyball.guards.reading.problem import Refused

CALL: dict[str, Any] = {"host": "api.example.org", "port": 443, "protocol": "http"}
CANARY: dict[str, Any] = {"steps": [50], "abort": {"errors": "5%"}, "prometheus": ""}
DATA: dict[str, Any] = {"path": "/data", "size": "10Gi"}
EMPTY = "is empty; give a value or remove the key"


def said(args: dict[str, Any]) -> list[str]:
    with pytest.raises(Refused) as refused:
        resolved("web", {**MINIMAL, **args})
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize("blank", ["", " "])
@pytest.mark.parametrize(
    ("args", "where"),
    [
        ({"calls": {"api": {**CALL, "variable": "{}"}}}, "calls.api.variable"),
        ({"calls": {"api": {**CALL, "parallel": "{}"}}}, "calls.api.parallel"),
        ({"calls": {"api": {**CALL, "health": {"path": "{}"}}}}, "calls.api.health.path"),
        ({"calls": {"api": {**CALL, "fallback": {"call": "{}"}}}}, "calls.api.fallback.call"),
        ({"rollout": {"canary": {**CANARY, "prometheus": "{}"}}}, "rollout.canary.prometheus"),
        ({"expose": {"host": "shop.example.com", "tls": "{}"}, "public": True}, "expose.tls"),
        ({"schedule": {"windows": [{**NIGHT, "name": "{}"}]}}, "schedule.windows[0].name"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_empty_text_is_not_taken_for_none(args: dict[str, Any], where: str, blank: str) -> None:
    assert said(_filled(args, blank)) == [f"web.{where}: {EMPTY}"]


def _filled(args: Any, text: str) -> Any:
    if isinstance(args, dict):
        return {key: _filled(value, text) for key, value in args.items()}
    if isinstance(args, list):
        return [_filled(value, text) for value in args]
    return text if args == "{}" else args


@pytest.mark.parametrize("folder", ["", " ", "a b", "a\0", "a\nb", "a:b", "../a", "/a", "a" * 256])
def test_a_folder_that_no_volume_has(folder: str) -> None:
    assert said({"load": {"peak": 10, "replica": 100}, "replicas": "one", "data": {**DATA, "folder": folder}}) == [
        f"web.data.folder: is {shortened(repr(folder))};"
        " give a folder within the volume, as pgdata: without spaces, / before it or .."
    ]


@pytest.mark.parametrize("program", ["", " "])
@pytest.mark.parametrize("probe", ["startup", "readiness", "liveness"])
def test_a_probe_without_a_program(probe: str, program: str) -> None:
    assert said({"probes": {probe: {"exec": [program]}}}) == [
        f"web.probes.{probe}.exec[0]: is {program!r}, and names no program; give its path or name, or remove the key"
    ]


def test_a_probe_with_a_nul() -> None:
    assert said({"probes": {"readiness": {"exec": ["up", "\0"]}}}) == [
        "web.probes.readiness.exec[1]: has the character NUL, at which it would end; remove it"
    ]


@pytest.mark.parametrize("path", ["/a b", "/a\n", "/\0", "/\x1b[31m"])
def test_a_probe_at_no_path(path: str) -> None:
    assert said({"probes": {"readiness": {"path": path}}}) == [
        f"web.probes.readiness.path: is {path!r}; a path starts with /, without spaces"
    ]


@pytest.mark.parametrize(("given", "key"), [({"key": "a b"}, "key"), ({"key": "a", "value": "b c"}, "value")])
def test_a_toleration_is_refused_at_its_key_and_value(given: dict[str, str], key: str) -> None:
    assert [text.partition(": ")[0] for text in said({"nodes": {"tolerations": [given]}})] == [
        f"web.nodes.tolerations[0].{key}"
    ]


@pytest.mark.parametrize("value", ["\0", "\x1b", "a b", "\n"])
def test_the_number_of_an_option_of_resolv_conf_is_one(value: str) -> None:
    assert said({"dns": {"options": {"ndots": value}}}) == [
        f'web.dns.options.ndots: is {value!r}, not a whole number; allowed is from "0" to "15"'
    ]


@pytest.mark.parametrize(("size", "shown"), [("256", "256"), ("08", "8"), ("1k", "1000"), ("1023Ki", "1023Ki")])
@pytest.mark.parametrize("key", ["memory", "limits.memory"])
def test_memory_without_its_unit(key: str, size: str, shown: str) -> None:
    """256 are bytes, of which no process can start."""
    given: dict[str, Any] = {"memory": size} if key == "memory" else {"memory": "1Mi", "limits": {"memory": size}}
    assert f"web.resources.{key}: is {shown}; allowed is at least 1Mi, with its unit, as 256Mi" in said(
        {"resources": given}
    )
