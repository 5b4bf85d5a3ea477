"""Rotation on hosts: limits that hold between two looks, and who lets go of the old file."""

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.clean_up.retention import HOST_LOGS, MI, ROTATION_INTERVAL, FileLogs, rotation_interval
from flyball.guards.roles.logrotate import PRESETS, read
from flyball.guards.roles.logrotate_host import check as check_host


def problems(interval: str = "1h", **log: object) -> list[str]:
    known = {"name": "shop", "paths": ["/var/log/shop.log"], "reopens": True}
    return [str(p) for p in read({"logrotate_interval": interval, "logrotate_logs": [{**known, **log}]})[1]]


def test_the_defaults_are_those_of_hosts() -> None:
    rotation, found = read(
        {"logrotate_interval": "1h", "logrotate_logs": [{"name": "a", "paths": ["/a"], "reopens": True}]}
    )
    assert found == []
    assert rotation.interval == ROTATION_INTERVAL == 3_600_000
    assert rotation.logs[0].limits == HOST_LOGS == FileLogs(100 * MI, 7, 7, 1024 * MI)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_sound(preset: str) -> None:
    rotation, found = read({"logrotate_interval": "1h", "logrotate_logs": [{"name": preset, "preset": preset}]})
    assert found == []
    assert rotation.logs[0].mode == "0640"


@given(
    size=st.integers(1, 10**9),
    files=st.integers(1, 50),
    spare=st.integers(0, 10**12),
    rate=st.integers(1, 10**9),
)
def test_between_two_looks_the_volume_is_never_outgrown(size: int, files: int, spare: int, rate: int) -> None:
    logs = FileLogs(size=size, files=files, volume=size * (files + 1) + spare)
    if logs.volume // (files + 2) - size < rate:
        with pytest.raises(ValueError, match="leave each no second of"):
            rotation_interval(logs, rate)
        return
    interval = rotation_interval(logs, rate)
    assert (files + 2) * (size + rate * interval // 1000) <= logs.volume
    assert interval == ROTATION_INTERVAL or (files + 2) * (size + rate * (interval + 1000) // 1000) > logs.volume


def test_a_rate_asks_for_a_shorter_interval() -> None:
    assert problems("4m", rate="1Mi") == [
        "logrotate_interval: in 4m each file of shop may grow by 240Mi, more than its volume of 1Gi has left; allowed"
        " is at most 13s"
    ]
    assert problems("13s", rate="1Mi") == []


def test_a_name_given_twice_is_refused() -> None:
    log = {"name": "shop", "reopens": True}
    logs = [{**log, "paths": ["/a"]}, {**log, "paths": ["/b"]}]
    _, found = read({"logrotate_interval": "1h", "logrotate_logs": logs})
    assert [str(p) for p in found] == ["logrotate_logs[1].name: 'shop' is also that of logrotate_logs[0]"]


def test_what_is_on_the_host_already_is_held_against_the_logs() -> None:
    rotation, _ = read({"logrotate_interval": "1h", "logrotate_logs": [{"name": "nginx", "preset": "nginx"}]})
    lines = [
        "644 /etc/logrotate.d/apt",
        "664 /etc/logrotate.d/shop",
        "/etc/logrotate.d/nginx:/var/log/nginx/*.log {",
        "/etc/logrotate.d/old:/var/log/old.log /var/log/nginx/*.log {",
    ]
    assert [str(p) for p in check_host(lines, rotation.logs)] == [
        "/etc/logrotate.d/shop: has mode 664, so logrotate ignores it; chmod 0644",
        "/etc/logrotate.d/old: already rotates /var/log/nginx/*.log; give 'nginx' the name 'old', or remove it",
    ]


SELF = "its own rotated files match it too, and are rotated again and again"


@pytest.mark.parametrize(
    "path", ["/var/log/shop/*", "/var/log/*.1", "/var/log/shop*gz", "/var/log/shop.*", "/var/log/*.2.gz"]
)
def test_a_pattern_that_matches_its_own_rotated_files_is_refused(path: str) -> None:
    assert problems(paths=[path]) == [f"logrotate_logs[0].paths[0]: {SELF}; end it in what they do not, as *.log"]


@pytest.mark.parametrize(
    "path", ["/var/log/shop/*.log", "/var/log/*/access", "/var/log/shop", "/var/log/shop.1", "/a*.9"]
)
def test_a_pattern_that_ends_in_what_they_do_not_is_sound(path: str) -> None:
    assert problems(paths=[path]) == []


_PIECE = st.sampled_from(["*", "a", "b", "1", ".", "gz", "log"])
_PATTERN = st.lists(_PIECE, min_size=1, max_size=5).map(lambda pieces: "/" + "".join(pieces))
_NAME = st.lists(st.sampled_from(["a", "b", "1", ".", "gz", "log"]), min_size=1, max_size=6).map("".join)


@given(_PATTERN, _NAME, st.integers(1, 7), st.booleans())
def test_whatever_passes_rotates_each_file_once(pattern: str, name: str, number: int, packed: bool) -> None:
    """Against what the C library's patterns match, in the words of Python's."""
    rotated = f"{name}.{number}{'.gz' if packed else ''}"
    if all(_matches(text, pattern) for text in (name, rotated)):
        assert any(SELF in problem for problem in problems(paths=[pattern]))


@given(_PATTERN, _PATTERN, _NAME)
def test_whatever_passes_names_each_file_once(first: str, second: str, name: str) -> None:
    if _matches(name, first) and _matches(name, second):
        assert problems(paths=[first, second]) != []


def _matches(name: str, pattern: str) -> bool:
    """As glob(7): what begins with a dot is matched by nothing but a dot."""
    return fnmatch.fnmatchcase(name, pattern[1:]) and (name[0] != "." or pattern[1] == ".")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("/var/log/shop/*.log", "/var/log/shop/app.log"),
        ("/var/log/shop/*.log", "/var/log/*/app*"),
        ("/var/log/shop.log", "/var/log/*.1"),
    ],
)
def test_logs_that_share_files_are_refused(first: str, second: str) -> None:
    log = {"reopens": True}
    logs = [{**log, "name": "a", "paths": [first]}, {**log, "name": "b", "paths": [second]}]
    said = [str(p) for p in read({"logrotate_logs": logs})[1] if str(p).startswith("logrotate_logs[1]")]
    assert said[-1] == (
        f"logrotate_logs[1].paths[0]: {second} and {first} of logrotate_logs[0] name the same files; logrotate leaves"
        " one of them out: name each file once"
    )


def test_logs_that_share_none_are_sound() -> None:
    paths = [
        "/var/log/shop/*.log",
        "/var/log/shop/*.txt",
        "/var/log/*.log",
        "/var/log/cart/*.log",
        "/var/log/shop.log.gz",
    ]
    assert problems(paths=paths) == []


def test_what_other_files_match_is_rotated_by_them_already() -> None:
    rotation, _ = read({"logrotate_logs": [{"name": "shop", "paths": ["/var/log/shop/*.log"], "reopens": True}]})
    lines = [
        '/etc/logrotate.d/one:"/var/log/shop/app.log" {',
        "/etc/logrotate.d/two:/var/log/shop/a?[a-z].log",
        "/etc/logrotate.d/three:/var/log/shop/app.txt {",
    ]
    assert [str(p) for p in check_host(lines, rotation.logs)] == [
        "/etc/logrotate.d/one: already rotates /var/log/shop/app.log; give 'shop' the name 'one', or remove it",
        "/etc/logrotate.d/two: already rotates /var/log/shop/a?[a-z].log; give 'shop' the name 'two', or remove it",
    ]


FOLDER = "folder 755 root root /var/log/shop"


@pytest.mark.parametrize(
    ("folder", "log", "says"),
    [
        (FOLDER, {}, ""),
        ("folder 755 shop shop /var/log/shop", {"owner": "shop"}, ""),
        ("folder 2775 root adm /var/log/shop", {"owner": "shop", "group": "adm"}, ""),
        ("folder 777 shop shop /var/log/shop", {"owner": "shop"}, "anybody may write there"),
        ("folder 1777 root root /var/log/shop", {}, "anybody may write there"),
        ("folder 755 shop shop /var/log/shop", {}, "shop may write there, and root would follow their links"),
        ("folder 775 root adm /var/log/shop", {}, "the group adm may write there, and root would follow their links"),
        (FOLDER, {"owner": "shop"}, "shop cannot write there (755 root:root), so it cannot rename the log"),
        ("folder 775 root adm /var/log/shop", {"owner": "shop"}, "shop cannot write there (775 root:adm)"),
        ("no user shop", {"owner": "shop"}, "there is no user shop"),
        ("no group staff", {"group": "staff"}, "there is no group staff"),
    ],
)
def test_the_folder_of_a_log_is_its_owners_alone(folder: str, log: dict[str, str], says: str) -> None:
    """A folder in which somebody else may put a link is one in which root would rotate whatever the link leads to."""
    paths = ["/var/log/shop/*.log"]
    rotation, _ = read({"logrotate_logs": [{"name": "shop", "paths": paths, "reopens": True, **log}]})
    found = [str(p) for p in check_host([folder], rotation.logs)]
    assert [says in problem for problem in found] == ([True] if says else [])


def test_types_are_checked_before_anything_is_made_of_them() -> None:
    assert problems(files="7", mode=640) == [
        "logrotate_logs[0].files: is text ('7'), not a whole number",
        "logrotate_logs[0].mode: is the number 640, not text; quote it",
    ]


@pytest.mark.parametrize(
    ("mask", "log", "refused"),
    [
        ("0000000000000001", {}, False),
        ("0000000000000000", {}, True),
        ("fffffffe7ffbfeff", {"signal": "USR1"}, False),
        ("fffffffe7ffbfcff", {"signal": "USR1"}, True),
        ("0000000000000800", {"signal": "USR2"}, False),
        ("0000000000000001", {"signal": "USR2"}, True),
        ("", {}, True),  # a unit without a process that could hear it
    ],
)
def test_a_unit_gets_no_signal_that_would_end_it(mask: str, log: dict[str, str], refused: bool) -> None:
    own = {"name": "shop", "paths": ["/var/log/shop/*.log"], "unit": "shop.service", **log}
    rotation, _ = read({"logrotate_logs": [own]})
    found = [str(p) for p in check_host([f"catches shop.service {mask}", "catches cart.service 0"], rotation.logs)]
    signal = log.get("signal", "HUP")
    assert [text.split(";")[0] for text in found] == (
        [f"logrotate_logs[0].signal: the process of shop.service does not catch {signal}, which would end it"]
        if refused
        else []
    )


def test_a_copy_that_is_truncated_is_a_choice_with_room_for_it() -> None:
    log = {"name": "shop", "paths": ["/var/log/shop/*.log"], "copytruncate": True}
    rotation, wrong = read({"logrotate_logs": [log]})
    assert (wrong, rotation.logs[0].copytruncate, rotation.logs[0].unit) == ([], True, "")
    (problem,) = read({"logrotate_logs": [{**log, "volume": "800Mi"}]})[1]
    assert str(problem) == (
        "logrotate_logs[0].volume: 800Mi has no room for a copy as well (900Mi); raise the volume, or lower size or"
        " files"
    )
    for other in ({"unit": "shop.service"}, {"reopens": True}):
        assert [str(problem) for problem in read({"logrotate_logs": [{**log, **other}]})[1]] == [
            "logrotate_logs[0].copytruncate: is for a service that opens no log anew; leave out unit and reopens, or"
            " copytruncate, which loses lines"
        ]


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("mode", "three octal digits, quoted"),
        ("owner", "the name of a user"),
        ("folder_owner", "the name of a user"),
        ("group", "the name of a group"),
    ],
)
def test_what_is_empty_is_no_name_and_no_mode(key: str, hint: str) -> None:
    assert problems(**{key: ""}) == [f"logrotate_logs[0].{key}: '' is not allowed; give {hint}"]


@pytest.mark.parametrize("unit", ["x;y.service", "x.timer", "$(x)", 3])
def test_a_unit_that_cannot_be_read_is_not_missing_too(unit: object) -> None:
    found = problems(unit=unit, reopens=False)
    assert len(found) == 1
    assert found[0].startswith("logrotate_logs[0].unit: ")
    assert "missing" not in found[0]


def test_a_unit_that_is_empty_is_missing() -> None:
    [found] = problems(unit="", reopens=False)
    assert found.startswith("logrotate_logs[0].unit: is missing: ")
