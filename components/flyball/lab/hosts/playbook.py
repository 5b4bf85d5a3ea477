"""ansible-playbook, with what it would do for each task or each playbook done before it begins.

Ansible runs a task of a host in a copy of its process, and loads only there what the task's templates ask: the rules of
flyball took a fifth of a second each time. And it puts a module and all that this imports into one file, by parsing all
of it, for each playbook anew: half a second for each module, and here it is kept as long as nothing of it changes.
"""

import importlib
import sys
from pathlib import Path
from typing import Any

import ansible.constants
from ansible.cli import playbook
from ansible.plugins.loader import filter_loader, test_loader
from ansible.release import __version__

from flyball.lab.hosts import modules

_PLUGINS = "ansible_collections.flyball.guards.plugins"
_ASKED = ("filter.guards", "lookup.run", "lookup.variables")
"""Its plugins that ask the rules."""


def load() -> Path:
    """Load what the collection's plugins import, and give their place; themselves Ansible loads in its own way."""
    loaded = [importlib.import_module(f"{_PLUGINS}.{name}") for name in _ASKED]
    place = Path(str(loaded[0].__file__)).parents[1]
    for name in [name for name in sys.modules if name.partition(".")[0] == "ansible_collections"]:
        del sys.modules[name]
    # The first that is asked for takes all of Ansible's own along.
    filter_loader.get("to_json")
    test_loader.get("match")
    return place


def main() -> None:
    """Run as ansible-playbook, with the same arguments."""
    kept = modules.kept(load(), __version__)
    constants: Any = ansible.constants
    Path(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache").symlink_to(kept)
    sys.argv[0] = str(Path(sys.executable).with_name("ansible-playbook"))
    sys.exit(playbook.main())


if __name__ == "__main__":
    main()
