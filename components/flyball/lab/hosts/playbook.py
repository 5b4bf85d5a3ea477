"""ansible-playbook, loaded once for a lab and forked for each playbook, with what its tasks need loaded before.

Ansible runs a task of a host in a copy of its process, and loads only there what the task's templates ask: the rules of
flyball took a fifth of a second each time. It puts a module and all that this imports into one file, by parsing all of
it, for each playbook anew: half a second for each module, and here it is kept as long as nothing of it changes. And to
load itself takes it half a second, which is most of a short playbook.
"""

import functools
import gc
import importlib
import json
import os
import socket
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import ansible.constants
from ansible.cli import playbook
from ansible.plugins import loader
from ansible.release import __version__
from ansible.utils import display
from ansible.utils.collection_loader import _collection_finder

from flyball.lab import forks
from flyball.lab.hosts import modules

_PLUGINS = "ansible_collections.flyball.guards.plugins"
_ASKED = ("filter.guards", "lookup.run", "lookup.variables")
"""Its plugins that ask the rules."""
_USED = {
    "strategy": ("linear",),
    "connection": ("ssh",),
    "shell": ("sh",),
    "callback": ("default",),
    "inventory": ("host_list", "script", "auto", "yaml", "ini", "toml"),
    "action": ("assert", "command", "copy", "fail", "normal", "set_fact", "validate_argument_spec"),
    "lookup": ("file", "template"),
}
"""Plugins of Ansible's own, by kind, that most playbooks need."""


def load() -> Path:
    """Load what the collection's plugins import, and give their place; themselves Ansible loads in its own way."""
    loaded = [importlib.import_module(f"{_PLUGINS}.{name}") for name in _ASKED]
    place = Path(str(loaded[0].__file__)).parents[1]
    for name in [name for name in sys.modules if name.partition(".")[0] == "ansible_collections"]:
        del sys.modules[name]
    # The first that is asked for takes all of Ansible's own along.
    loader.filter_loader.get("to_json")
    loader.test_loader.get("match")
    for kind, names in _USED.items():
        for name in names:
            getattr(loader, f"{kind}_loader").get(name, class_only=True)
    _keep_routes()
    return place


def _keep_routes() -> None:
    """Read once where each plugin has gone that Ansible had of its own: a large file, and it reads it for each run."""
    finder: Any = _collection_finder
    read = functools.cache(finder._meta_yml_to_dict)
    finder._meta_yml_to_dict = read
    routes = Path(str(ansible.__file__)).with_name("config") / "ansible_builtin_runtime.yml"
    read(routes.read_bytes(), ("ansible.builtin", "runtime.yml"))


def main() -> None:
    """Run what is asked for over the socket that is the standard input, until nobody is left to ask."""
    asked = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    prepare()
    forks.serve(asked, _become)


def prepare() -> None:
    """Load what playbooks need, where this process is to be forked for each of them."""
    kept = modules.kept(load(), __version__)
    constants: Any = ansible.constants
    Path(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache").symlink_to(kept)
    # What is there by now stays: else each copy of this process would look through it, and so copy it.
    gc.collect()
    gc.freeze()


def _become(what: int, out: int, err: int) -> NoReturn:
    """Be ansible-playbook, and end before Python does: that would remove the folder for temporary files of all."""
    code = 1
    try:
        with open(what) as file:
            arguments: Sequence[str] = json.load(file)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        # A fork takes the lock away which keeps its threads from writing while workers are forked.
        for stream in (sys.stdout, sys.stderr):
            getattr(display, "_synchronize_textiowrapper")(stream, getattr(display.Display(), "_lock"))  # noqa: B009
        sys.argv = [str(Path(sys.executable).with_name("ansible-playbook")), *arguments]
        playbook.main()
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # nobody else says it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
