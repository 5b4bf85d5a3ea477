"""cfn-lint over captured inputs: the schemas of AWS's own resource providers, with values, patterns and ranges."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from tests.aws.validators.template import logical, template

from flyball.deploy.registered import Registered
from flyball.deploy.stand_ins import REGION


def problems(resources: Mapping[str, Registered]) -> dict[str, list[str]]:
    """Errors by the name of the resource. All resources at once: to start costs more than to look at them."""
    titles = {logical(title): title for title in resources}
    assert len(titles) == len(resources)
    found: dict[str, list[str]] = {}
    for match in _lint()(json.dumps(template(resources))):
        path = [*map(str, getattr(match, "path", None) or ())]
        title = titles.get(path[1], "") if path[:1] == ["Resources"] else ""
        found.setdefault(title, []).append(f"{match.rule.id} {'.'.join(path[3:])}: {match.message}")
    return found


@cache
def _lint() -> Callable[[str], Iterable[Any]]:
    """With its rules loaded, once for all templates, as its command has them for several files."""
    # To load it takes most of a second, and who only collects the tests need not wait for it.
    from cfnlint.config import ConfigMixIn, ManualArgs
    from cfnlint.decode.decode import decode_str
    from cfnlint.runner import Runner

    runner = Runner(ConfigMixIn(**ManualArgs(regions=[REGION], ignore_checks=["W", "I"])))

    def matches(text: str) -> Iterable[Any]:
        parsed, errors = decode_str(text)
        assert parsed
        assert not errors
        return runner.validate_template(parsed)

    return matches
