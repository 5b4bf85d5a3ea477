"""`make bench` runs its parts by name, and keeps a table of each."""

import sys
from pathlib import Path

import pytest
from tests.bench import __main__ as bench
from tests.bench import cost
from tests.bench.figures import Table, keep, machine, section

WITH_AWS = pytest.mark.xdist_group(name="tests/aws")
"""In the worker that has loaded what knows AWS, which takes two seconds of a processor."""
OTHERS = """# What it costs

Written by people: [sizes](#sizes).

## Sizes

Also by people.

## register: an older title

2001-01-01

| a |
"""


@pytest.mark.integration
@pytest.mark.parametrize("part", ["register", pytest.param("aws", marks=WITH_AWS), "command"])
def test_a_part_measures_and_is_written_down(part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = tmp_path / "bench.md"
    document.write_text(OTHERS)
    assert bench.main([part, "--small", "--document", str(document)]) == 0
    text = document.read_text()
    assert text.startswith(OTHERS[: OTHERS.index("## register")].rstrip())
    after = text[text.index(f"## {part}: ") :]
    assert machine() in after
    assert "| --- |" in after
    assert "2001" not in text or part != "register"
    assert f"part 1 of 1: {part}" in capsys.readouterr().out


@pytest.mark.vegeta
@pytest.mark.haproxy
def test_the_proxy_too(tmp_path: Path) -> None:
    assert bench.main(["sidecar", "--small", "--document", str(tmp_path / "bench.md")]) == 0
    assert "| inbound | " in (tmp_path / "bench.md").read_text()


@pytest.mark.collector
def test_the_log_collector_too(tmp_path: Path) -> None:
    assert bench.main(["collector", "--small", "--document", str(tmp_path / "bench.md")]) == 0
    assert "| pipeline | " in (tmp_path / "bench.md").read_text()


@pytest.mark.hosts
def test_the_alerts_too(tmp_path: Path) -> None:
    assert bench.main(["alerts", "--small", "--document", str(tmp_path / "bench.md")]) == 0
    assert "| 5 | " in (tmp_path / "bench.md").read_text()


def test_a_name_that_is_no_part_is_refused_before_anything_runs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["register", "sidecars"])
    assert "sidecars: not a part; parts are register, aws, command" in capsys.readouterr().err


def test_parts_come_in_order_and_one_that_fails_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[str] = []

    def run(name: str, small: bool, document: Path) -> None:
        ran.append(name)
        if name == "command":
            raise RuntimeError("no luck")

    monkeypatch.setattr(bench, "run", run)
    assert bench.main(["--document", str(tmp_path / "bench.md")]) == 1
    assert ran == [name for name in bench.PARTS if name not in bench.ASKED]
    printed = capsys.readouterr()
    assert f"part {len(ran)} of {len(ran)}: hosts; about {bench.PARTS['hosts']:g} minutes remain" in printed.out
    assert "failed: command" in printed.err


def test_all_that_needs_no_asking_fits_into_fifteen_minutes() -> None:
    assert sum(minutes for name, minutes in bench.PARTS.items() if name not in bench.ASKED) <= 15


def test_sections_keep_their_order_and_take_each_others_place(tmp_path: Path) -> None:
    document = tmp_path / "bench.md"
    document.write_text(OTHERS)
    for name, row in (("up", "1"), ("command", "2"), ("register", "3"), ("up", "4")):
        keep(document, name, section(name, "title", [Table("About.", ("a",), ((row,),))], 0.5), list(bench.PARTS))
    text = document.read_text()
    heads = [line for line in text.splitlines() if line.startswith("## ")]
    assert heads == ["## Sizes", "## register: title", "## command: title", "## up: title"]
    assert "| 1 |" not in text
    assert text.count("About.\n\n| a |\n| --- |\n") == 3
    assert text.endswith("| 4 |\n")


def test_the_processor_time_of_a_command_is_that_of_its_children_too() -> None:
    busy = "import time\nwhile time.process_time() < 0.6: pass"
    found = cost.of(["sh", "-c", f"python3 -c '{busy}'; true"])
    assert found.processor >= 0.3
    assert found.of("python") == found.processor - found.of("sh")


def test_a_command_that_fails_says_how() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)ended with 3:.*no luck"):
        cost.of(["sh", "-c", "echo no luck; exit 3"])


def test_a_command_that_begins_to_read_late_gets_all_of_its_input() -> None:
    """More than a pipe holds, and later than the first look at its processes."""
    program = "import sys, time; time.sleep(0.5); sys.exit(len(sys.stdin.read()) != 300_000)"
    assert cost.of([sys.executable, "-c", program], stdin="x" * 300_000).by_program.keys() == {
        Path(sys.executable).name
    }
