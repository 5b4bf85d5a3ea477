import re
from pathlib import Path

import pytest

from flyball.lab.cluster import edits
from flyball.lab.cluster.edits import EDITED, Edit, Edited
from flyball.lab.cluster.errors import ToolchainError
from flyball.lab.cluster.programs import TOOLS, pinned_version, tools_dir

HEAD = """package scaling

func build(kind string) Scaler {
"""
GUARD = """	if kind.cloud() != nil {
		for _, secret := range secrets {
			if secret == nil {
				return nil
			}
		}
	}
"""
BETWEEN = """	if kind != nil {
		check(kind)
	}
	switch kind {
	case "cpu":
		return cpu()
	case "cron":
		return cron()
"""
ARM = """	case "cpu-of-a-cloud":
		return cloud()
"""
END = """	}
}
"""
BUILDER, LEFT = f"{HEAD}{GUARD}{BETWEEN}{ARM}{END}", f"{HEAD}{BETWEEN}{END}"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A dependency as it lies in Go's cache: nobody may write there."""
    folder = tmp_path / "source"
    (folder / "scalers").mkdir(parents=True)
    (folder / "builder.go").write_text(BUILDER)
    for name in ("cloud", "cpu", "cron", "queue"):
        (folder / "scalers" / f"{name}.go").write_text("package scalers\n")
    (folder / "scalers" / "README.md").write_text("Scalers.\n")
    for file in folder.rglob("*.*"):
        file.chmod(0o444)
    (folder / "scalers").chmod(0o555)
    folder.chmod(0o555)
    return folder


def edited(*changes: Edit, without: tuple[str, ...] = (), kept: tuple[str, ...] = ()) -> Edited:
    return Edited("example.org/scaler", changes, without, kept)


def names(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def test_a_copy_has_other_words_and_fewer_files_and_the_source_stays(source: Path, tmp_path: Path) -> None:
    arms = EDITED["keda"].edits[0].pattern
    changes = (Edit("builder.go", edits.block(r"kind\.cloud\(\) != nil")), Edit("builder.go", arms))

    edits.copy(source, edited(*changes, without=("scalers/*.go",), kept=("scalers/cpu.go",)), tmp_path / "copy")

    assert (tmp_path / "copy" / "builder.go").read_text() == LEFT
    assert names(tmp_path / "copy") == ["builder.go", "scalers/README.md", "scalers/cpu.go"]
    assert (source / "builder.go").read_text() == BUILDER
    assert len(names(source)) == 6
    assert (tmp_path / "copy" / "scalers").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    ("another", "message"),
    [
        (
            edited(Edit("builder.go", "memory", "disk")),
            "builder.go of example.org/scaler says nowhere memory any more, in whose place disk is to be built",
        ),
        (
            edited(Edit("builder.go", "memory")),
            "builder.go of example.org/scaler says nowhere memory any more, in whose place nothing is to be built",
        ),
        (
            edited(Edit("factory.go", "cpu")),
            "example.org/scaler has no factory.go any more, which is built in another way",
        ),
        (
            edited(without=("scalers/azure_*.go",)),
            "example.org/scaler has no scalers/azure_*.go any more, which is built in another way",
        ),
    ],
)
def test_an_edit_that_finds_nothing_is_an_error(another: Edited, message: str, source: Path, tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match=rf"^{re.escape(message)}$"):
        edits.copy(source, another, tmp_path / "copy")


@pytest.mark.parametrize("module", EDITED)
def test_what_is_edited_is_pinned(module: str) -> None:
    assert module in {tool.module for tool in TOOLS.values()}
    assert pinned_version(tools_dir() / module, EDITED[module].dependency)


def test_every_part_of_an_edit_is_part_of_the_key() -> None:
    every = edited(Edit("a.go", "b", "c"), Edit("d.go", "e"), without=("f/*.go",), kept=("f/g.go",))

    assert list(every.parts()) == ["example.org/scaler", "a.go", "b", "c", "d.go", "e", "", "f/*.go", "f/g.go"]
