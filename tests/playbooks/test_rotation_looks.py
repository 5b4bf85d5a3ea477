"""What the role logrotate has its host look for is what the rules read, line by line."""

import subprocess
from pathlib import Path

import yaml

from flyball.guards.roles import logrotate, logrotate_host

TASKS = Path("playbooks/roles/logrotate/tasks/preflight.yml")
ENTRIES = "/etc/logrotate.d"


def test_each_file_and_each_entry_is_seen(tmp_path: Path) -> None:
    """Not the first file alone, nor all entries but the first."""
    for name, path, mode in (("apt", "/var/log/nginx/*.log", 0o644), ("shop", "/var/log/shop.log", 0o666)):
        (tmp_path / name).write_text(f"{path} {{\n    daily\n}}\n")
        (tmp_path / name).chmod(mode)
    look = next(task for task in yaml.safe_load(TASKS.read_text()) if ENTRIES in str(task.get("ansible.builtin.shell")))
    command = look["ansible.builtin.shell"]["cmd"].split("for folder in")[0].replace(ENTRIES, str(tmp_path))
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    rotation, _ = logrotate.read({"logrotate_interval": "1h", "logrotate_logs": [{"name": "nginx", "preset": "nginx"}]})
    assert sorted(str(problem) for problem in logrotate_host.check(done.stdout.splitlines(), rotation.logs)) == [
        f"{tmp_path}/apt: already rotates /var/log/nginx/*.log; give 'nginx' the name 'apt', or remove it",
        f"{tmp_path}/shop: has mode 666, so logrotate ignores it; chmod 0644",
    ]
