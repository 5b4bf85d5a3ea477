"""Arguments that a program knows only while it runs: as good as plain values, held to the same rules, never guessed."""

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from pulumi.output import Unknown
from tests.expected import document
from tests.kubernetes.programs import MINIMAL, PROJECT, SERVICE, STACK, registered

from flyball import kubernetes
from flyball.deploy.manifests import rendered
from flyball.deploy.program import Cloud, run
from flyball.deploy.registered import Registered
from flyball.guards.reading.problem import Refused
from flyball.kubernetes import Services, Workload

CASES: list[dict[str, Any]] = document(Path(__file__).parent / "outputs.yaml")
Make = Callable[[Any], Any]
"""Of a value, what a program gives."""


def put(args: dict[str, Any], argument: str, value: Any) -> dict[str, Any]:
    args = copy.deepcopy(args)
    at: Any = args
    *steps, last = argument.split(".")
    for step in steps:
        at = at[int(step)] if isinstance(at, list) else at.setdefault(step, {})
    at[int(last) if isinstance(at, list) else last] = value
    return args


def program(case: dict[str, Any], given: Callable[[], Any]) -> Callable[[], object]:
    """A workload with the argument of a case; the value is made within the program, as Outputs must be."""
    beside = {**MINIMAL, **case.get("with", {})}
    return lambda: Workload("web", put(beside, case["argument"], given()))  # pyright: ignore[reportArgumentType]


def from_another_resource(value: Any) -> Any:
    """Known once a resource is there, and in a preview not at all."""
    release = k8s.core.v1.ConfigMap("release", metadata={"name": "release"})
    return release.id.apply(lambda _: value)


def refused(what: Callable[[], object], *, preview: bool = False, cloud: Cloud | None = None) -> list[str]:
    """The problems, one line each. Fails if anything of flyball was registered in spite of them."""
    caught: list[Refused] = []

    def tried() -> None:
        try:
            what()
        except Refused as error:
            caught.append(error)

    found = run(tried, PROJECT, STACK, preview=preview, cloud=cloud)
    assert [r.urn for r in found if r.name not in ("release", "org/data/dev")] == []
    return str(caught[0]).splitlines()


def unknown(value: Any, path: str = "") -> Iterator[str]:
    """The paths of what is not known."""
    if isinstance(value, Unknown):
        yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from unknown(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from unknown(inner, f"{path}[{i}]")


def of_flyball(found: list[Registered]) -> dict[str, Registered]:
    return {r.urn: r for r in found if r.name not in ("release", "org/data/dev")}


def inputs(found: list[Registered]) -> dict[str, Any]:
    """Without what each waits for."""
    return {urn: (dict(r.inputs), r.outputs, r.secrets, r.ignored) for urn, r in of_flyball(found).items()}


by_argument = pytest.mark.parametrize("case", CASES, ids=lambda case: case["argument"])


@by_argument
def test_it_is_as_good_as_a_plain_value(case: dict[str, Any]) -> None:
    plain = inputs(registered(program(case, lambda: case["value"])))
    later = registered(program(case, lambda: from_another_resource(case["value"])))
    assert inputs(later) == plain
    waiting = {f"{r.type.rpartition(':')[2]} {r.name}" for r in later if any(u.endswith("::release") for u in r.after)}
    shown = {name for name, paths in case["unknown"].items() if any(not path.startswith("outputs.") for path in paths)}
    assert waiting - {"ConfigMap release"} >= shown - {"Workload web"}


@by_argument
def test_a_preview_without_it_knows_all_the_rest(case: dict[str, Any]) -> None:
    plain = inputs(registered(program(case, lambda: case["value"]), preview=True))
    found = registered(program(case, lambda: from_another_resource(case["value"])), preview=True)
    shown: dict[str, list[str]] = {}
    for r in of_flyball(found).values():
        paths = [*unknown(dict(r.inputs)), *(f"outputs.{path}" for path in unknown(dict(r.outputs or {})))]
        if paths:
            shown[f"{r.type.rpartition(':')[2]} {r.name}"] = paths
    assert shown == case["unknown"]
    assert {urn: known(value, plain[urn]) for urn, value in inputs(found).items()} == {
        urn: known(plain[urn], value) for urn, value in inputs(found).items()
    }


def known(value: Any, other: Any) -> Any:
    """A value without what is unknown in it or in the other one."""
    if isinstance(value, Unknown) or isinstance(other, Unknown):
        return None
    if isinstance(value, dict) and isinstance(other, dict):
        return {key: known(inner, other.get(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple) and isinstance(other, list | tuple):
        return [known(*both) for both in zip(value, other, strict=True)]
    return value


@by_argument
@pytest.mark.parametrize(("value", "said"), [("wrong", "says"), ("bad", "refused")])
def test_what_is_wrong_with_it_is_said_as_of_a_plain_value(case: dict[str, Any], value: str, said: str) -> None:
    assert refused(program(case, lambda: from_another_resource(case[value]))) == case[said]
    assert refused(program(case, lambda: case[value])) == case[said]


TOO_LATE = "give what is known before anything is made, as from pulumi.Config"
REPLICAS = "is an Output, and how many replicas run follows from it"
TIMES = "is an Output, and which times fit into each other follows from it"
MADE = "is an Output, and what is made follows from it"


@pytest.mark.parametrize(
    ("argument", "why"),
    [
        ("load.peak", REPLICAS),
        ("load", REPLICAS),
        ("proven", REPLICAS),
        ("ceiling", REPLICAS),
        ("spot.base", REPLICAS),
        ("survive", REPLICAS),
        ("deadline", TIMES),
        ("calls.db.timeout", TIMES),
        ("calls.db.retries", TIMES),
        ("shutdown.drain", TIMES),
        ("port", MADE),
        ("calls", MADE),
        ("calls.db", MADE),
        ("calls.db.protocol", MADE),
        ("env", MADE),
        ("callers.0", MADE),
        ("platform.name", MADE),
        ("replicas", MADE),
    ],
)
@pytest.mark.parametrize("preview", [False, True])
def test_what_decides_must_be_known(argument: str, why: str, preview: bool) -> None:
    beside = {**MINIMAL, "calls": {"db": {"host": "db.example", "port": 5432}}, "callers": ["front"]}

    def late() -> None:
        Workload("web", put(beside, argument, from_another_resource(3)))  # pyright: ignore[reportArgumentType]

    path = f"web.{argument.replace('.0', '[0]')}"
    said = f"{path}: {why}; {TOO_LATE}"
    assert refused(late, preview=preview) == [said]


class OtherStack(Cloud):
    """What a stack of another team exports."""

    def __init__(self, **outputs: Any) -> None:
        self.outputs = outputs

    def new_resource(self, args: Any) -> Any:
        return args.name, {**args.inputs, "outputs": self.outputs, "secretOutputNames": []}


def shop(host: Any, port: Any, reference: Any) -> None:
    """A team's services, one of which calls a database and a service of another team."""
    calls = {"db": {"host": host, "port": port}, "desk": {"service": reference}}
    services: Any = {"front": {**SERVICE, "calls": {"web": {}}}, "web": {**SERVICE, "calls": calls}}
    Services("shop", {"services": services, "namespace": "shop", "governor": {}})


def by_reference() -> None:
    data = pulumi.StackReference("org/data/dev")
    shop(data.get_output("host"), data.get_output("port"), data.get_output("desk"))


DESK = {"name": "desk", "namespace": "trade", "port": 7070, "target": 21000, "protocol": "http", "deadline": "700ms"}


def test_a_database_of_another_stack() -> None:
    found = run(by_reference, PROJECT, STACK, cloud=OtherStack(host="db.example", port=5432, desk=DESK))
    assert inputs(found) == inputs(registered(lambda: shop("db.example", 5432, DESK)))
    assert rendered(found).objects == rendered(registered(lambda: shop("db.example", 5432, DESK))).objects


def test_what_another_stack_exports_is_refused_all_at_once_and_nothing_is_registered() -> None:
    other = OtherStack(host="https://db.example", port="5432", desk=DESK | {"deadline": "3s"})
    assert refused(by_reference, cloud=other) == [
        "shop.services.web.calls.db.port: is text ('5432'), not a whole number",
        "shop.services.web.calls.db.host: is 'https://db.example';"
        " give the name or address of a host, without scheme, port or path",
    ]
    slow = OtherStack(host="db.example", port=5432, desk=DESK | {"deadline": "3s", "protocol": "smtp"})
    assert refused(by_reference, cloud=slow) == [
        "shop.services.web.calls.desk.service.protocol: is 'smtp'; allowed are http, grpc, tcp"
    ]
    gone = OtherStack(port=5432, desk=DESK)
    assert refused(by_reference, cloud=gone) == [
        "shop.services.web.calls.db.host: is empty; give a value or remove the key"
    ]


def test_in_a_preview_what_is_known_is_held_to_its_rules_and_what_is_not_to_none() -> None:
    def half_known() -> None:
        host = from_another_resource("db.example")
        data = pulumi.StackReference("org/data/dev")
        shop(host, data.get_output("port"), DESK | {"port": data.get_output("desk")})

    assert refused(half_known, preview=True, cloud=OtherStack(port=0, desk="7070")) == [
        "shop.services.web.calls.desk.service.port: is text ('7070'), not a whole number",
        "shop.services.web.calls.db.port: is 0; allowed is from 1 to 65535",
    ]
    assert len(run(half_known, PROJECT, STACK, preview=True, cloud=OtherStack(port=5432, desk=7070))) > 10


def test_everything_is_registered_by_what_knows_of_outputs() -> None:
    """An object past `make` would be registered with stand-ins, and once for each of them."""
    folder = Path(kubernetes.__file__).parent
    past = re.compile(r"\bk8s\.[a-z0-9_.]+\.[A-Z]\w+\(|CustomResource\(")
    found = [
        f"{file.name}: {line.strip()}"
        for file in sorted(folder.rglob("*.py"))
        for line in file.open()
        if past.search(line)
    ]
    assert found == []


def test_a_secret_stays_one_wherever_it_shows() -> None:
    def secretly() -> None:
        calls = {"db": {"host": pulumi.Output.secret("db.example"), "port": 5432}}
        Workload("web", {**MINIMAL, "calls": calls})  # pyright: ignore[reportArgumentType]

    found = registered(secretly)
    assert {f"{r.type.rpartition(':')[2]} {r.name}": sorted(r.secrets) for r in found if r.secrets} == {
        "ConfigMap web-proxy": ["data", "metadata"],
        "Deployment web": ["spec"],
    }
    assert [r.name for r in found if "db.example" in json.dumps(dict(r.inputs))] == ["web-proxy"]
    with pytest.raises(Refused, match=r"ConfigMap .*: data: holds a secret where everybody can read it"):
        rendered(found)
