from contextlib import ExitStack
from pathlib import Path

import pytest

from flyball.lab.locks import exclusive


def test_the_lock_is_held_by_one_at_a_time_and_given_back(tmp_path: Path) -> None:
    waited: list[str] = []
    with exclusive(tmp_path / "new" / "lock", lambda: waited.append("first")):
        pass
    with exclusive(tmp_path / "new" / "lock", lambda: waited.append("second")):
        pass

    assert waited == []


def test_who_waits_is_told_so_once(tmp_path: Path) -> None:
    # flock belongs to the open file, so a second opening waits even in the same process.
    waited: list[str] = []
    with ExitStack() as holder:
        holder.enter_context(exclusive(tmp_path / "lock", lambda: waited.append("first")))

        def give_way() -> None:
            waited.append("second")
            holder.close()

        with exclusive(tmp_path / "lock", give_way):
            assert waited == ["second"]


def test_a_holder_that_fails_gives_the_lock_back(tmp_path: Path) -> None:
    waited: list[str] = []
    with pytest.raises(KeyError), exclusive(tmp_path / "lock", lambda: waited.append("first")):
        raise KeyError
    with exclusive(tmp_path / "lock", lambda: waited.append("second")):
        assert waited == []


def test_a_lock_file_that_its_holder_removed_is_made_anew(tmp_path: Path) -> None:
    def refuse() -> None:
        raise TimeoutError

    with ExitStack() as holder:
        holder.enter_context(exclusive(tmp_path / "lock", lambda: None))

        def give_way() -> None:
            (tmp_path / "lock").unlink()
            holder.close()

        with exclusive(tmp_path / "lock", give_way), ExitStack() as third, pytest.raises(TimeoutError):
            third.enter_context(exclusive(tmp_path / "lock", refuse))
