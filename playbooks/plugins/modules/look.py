"""Looks at what a host really does: whether it serves, and who holds it."""

DOCUMENTATION = """
module: look
short_description: Whether a host serves, and who holds it
description:
  - Asks URLs on the host itself, and reads who holds the host out of service and who is changing its group.
options:
  group:
    description: The group that the host is one of.
    type: str
    required: true
  urls:
    description: All must answer with success, or a redirect, where the host serves.
    type: list
    elements: str
    default: []
  seconds:
    description: The most that one request may take.
    type: int
    default: 5
attributes:
  check_mode:
    description: Changes nothing.
    support: full
author: flyball contributors
"""

EXAMPLES = """
- name: Look whether it serves
  flyball.guards.look:
    group: web
    urls: [http://127.0.0.1/flyball/health]
"""

RETURN = """
drained:
  description: Who holds the host out of service, each with program, who, why, run, since, and all of it as text.
  returned: success
  type: list
  elements: dict
taken:
  description: Who is changing its group, likewise.
  returned: success
  type: list
  elements: dict
unwell:
  description: Why it does not serve, apart from that; empty where it does.
  returned: success
  type: str
"""

import http.client  # noqa: E402
import urllib.parse  # noqa: E402
from dataclasses import asdict  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from ansible.module_utils.basic import AnsibleModule  # noqa: E402

from ansible_collections.flyball.guards.plugins.module_utils import holds  # noqa: E402


def unwell(url: str, seconds: int) -> str:
    """What is wrong with the answer of a URL; empty for a success, and for a redirect, which is not followed."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    try:
        connection.request("GET", f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{url}: {error or type(error).__name__}"
    finally:
        connection.close()
    return "" if 200 <= status < 400 else f"{url} answers {status}"


def found(path: Path) -> list[dict[str, Any]]:
    return [{**asdict(holder), "text": str(holder)} for holder in holds.holders(path)]


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "group": {"type": "str", "required": True},
            "urls": {"type": "list", "elements": "str", "default": []},
            "seconds": {"type": "int", "default": 5},
        },
        supports_check_mode=True,
    )
    wrong = (unwell(url, module.params["seconds"]) for url in module.params["urls"])
    module.exit_json(
        changed=False,
        drained=found(holds.DRAIN),
        taken=found(holds.group_lock(module.params["group"])),
        unwell=next((text for text in wrong if text), ""),
    )


if __name__ == "__main__":
    main()
