"""Hosts of the lab behave as machines do, and leave nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flyball import paths
from flyball.lab.hosts import base, cgroups
from flyball.lab.hosts.errors import HostsError
from flyball.lab.hosts.host import Host
from flyball.lab.hosts.lab import Lab, lab, lab_like, remove_leftovers
from flyball.lab.hosts.network import namespaces

pytestmark = pytest.mark.hosts
LATE = """
import socket
reader, writer = (socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2))
reader.bind("\\0late")
writer.setblocking(False)
writer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)  # the journal has 8 MiB
print(sum(1 for _ in range(500) if writer.sendto(b"line", "\\0late")))
"""
LINE = "import socket,sys; socket.create_connection((sys.argv[1], 22), 2).recv(4); print('answered')"

KEPT = """
[Service]
ExecStart=/bin/sleep 600
[Install]
WantedBy=multi-user.target
"""
IMPORT = """
import sys, zipfile
with zipfile.ZipFile("{archive}", "w") as archive:
    archive.writestr("kept.py", "# of {mark}\\ndef where(): return where.__code__.co_filename")
sys.path.insert(0, "{archive}")
import kept
print(kept.where())
"""


@pytest.fixture(scope="module")
def pair(hosts: Lab) -> tuple[Host, Host]:
    first, second = hosts.add("one", "two", disks={"/var/log/small": "8m"})
    return first, second


def reaches(source: Host, target: Host) -> bool:
    return "answered" in source.run(f'python3 -c "{LINE}" {target.address}', check=False)


def test_a_host_runs_systemd_with_nothing_failed(pair: tuple[Host, Host]) -> None:
    one, _ = pair
    assert one.run("ps -o comm= -p 1").strip() == "systemd"
    assert one.run("systemctl --failed --no-legend") == ""
    assert one.run("cat /etc/hostname; hostname").split()[-1] == "one"


def test_hosts_reach_each_other_and_nothing_else(pair: tuple[Host, Host]) -> None:
    one, two = pair
    assert reaches(one, two)
    assert one.run("ip route show default") == ""


def test_a_log_daemon_may_be_late(pair: tuple[Host, Host]) -> None:
    """The journal forwards to it without waiting, so what does not fit into its socket is lost."""
    one, _ = pair
    one.write("/root/late.py", LATE)
    assert one.run("python3 /root/late.py").strip() == "500"


def test_the_clock_of_this_machine_is_out_of_reach(pair: tuple[Host, Host]) -> None:
    one, _ = pair
    with pytest.raises(HostsError, match="Operation not permitted"):
        one.run('date -s "$(date)"')


def test_what_is_written_survives_a_reboot(pair: tuple[Host, Host]) -> None:
    one, _ = pair
    one.write("/root/kept", "kept")
    one.run("echo kept > /run/lost")
    one.reboot()
    assert one.run("cat /root/kept; ls /run/lost", check=False).strip() == "kept"


def test_power_loss_ends_everything_at_once_and_keeps_the_disk(pair: tuple[Host, Host]) -> None:
    one, two = pair
    one.write("/root/kept", "still")
    one.run("systemd-run --unit=onstop --property=ExecStop='/bin/touch /root/orderly' sleep 600")
    one.power_loss()
    assert one.first_process() is None
    assert not reaches(two, one)
    one.start()
    one.wait_up()
    assert one.run("cat /root/kept; ls /root/orderly", check=False).strip() == "still"


def test_a_silent_host_runs_on_and_is_not_heard(pair: tuple[Host, Host]) -> None:
    one, two = pair
    one.silence()
    try:
        assert not reaches(two, one)
        assert one.run("echo runs").strip() == "runs"
    finally:
        one.unsilence()
    assert reaches(two, one)


def test_a_small_disk_is_small(pair: tuple[Host, Host]) -> None:
    one, _ = pair
    with pytest.raises(HostsError, match="No space left on device"):
        one.run("head -c 9M /dev/zero > /var/log/small/full")
    one.run("rm /var/log/small/full")


def test_packages_come_from_the_lab_itself(pair: tuple[Host, Host]) -> None:
    _, two = pair
    two.run("apt-get install -qq -y logrotate")
    assert two.run("dpkg-query --show --showformat='${Status}' logrotate") == "install ok installed"


def test_what_python_compiled_is_there_on_the_hosts_that_come(hosts: Lab, pair: tuple[Host, Host]) -> None:
    """As it was, by the file that is read, and with the path of the moment in it."""
    one, _ = pair

    def compiled(host: Host) -> set[str]:
        return set(host.run("ls -i /var/cache/compiled").splitlines())

    def imported(host: Host, archive: str) -> str:
        """What a module says of its place."""
        host.write("/root/look.py", IMPORT.format(mark=hosts.folder, archive=archive))
        return host.run("python3 /root/look.py").strip()

    before = compiled(one)
    assert imported(one, "/root/first.zip") == "/root/first.zip/kept.py"
    after = compiled(one)
    assert len(after - before) == 1
    one.remove()

    (three,) = hosts.add("three")

    given = compiled(three)
    assert after <= given
    assert imported(three, "/root/third.zip") == "/root/third.zip/kept.py"
    assert compiled(three) == given


def test_labs_may_begin_with_hosts_that_were_set_up_once() -> None:
    """With their files, their addresses and what is enabled; what is changed on theirs nobody else sees."""
    with lab(print) as first:
        (host,) = first.add("one")
        host.write("/etc/systemd/system/kept.service", KEPT)
        host.run("echo old > /etc/old; rm /etc/issue; systemctl enable kept")
        first.shut_down()
        assert host.first_process() is None
        for _ in range(2):
            with lab_like(first, print) as second:
                one = second["one"]
                assert one.address == host.address
                assert one.run("hostname; cat /etc/old; ls /etc/issue", check=False).split() == ["one", "old"]
                assert one.run("systemctl is-system-running --wait; systemctl is-active kept").split()[-1] == "active"
                one.run("rm /etc/old; touch /etc/issue; systemctl disable kept")


def test_what_a_killed_run_leaves_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a cache folder of its own, since every other run removes what it finds in the common one."""
    root = base.ensure(print).root
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    paths.hosts_dir().mkdir(parents=True)
    (paths.hosts_dir() / root.name).symlink_to(root)
    script = (
        "from flyball.lab.hosts.lab import lab\n"
        "with lab(lambda line: None) as made:\n"
        "    made.add('left'); print(made.network.lab, flush=True); input()\n"
    )
    run = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    name = run.stdout.readline().strip()
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert cgroups.named(f"flyball-{name}-") == {f"flyball-{name}-left"}

    remove_leftovers(print)

    assert cgroups.named(f"flyball-{name}") == set()
    assert [namespace for namespace in namespaces() if name in namespace] == []
    assert not (paths.hosts_dir() / "labs" / name).exists()
    deadline = time.monotonic() + 240
    while (mounts := Path("/proc/mounts").read_text().count(name)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert mounts == 0
    assert not [process for process in Path("/proc").iterdir() if process.name.isdigit() and _names(process, name)]


def _names(process: Path, name: str) -> bool:
    try:
        return int(process.name) != os.getpid() and f"labs/{name}/" in (process / "cmdline").read_text()
    except OSError:
        return False
