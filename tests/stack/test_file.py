"""A stack file as YAML: found by its name, and read as the Pulumi CLI would read it."""

from pathlib import Path
from typing import Any

import pytest

from flyball.guards.reading.problem import Refused
from flyball.stack.file import Encrypted, load, stack_file


def _file(folder: Path, text: str, stack: str = "test") -> Path:
    path = folder / "stacks" / f"Pulumi.{stack}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _values(folder: Path, text: str) -> dict[str, Any]:
    """What a configuration in the lines of `text` holds; it need not be one that flyball understands."""
    lines = "".join(f"  flyball:{line}\n" for line in text.splitlines())
    return load(_file(folder, f"config:\n{lines}"))


class TestStackFile:
    def test_is_found_by_the_name_of_the_stack(self, tmp_path: Path) -> None:
        path = _file(tmp_path, "", "prod")
        assert stack_file("prod", tmp_path) == path

    def test_may_be_given_itself(self, tmp_path: Path) -> None:
        path = _file(tmp_path, "").rename(tmp_path / "mine.yaml")
        assert stack_file(str(path), tmp_path / "elsewhere") == path

    @pytest.mark.parametrize(
        ("stack", "hint"),
        [("prd", "; did you mean 'prod'?"), ("qx7", "; known are dev, prod")],
    )
    def test_names_the_stacks_there_are(self, tmp_path: Path, stack: str, hint: str) -> None:
        _file(tmp_path, "", "prod")
        _file(tmp_path, "", "dev")
        with pytest.raises(Refused) as refused:
            stack_file(stack, tmp_path)
        assert str(refused.value) == f"there is no stack '{stack}': Pulumi.{stack}.yaml is not in stacks/{hint}"

    def test_names_none_where_there_are_none(self, tmp_path: Path) -> None:
        with pytest.raises(Refused) as refused:
            stack_file("prod", tmp_path)
        hint = "name one that is there, or the path of its file"
        assert str(refused.value) == f"there is no stack 'prod': Pulumi.prod.yaml is not in stacks/; {hint}"

    def test_a_folder_is_no_stack_file(self, tmp_path: Path) -> None:
        (tmp_path / "stacks" / "Pulumi.prod.yaml").mkdir(parents=True)
        with pytest.raises(Refused, match="there is no stack 'prod'"):
            stack_file("prod", tmp_path)


class TestLoad:
    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ('nodes: "12"', {"nodes": 12}),
            ('zones: \'["a", "b"]\'', {"zones": ["a", "b"]}),
            ('governor: "{}"', {"governor": {}}),
            ('nodes: "twelve"', {"nodes": "twelve"}),
            ('owner: "12"', {"owner": "12"}),
            ('services: {web: {port: "12"}}', {"services": {"web": {"port": "12"}}}),
            ('nodes: "' + "[" * 100_000 + '"', {"nodes": "[" * 100_000}),
        ],
    )
    def test_values_under_a_key_as_the_cli_writes_them(self, tmp_path: Path, written: str, meant: object) -> None:
        """`pulumi up` and `pulumi config set` write what is no map or list as text."""
        assert _values(tmp_path, written) == meant

    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("on", "on"),
            ("No", "No"),
            ("22:30", "22:30"),
            ("2028-01-03", "2028-01-03"),
            ("1_000", "1_000"),
            ("08080", "08080"),
            ("=", "="),
            ("true", True),
            ("False", False),
            ("8080", 8080),
            ("-1", -1),
            ("0x1F", 31),
            ("0o17", 15),
            ("0.5", 0.5),
            ("1e3", 1000.0),
            (".inf", float("inf")),
            ("~", None),
            ("", None),
            ('"8080"', "8080"),
        ],
    )
    def test_plain_values_are_those_of_yaml_1_2(self, tmp_path: Path, written: str, meant: object) -> None:
        value = _values(tmp_path, f"a: {{b: {written}}}")["a"]["b"]
        assert value == meant
        assert type(value) is type(meant)

    def test_not_a_number(self, tmp_path: Path) -> None:
        value = _values(tmp_path, "a: .nan")["a"]
        assert value != value

    def test_anchors_and_merge_keys(self, tmp_path: Path) -> None:
        text = "a: &a {x: 1, y: 2}\nb: *a\nc: {<<: *a, y: 3}\nd: {y: 4, <<: *a}\ne: {<<: [*a, {z: 5}]}"
        assert _values(tmp_path, text) == {
            "a": {"x": 1, "y": 2},
            "b": {"x": 1, "y": 2},
            "c": {"x": 1, "y": 3},
            "d": {"x": 1, "y": 4},
            "e": {"x": 1, "y": 2, "z": 5},
        }

    def test_an_encrypted_value_never_shows_itself(self, tmp_path: Path) -> None:
        value = _values(tmp_path, "a: {secure: AAABAExample}")["a"]
        assert isinstance(value, Encrypted)
        assert f"{[value]}" == "[[secret]]"

    def test_secure_beside_other_keys_is_a_map(self, tmp_path: Path) -> None:
        assert _values(tmp_path, "a: {secure: x, b: y}") == {"a": {"secure": "x", "b": "y"}}

    def test_leaves_out_what_is_for_pulumi_and_its_providers(self, tmp_path: Path) -> None:
        path = _file(
            tmp_path,
            "secretsprovider: passphrase\nencryptionsalt: v1:example\nenvironment: [shared]\n"
            "config:\n  aws:region: eu-central-1\n  flyball:owner: shop\n",
        )
        assert load(path) == {"owner": "shop"}
