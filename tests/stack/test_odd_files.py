"""Files that are too much, too deep or of odd values: refused by their rule, by each parser and command alike."""

import json
from pathlib import Path

import pytest
from tests.stack.test_broken import CASES

from flyball import documents
from flyball.deploy import up as local
from flyball.deploy.program import run_program
from flyball.guards.reading import bounds
from flyball.guards.reading.problem import Problem, Refused
from flyball.guards.reading.strict import describe
from flyball.stack import platform_plan
from flyball.stack.file import as_value, load
from flyball.stack.plan import plan
from flyball.stack.platform import is_platform
from flyball.stack.read import examine, read
from flyball.stack.schema import Encrypted
from flyball.stack.target import Target

ROOT = Path(__file__).parents[2]
STACKS = sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))
SERVICE = {"image": "example.org/app:1.0", "port": 8080, "load": {"peak": 100, "replica": 50}}
OUTER = {"environment": "test", "owner": "shop", "namespace": "shop", "cluster": "local"}


def refused(file: Path) -> list[tuple[str, str]]:
    """Rules and messages."""
    with pytest.raises(Refused) as caught:
        load(file)
    return [(problem.rule.id, str(problem)) for problem in caught.value.problems]


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "odd.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


class TestBounds:
    def test_of_a_file(self, tmp_path: Path) -> None:
        most = b"#" * (bounds.LARGEST_FILE - 1) + b"\n"
        assert refused(written(tmp_path, most))[0][0] == "unreadable-file"
        assert refused(written(tmp_path, most + b"\n")) == [
            (
                "file-too-large",
                "odd.yaml: has 16,777,217 bytes, and at most 16,777,216 are read; split it into several stacks",
            )
        ]

    @pytest.mark.parametrize("values", [10, 11])
    def test_of_values(self, values: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The outer map, its name, and the list count too; a text counts once for every hundred letters."""
        monkeypatch.setattr(bounds, "MOST_VALUES", 10)
        file = written(tmp_path, f"config: [1, 2, 3, {'x' * 200}{', 4' * (values - 9)}]")
        rules = {"file-too-large"} if values > 10 else {"missing"}
        assert {rule for rule, _ in refused(file)} == rules

    @pytest.mark.parametrize("uses", [3, 4])
    def test_of_aliases(self, uses: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bounds, "MOST_VALUES", 20)
        file = written(tmp_path, f"config: [&a [1, 2, 3, 4, 5]{', *a' * uses}]")
        assert {rule for rule, _ in refused(file)} == {"too-many-aliases" if uses > 3 else "missing"}

    @pytest.mark.parametrize("depth", [bounds.DEEPEST, bounds.DEEPEST + 1])
    def test_of_depth(self, depth: int, tmp_path: Path) -> None:
        brackets = depth - 1
        file = written(tmp_path, f"config: {'[' * brackets}{']' * brackets}")
        assert {rule for rule, _ in refused(file)} == {"nested-too-deeply" if depth > bounds.DEEPEST else "missing"}

    @pytest.mark.parametrize("digits", [bounds.LONGEST_NUMBER, bounds.LONGEST_NUMBER + 1])
    def test_of_a_number(self, digits: int, tmp_path: Path) -> None:
        file = written(tmp_path, f"config: {'7' * digits}")
        assert {rule for rule, _ in refused(file)} == {"out-of-range" if digits > 100 else "missing"}

    @pytest.mark.parametrize(
        "text", ["[" * 70 + "]" * 70, "[" * 5_000 + "]" * 5_000, "7" * 5_000, '{"a":' * 70 + "1" + "}" * 70]
    )
    def test_what_the_cli_wrote_as_text_and_is_beyond_them_stays_text(self, text: str) -> None:
        assert as_value("nodes", text) == text

    def test_a_map_that_multiplies_is_refused_before_it_takes_memory(self, tmp_path: Path) -> None:
        levels = [f"  l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]" for i in range(1, 30)]
        file = written(tmp_path, "\n".join(["config:", "  l0: &l0 {a: b}", *levels]))
        assert [rule for rule, _ in refused(file)] == ["too-many-aliases"]

    def test_nor_do_maps_multiply_that_are_merged(self, tmp_path: Path) -> None:
        levels = [f"  l{i}: &l{i} {{<<: [{', '.join([f'*l{i - 1}'] * 10)}], k{i}: v}}" for i in range(1, 30)]
        file = written(tmp_path, "\n".join(["config:", "  l0: &l0 {a: b}", *levels]))
        assert [rule for rule, _ in refused(file)] == ["too-many-aliases"]

    def test_defaults_that_multiply(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bounds, "MOST_VALUES", 100)
        services = {f"s{i}": SERVICE for i in range(10)}
        env = {f"E{i}": "x" for i in range(5)}
        assert [str(p) for p in examine({**OUTER, "services": services, "defaults": {"env": env}})[1]] == [
            "defaults: are 13 values for each of 10 services, in all more than 100;"
            " split the file into several stacks, or name less for all"
        ]


class Zone(str):
    """A name that counts what it is compared with."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Zone.compared += 1
        return super().__eq__(other)

    __hash__ = str.__hash__


def test_each_zone_is_compared_with_few() -> None:
    zones = [Zone(f"z{i}") for i in range(1000)]
    Zone.compared = 0
    _, problems = examine({**OUTER, "zones": [*zones, Zone("z7")], "services": {"web": SERVICE}})
    assert [str(problem) for problem in problems] == ["zones[1000]: 'z7' is given twice; name each zone once"]
    assert Zone.compared < 10_000


class TestWithoutLibyaml:
    """Not every build of PyYAML has it: the same values come out, and the same words."""

    @pytest.fixture(autouse=True)
    def no_libyaml(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.with_it = {case: _outcome(case) for case in [*CASES, *STACKS]}
        monkeypatch.setattr(documents, "_FAST", None)

    def test_all_is_the_same(self) -> None:
        assert {case: _outcome(case) for case in [*CASES, *STACKS]} == self.with_it


def _outcome(file: Path) -> str:
    try:
        return repr(load(file))
    except Refused as caught:
        return repr(caught.problems)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_render_refuses_what_plan_refuses(case: Path) -> None:
    found: tuple[Problem, ...] = ()
    try:
        config = load(case)
    except Refused:
        return  # both stop here
    found = (platform_plan.plan(config) if is_platform(config) else plan(config)).findings
    with pytest.raises(Refused) as caught:
        local.render(Target(ROOT, case.stem, case, config))
    assert caught.value.problems == found
    with pytest.raises(Refused):
        read(config)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Pulumi.yaml.name: is missing or no text; name the project, as name: flyball"),
        ("[]", "Pulumi.yaml.name: is missing or no text; name the project, as name: flyball"),
        ("name: 7", "Pulumi.yaml.name: is missing or no text; name the project, as name: flyball"),
        (
            "name: !!binary x",
            "Pulumi.yaml:1:7: cannot be read as YAML: the tag !!binary means nothing here;"
            " remove it: there are text, numbers, lists and maps",
        ),
    ],
)
def test_a_project_that_cannot_be_read(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text(text)
    with pytest.raises(Refused) as caught:
        run_program(tmp_path, "dev", {})
    assert str(caught.value) == says


def test_of_a_long_value_that_is_encrypted_nothing_is_shown() -> None:
    assert describe(Encrypted("AAABAExample" * 100)) == "text ([secret])"


@pytest.mark.parametrize("name", ["a\0b", "a" * 300, "\n", "a/" * 3_000])
def test_a_name_beside_that_no_file_has(name: str, tmp_path: Path) -> None:
    files = {"conf": {"path": "/conf", "beside": {"app.yaml": name}}}
    text = json.dumps({"config": {"flyball:services": {"web": {**SERVICE, "files": files}}}})
    found = refused(written(tmp_path, text))
    assert [where for _, where in found if where.startswith("services.web.files.conf.beside.app.yaml: ")]


@pytest.mark.parametrize("name", ["a\0b", "a" * 300])
def test_a_platform_that_no_file_has(name: str, tmp_path: Path) -> None:
    text = json.dumps(
        {"config": {**{f"flyball:{key}": value for key, value in OUTER.items()}, "flyball:platform": name}}
    )
    assert any(where.startswith("platform: there is no stack") for _, where in refused(written(tmp_path, text)))


def test_a_file_that_goes_away(tmp_path: Path) -> None:
    assert refused(tmp_path / "odd.yaml") == [
        ("unreadable-file", "odd.yaml: cannot be read: No such file or directory")
    ]
