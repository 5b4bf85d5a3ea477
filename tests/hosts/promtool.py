"""What promtool of a host says of all alerts: of their style, and of when each comes and goes."""

import json

from tests.alerts import promtool
from tests.alerts.cases import ENTRIES, RULES

from flyball.lab.hosts.host import Host


def check(host: Host) -> None:
    """Assert that it finds nothing wrong, and that each alert fires when it is due, not before, and no longer than its
    cause is there; on the calm day none does."""
    host.write("/root/promtool.json", json.dumps(promtool.files()))
    split = "[open(name, 'w').write(json.dumps(content)) for name, content in json.load(open('promtool.json')).items()]"
    host.run(f'cd /root && python3 -c "import json; {split}"')
    checked = host.run("cd /root && promtool check rules --lint=all --lint-fatal rules.json")
    assert f"{len(ENTRIES)} rules found" in checked
    tested = host.run("cd /root && promtool test rules test-*.json", seconds=900)
    assert tested.count("SUCCESS") == len(RULES) + 1  # the calm day
