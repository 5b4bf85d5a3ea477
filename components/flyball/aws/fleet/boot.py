"""How a new instance configures itself, and serves only then: the user data of a fleet.

It fetches its playbook, runs it against itself, and completes the hook that keeps it out of service until then; where
anything fails, or takes longer than `boot`, it gives itself up, and the group starts another. Its image has bash, curl,
tar, Ansible with the collection, and the AWS command line.
"""

import json
from shlex import quote

from flyball.guards.aws.fleets import Fleet

LAUNCH_HOOK, TERMINATION_HOOK = "flyball-launch", "flyball-termination"
MARGIN = 15
"""Seconds of `boot` that are kept for the calls around the playbook."""
REQUEST = "500ms"
"""The most that a look at the metadata may wait for one answer, so that a notice is seen in time (`spot_drain`)."""
_SCRIPT = r"""#!/bin/bash
# Configures this instance by its playbook, and lets it serve only then.
set -euo pipefail
export AWS_DEFAULT_REGION={region}
metadata=${{AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}}

ask() {{ curl --fail --silent --show-error --noproxy '*' --max-time 2 --retry 5 --retry-connrefused "$@"; }}
token=$(ask --request PUT --header 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$metadata/latest/api/token")
instance=$(ask --header "X-aws-ec2-metadata-token: $token" "$metadata/latest/meta-data/instance-id")
group=$(aws autoscaling describe-auto-scaling-instances --instance-ids "$instance" \
  --query 'AutoScalingInstances[0].AutoScalingGroupName' --output text)

result=ABANDON
complete() {{
  aws autoscaling complete-lifecycle-action --auto-scaling-group-name "$group" --instance-id "$instance" \
    --lifecycle-hook-name {hook} --lifecycle-action-result "$result"
}}
trap complete EXIT

folder=$(mktemp --directory)
aws s3 cp --only-show-errors {playbook} "$folder/playbook.tar.gz"
tar --extract --gzip --no-same-owner --directory "$folder" --file "$folder/playbook.tar.gz"
cd "$folder"
timeout {seconds} ansible-playbook --connection local --inventory localhost, --extra-vars {variables} \
  --extra-vars "spot_drain_group=$group" site.yml
result=CONTINUE
"""


def script(fleet: Fleet, region: str) -> str:
    """The user data, always the same for the same fleet."""
    variables = {
        "flyball_fleet": fleet.name,
        "spot_drain_region": region,
        "spot_drain_hook": TERMINATION_HOOK,
        "spot_drain_request": REQUEST,
        "spot_drain_deadline": f"{fleet.deadline}ms",
        "spot_drain_shutdown": {"prestop": f"{fleet.shutdown.prestop}ms", "drain": f"{fleet.shutdown.drain}ms"},
    }
    return _SCRIPT.format(
        region=quote(region),
        hook=quote(LAUNCH_HOOK),
        playbook=quote(fleet.playbook),
        seconds=fleet.boot - MARGIN,
        variables=quote(json.dumps(variables, sort_keys=True)),
    )
