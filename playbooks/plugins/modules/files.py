"""Writes files together: one round trip to the host for all that a role configures."""

# A role of ten files would else wait for twenty round trips, at each run, to find that nothing has changed.
DOCUMENTATION = """
module: files
short_description: Writes several files, all or none
description:
  - Makes each file what is given, in one round trip to the host, and nothing where it is so already.
  - What is to be validated is, all of it, before the first file is replaced. If one is refused, no file changes.
  - Each file is replaced in one move, so that nobody reads half of one. A link is replaced by the file.
options:
  files:
    description: The files, by where they go. Folders on their way are made, with mode 0755.
    type: list
    elements: dict
    default: []
    suboptions:
      dest:
        description: Absolute path of the file.
        type: path
        required: true
      content:
        description: All that is to be in it.
        type: str
        required: true
      mode:
        description: Its permissions.
        type: raw
        default: "0644"
      owner:
        description: Who owns it; the user that runs the module where not given.
        type: str
      group:
        description: Whose group may use it; that of the user where not given.
        type: str
      validate:
        description: A command that ends with 0 where the new file, named by C(%s), is sound. Not run on a check.
        type: str
  folders:
    description: Folders to make first, with all above them.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Absolute path of the folder.
        type: path
        required: true
      mode:
        description: Its permissions.
        type: raw
        default: "0755"
attributes:
  check_mode:
    description: Tells what would change, and changes nothing.
    support: full
  diff_mode:
    description: Shows how each file changes.
    support: full
author: flyball contributors
"""

EXAMPLES = """
- name: Configure the service
  flyball.guards.files:
    files:
      - dest: /etc/shop/shop.conf
        content: "{{ lookup('ansible.builtin.template', 'shop.conf.j2') }}"
        validate: shop --check %s
      - dest: /etc/systemd/system/shop.service.d/limits.conf
        content: "{{ lookup('ansible.builtin.template', 'limits.conf.j2') }}"
  notify: Restart the service
"""

RETURN = """
paths:
  description: The files and folders that changed.
  returned: success
  type: list
  elements: str
"""

import os  # noqa: E402
import tempfile  # noqa: E402
from typing import Any  # noqa: E402

from ansible.module_utils.basic import AnsibleModule  # noqa: E402

_NEW_FOLDER = 0o755


class Files:
    """What one call of the module changes."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.paths: list[str] = []
        self.diff: list[dict[str, Any]] = []

    def run(self) -> None:
        """Ends the process, as modules do: by `exit_json`, or by `fail_json` before any file has changed."""
        for folder in self.module.params["folders"]:
            self.folder(folder["path"], folder)
        compared = [(file, *self._compare(file)) for file in self.module.params["files"]]
        drafts = (
            {}
            if self.module.check_mode
            else {file["dest"]: self._draft(file) for file, _, differs in compared if differs}
        )
        self._validate(drafts)
        for file, before, differs in compared:
            self._put(file, before, drafts.get(file["dest"]), differs)
        self.module.exit_json(changed=bool(self.paths), paths=self.paths, diff=self.diff)

    def folder(self, path: str, attributes: dict[str, Any] | None = None) -> None:
        """Make a folder and those above it; set its mode where one is given."""
        made = not os.path.isdir(path)
        if made:
            self.folder(os.path.dirname(path))
            if not self.module.check_mode:
                os.mkdir(path)
                os.chmod(path, _NEW_FOLDER)  # whatever the umask
        self._note(path, self._set(path, attributes, made) or made)

    def _compare(self, file: dict[str, Any]) -> tuple[str, bool]:
        """What is in it now, and whether it is to be replaced."""
        try:
            with open(file["dest"], encoding="utf-8", errors="surrogateescape") as now:
                before = now.read()
        except (FileNotFoundError, NotADirectoryError):
            return "", True
        except OSError as error:
            self.module.fail_json(msg=f"{file['dest']}: {error.strerror}")
        return before, before != file["content"] or os.path.islink(file["dest"])

    def _draft(self, file: dict[str, Any]) -> str:
        """The new file, beside the module: with the permissions it will have, which some programs insist on."""
        handle, draft = tempfile.mkstemp(dir=self.module.tmpdir)
        with open(handle, "w", encoding="utf-8", errors="surrogateescape") as out:
            out.write(file["content"])
        self._set(draft, file, False)
        return draft

    def _validate(self, drafts: dict[str, str]) -> None:
        refused: list[str] = []
        for file in self.module.params["files"]:
            dest, command = file["dest"], file["validate"]
            if command and "%s" not in command:
                refused.append(f"{dest}: validate must contain %s, which stands for the new file: {command}")
            elif command and dest in drafts:
                code, out, err = self.module.run_command(command.replace("%s", drafts[dest]))
                if code:
                    refused.append(f"{dest}: failed to validate (exit code {code}): {(err + out).strip()}")
        if refused:
            self.module.fail_json(msg="\n".join(refused))

    def _put(self, file: dict[str, Any], before: str, draft: str | None, differs: bool) -> None:
        dest = file["dest"]
        existed = os.path.lexists(dest)
        self.folder(os.path.dirname(dest))
        if draft:
            self.module.atomic_move(draft, dest)
        if differs:
            self.diff.append({"before_header": dest, "after_header": dest, "before": before, "after": file["content"]})
        self._note(dest, self._set(dest, file, not existed) or differs)

    def _set(self, path: str, attributes: dict[str, Any] | None, new: bool) -> bool:
        """Permissions and owner; whether they changed. What a check would have made has none."""
        if attributes is None or (new and self.module.check_mode):
            return False
        wanted = self.module.load_file_common_arguments(attributes, path=path)
        return bool(self.module.set_fs_attributes_if_different(wanted, False))

    def _note(self, path: str, changed: bool) -> None:
        if changed:
            self.paths.append(path)


def main() -> None:
    folder = {"path": {"type": "path", "required": True}, "mode": {"type": "raw", "default": "0755"}}
    file = {
        "dest": {"type": "path", "required": True},
        "content": {"type": "str", "required": True},
        "mode": {"type": "raw", "default": "0644"},
        "owner": {"type": "str"},
        "group": {"type": "str"},
        "validate": {"type": "str"},
    }
    module = AnsibleModule(
        argument_spec={
            "files": {"type": "list", "elements": "dict", "options": file, "default": []},
            "folders": {"type": "list", "elements": "dict", "options": folder, "default": []},
        },
        supports_check_mode=True,
    )
    Files(module).run()


if __name__ == "__main__":
    main()
