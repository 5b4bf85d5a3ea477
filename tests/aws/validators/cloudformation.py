"""cfn-lint over captured inputs: the schemas of AWS's own resource providers, with values, patterns and ranges."""

import json
from collections.abc import Mapping

from tests.aws.validators.template import logical, template

from flyball.deploy.registered import Registered
from flyball.deploy.stand_ins import REGION


def problems(resources: Mapping[str, Registered]) -> dict[str, list[str]]:
    """Errors by the name of the resource. All resources at once: to start costs more than to look at them."""
    # To load it takes most of a second, and who only collects the tests need not wait for it.
    from cfnlint.api import lint
    from cfnlint.config import ManualArgs

    titles = {logical(title): title for title in resources}
    assert len(titles) == len(resources)
    found: dict[str, list[str]] = {}
    config = ManualArgs(regions=[REGION], ignore_checks=["W", "I"])
    for match in lint(json.dumps(template(resources)), config=config):
        path = [*map(str, getattr(match, "path", None) or ())]
        title = titles.get(path[1], "") if path[:1] == ["Resources"] else ""
        found.setdefault(title, []).append(f"{match.rule.id} {'.'.join(path[3:])}: {match.message}")
    return found
