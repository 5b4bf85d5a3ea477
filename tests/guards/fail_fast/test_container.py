"""What goes into a container: images that stay the same, names and labels that Kubernetes takes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.errors import shortened
from flyball.guards.fail_fast.container import check_container, check_image, check_label, check_object_name

DIGEST = "sha256:" + "0" * 64
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def texts(args: Any) -> list[str]:
    return [str(problem) for problem in check_container(args, ("web",))]


@pytest.mark.parametrize(
    "image",
    [
        "web:1.2",
        "registry.example/shop/web:v1",
        "localhost:5000/web:1",
        f"web@{DIGEST}",
        f"web:latest-1@{DIGEST}",
        "a:A_b.c-1",
        "Registry.Example:5000/a.b/c_d/e__f/g---h:1",
    ],
)
def test_pinned(image: str) -> None:
    assert list(check_image(image, ("image",))) == []


@pytest.mark.parametrize("value", ["", "a", "A.b_c-1", "x" * 63, "1"])
def test_label(value: str) -> None:
    assert list(check_label(value, ("p",))) == []


@given(st.sampled_from(["image", "env", "secrets", "refs", "labels", "annotations"]), JSON)
def test_anything_raises_nothing(key: str, value: Any) -> None:
    assert all(text.startswith(f"web.{key}") for text in texts({key: value}))
    texts(value)


VARIABLE = "is no name for an environment variable; letters, digits and underscores, not starting with a digit"
LABEL = "at most 63 letters, digits, dashes, dots and underscores, with a letter or digit at both ends"


class TestRefused:
    @pytest.mark.parametrize("image", ["web", "registry.example:5000/web", "web:latest", "shop:1/web"])
    def test_an_image_that_may_change(self, image: str) -> None:
        assert texts({"image": image}) == [
            f"web.image: {image!r} is not pinned to a version;"
            " give a version as its tag, or a digest: what restarts must be what was tested"
        ]

    @pytest.mark.parametrize(
        "image",
        [
            *("", "web:", "Web:1", "web 1", "web:1\n", "wéb:1", "web:é", f"web@{DIGEST}0", "-web:1"),
            *("https://registry.example/web:1", "registry.example//web:1", "registry.example/:1", "/web:1", "web/:1"),
            *("web-:1", "web..a:1", "web._a:1", "registry.example:x/web:1", "registry.example/Web:1"),
            "a" * 256 + ":1",
        ],
    )
    def test_no_image(self, image: str) -> None:
        assert texts({"image": image}) == [
            f"web.image: {shortened(repr(image))} is no image reference; write it as registry/name:tag"
        ]

    @pytest.mark.parametrize(
        ("args", "text"),
        [
            ({"env": {"1ST": "x"}}, f"env.1ST: {VARIABLE}"),
            ({"secrets": {"A-B": "x"}}, f"secrets.A-B: {VARIABLE}"),
            ({"refs": {"": {}}}, f"refs.: {VARIABLE}"),
            ({"env": {"A": "x"}, "secrets": {"A": "x"}}, "secrets.A: is set in env too; keep one of them"),
            ({"secrets": {"A": "x"}, "refs": {"A": {}}}, "refs.A: is set in secrets too; keep one of them"),
            (
                {"refs": {"A": {"name": "My_Secret"}}},
                "refs.A.name: 'My_Secret' is no name for a Secret; lower-case letters, digits, dashes and dots",
            ),
            (
                {"refs": {"A": {"key": "a/b"}}},
                "refs.A.key: 'a/b' is no name for a key in a Secret; letters, digits, dashes, dots and underscores",
            ),
            ({"labels": {"a b": "x"}}, "labels.a b: is no label key; as example.org/name, or name"),
            ({"labels": {"a..b/c": "x"}}, "labels.a..b/c: is no label key; as example.org/name, or name"),
            ({"annotations": {"a./b": "x"}}, "annotations.a./b: is no annotation key; as example.org/name, or name"),
            ({"labels": {"a": "-x"}}, f"labels.a: '-x' is no label value; {LABEL}"),
            ({"labels": {"a": "x" * 64}}, f"labels.a: {'x' * 64!r} is no label value; {LABEL}"),
            ({"annotations": {"/a": "x"}}, "annotations./a: is no annotation key; as example.org/name, or name"),
        ],
    )
    def test_names(self, args: dict[str, Any], text: str) -> None:
        assert texts(args) == [f"web.{text}"]

    def test_a_variable_that_is_no_text_has_a_path_of_texts(self) -> None:
        """Whoever reads the types says the rest."""
        (problem,) = check_container({"refs": {True: {"name": "My_Secret"}}}, ("web",))
        assert problem.path == ("web", "refs", "True", "name")


@pytest.mark.parametrize("name", ["a", "a.b", "a-b.c-d", "0", "a" * 253, ".".join("a" * 127)])
def test_object_name(name: str) -> None:
    assert list(check_object_name(name, "a Secret", ("p",))) == []


@pytest.mark.parametrize("name", ["", ".", "a.", ".a", "a..b", "a.-b", "a-.b", "A", "a_b", "a\n", "a" * 254])
def test_no_object_name(name: str) -> None:
    assert [problem.rule.id for problem in check_object_name(name, "a Secret", ("p",))] == ["invalid-name"]


class TestWordsOfAProcess:
    """What no process can be started with (execve(2): texts end at a NUL; a program has a name)."""

    @pytest.mark.parametrize("key", ["command", "arguments"])
    def test_a_nul(self, key: str) -> None:
        assert texts({key: ["run", "a\0b"]}) == [
            f"web.{key}[1]: has the character NUL, at which it would end; remove it"
        ]

    def test_a_nul_in_a_variable(self) -> None:
        assert texts({"env": {"A": "a\0b"}}) == ["web.env.A: has the character NUL, at which it would end; remove it"]

    @pytest.mark.parametrize("program", ["", " ", "\t"])
    def test_no_program(self, program: str) -> None:
        assert texts({"command": [program, "-a"], "arguments": [program]}) == [
            f"web.command[0]: is {program!r}, and names no program; give its path or name, or remove the key"
        ]
