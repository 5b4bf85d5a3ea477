"""A freeze of a cluster says why, as one of a host does, before anybody is asked."""

import pytest
from click.testing import CliRunner

from flyball import cli

REASONS = {
    "x": "--reason: 'x' is no reason; say why, in at least 8 letters",
    "   because   ": "--reason: 'because' is no reason; say why, in at least 8 letters",
    "moving\x1b[2Jthe database": "--reason: has control characters; give one line of text",
    "moving\nthe database": "--reason: has control characters; give one line of text",
}


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_that_says_nothing_is_refused(reason: str) -> None:
    done = CliRunner().invoke(cli.main, ["freeze", "-s", "prod", "--reason", reason])
    assert done.exit_code == 1
    assert done.stderr == f"refused, and nothing was changed:\n{REASONS[reason]}\n"
