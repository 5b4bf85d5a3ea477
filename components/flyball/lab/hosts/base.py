"""What every host is made from: one Debian root, and a package source inside it, so that hosts need no way out.

Made once by mmdebstrap and kept in the cache folder under a key made of everything that goes into it.
"""

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flyball import paths
from flyball.lab.hosts.errors import HostsError
from flyball.lab.locks import exclusive

Report = Callable[[str], None]

SUITES = ("bookworm", "trixie")
"""Debian 12, which hosts are made of unless asked otherwise, and 13. Within one packages get security fixes only, so
their behaviour stays."""
INSTALLED = (
    *("ca-certificates", "dbus", "iproute2", "openssh-server", "procps", "python3", "python3-apt"),
    *("systemd", "systemd-sysv"),
)
"""What a host has before any role: what cloud images of Debian have, and Ansible needs."""
OFFERED = (
    *("haproxy", "logrotate", "nginx", "prometheus", "prometheus-alertmanager", "prometheus-node-exporter"),
    *("prometheus-redis-exporter", "redis-server", "rsyslog", "rsyslog-openssl", "rsyslog-relp", "systemd-timesyncd"),
    "unattended-upgrades",
)
"""What hosts can install, with all that it depends on."""
ALSO_OFFERED = {"trixie": ("valkey-server",)}
"""What there is in one suite only."""
PROGRAMS = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "apt-ftparchive": "apt-utils",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "ssh": "openssh-client",
}
"""What this machine must have, and the Debian package it comes from."""
PACKAGES_DIR = "srv/packages"
_SETTINGS = {
    "etc/apt/sources.list": f"deb [trusted=yes] file:/{PACKAGES_DIR} ./\n",
    "etc/apt/apt.conf.d/90hosts": 'APT::Install-Recommends "false";\nAcquire::Languages "none";\n',
    # A host of a test is thrown away: nothing is lost by not waiting for the disk at each file of a package.
    "etc/dpkg/dpkg.cfg.d/90hosts": "force-unsafe-io\n",
    "etc/ssh/sshd_config.d/90hosts.conf": "UseDNS no\nMaxStartups 100\nPasswordAuthentication no\n",
    "etc/machine-id": "",  # so that each host makes its own
}


@dataclass(frozen=True, slots=True)
class Base:
    """A Debian root that hosts lay their own files over."""

    root: Path

    @property
    def host_key(self) -> str:
        """Type and key that every sshd of these hosts shows."""
        return " ".join((self.root / "etc/ssh/ssh_host_ed25519_key.pub").read_text().split()[:2])


def why_not() -> str | None:
    """Why this machine cannot run hosts; None where it can."""
    if os.geteuid() != 0:
        return "hosts with systemd and their own network need root"
    if not shutil.which("apt-get") and any(not shutil.which(program) for program in PROGRAMS):
        return f"hosts need {', '.join(PROGRAMS)} on PATH"
    if "\toverlay\n" not in Path("/proc/filesystems").read_text():
        return "hosts need overlay file systems in the kernel"
    return None


def ensure(report: Report, suite: str = SUITES[0]) -> Base:
    """The base of a suite, made if need be. Raises `HostsError` where it cannot be made."""
    if reason := why_not():
        raise HostsError(reason)
    ensure_programs(report)
    folder = place(suite)
    with exclusive(paths.hosts_dir() / "base.lock", lambda: report("another process makes the Debian root; waiting")):
        if not folder.exists():
            report(f"making a Debian root ({suite}); about a minute, once")
            _make(folder, suite)
    return Base(folder)


def place(suite: str) -> Path:
    """Where the base of a suite is, or will be once it is made."""
    return paths.hosts_dir() / f"base-{_key(suite)}"


def _offered(suite: str) -> tuple[str, ...]:
    return (*OFFERED, *ALSO_OFFERED.get(suite, ()))


def _key(suite: str) -> str:
    made_of = (suite, INSTALLED, _offered(suite), sorted(_SETTINGS.items()))
    return hashlib.sha256(repr(made_of).encode()).hexdigest()[:12]


def ensure_programs(report: Report) -> None:
    """Install what this machine lacks of `PROGRAMS`. Raises `HostsError` where it cannot be installed."""
    with exclusive(paths.hosts_dir() / "programs.lock", lambda: report("another process installs programs; waiting")):
        lacking = sorted({package for program, package in PROGRAMS.items() if not shutil.which(program)})
        if lacking:
            report(f"installing {', '.join(lacking)}")
            _run("sh", str(paths.shipped("tools") / "apt-install"), *lacking, program="apt-get")


def _make(folder: Path, suite: str) -> None:
    started = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(started, ignore_errors=True)
    started.parent.mkdir(parents=True, exist_ok=True)
    archives = started / PACKAGES_DIR
    # Unsafe io: the folder counts only once it has its final name.
    _run(
        *("mmdebstrap", "--quiet", "--mode=root", "--variant=apt", "--skip=cleanup/apt,cleanup/reproducible"),
        *("--format=directory", "--dpkgopt=force-unsafe-io", '--aptopt=APT::Install-Recommends "false"'),
        '--aptopt=Acquire::Languages "none"',
        f"--include={','.join(INSTALLED)}",
        f"--customize-hook=chroot $1 apt-get install -qq -y --download-only {' '.join(_offered(suite))}",
        *(suite, str(started)),
    )
    archives.mkdir(parents=True)
    for archive in (started / "var/cache/apt/archives").glob("*.deb"):
        archive.rename(archives / archive.name)
    index(archives)
    for name, text in _SETTINGS.items():
        path = started / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (started / f"etc/apt/sources.list.d/0000{suite}.list").unlink(missing_ok=True)
    _run("chroot", str(started), "apt-get", "update", "-qq")
    os.utime(started, (time.time(), time.time()))
    started.rename(folder)


def index(archives: Path) -> None:
    """Write the index of a folder of packages, which makes it a package source."""
    with (archives / "Packages").open("w") as file:
        subprocess.run(["apt-ftparchive", "packages", "."], cwd=archives, stdout=file, check=True)


def _run(*command: str, program: str = "") -> None:
    """Run a command, which messages call `program` where it is only what starts that one."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-15:])
        raise HostsError(f"{program or command[0]} failed with exit code {done.returncode}:\n{last}")
