"""The account of a platform, asked with the user's own credentials; boto3 is loaded here alone, when it is needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flyball.errors import FlyballError
from flyball.guards.aws.platform import Platform

Client = Any
"""What boto3 makes of a service's model while it runs: it has no types."""
_PATIENCE = {"connect_timeout": 10, "read_timeout": 30, "retries": {"mode": "standard", "total_max_attempts": 4}}
"""Seconds, and tries of one call: who freezes has no minutes for an account that does not answer (the defaults are 60 s
each: https://botocore.amazonaws.com/v1/documentation/api/latest/reference/config.html)."""


class AccountError(FlyballError):
    """The account cannot be asked, did not do what it was asked for, or is another one than the platform's."""


def client(platform: Platform, service: str) -> Client:
    """A service of the platform's region.

    Raises `AccountError` where boto3 is not there or nobody answers, and for credentials of another account than the
    file's, before anything of that account is looked at.
    """
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise AccountError("boto3 is not installed; it comes with `pip install 'flyball[aws]'`") from None
    config = Config(**_PATIENCE)
    with answering(f"the account {platform.account}"):
        identity = boto3.client("sts", region_name=platform.region, config=config).get_caller_identity()
        if identity["Account"] != platform.account:
            raise AccountError(
                f"aws.account: is {platform.account}, and the credentials are of {identity['Account']} as"
                f" {identity['Arn']}; nothing was changed. Take those of the platform, as by AWS_PROFILE"
            )
        return boto3.client(service, region_name=platform.region, config=config)


@contextmanager
def answering(what: str) -> Iterator[None]:
    """Whatever goes wrong with calls about `what` becomes an `AccountError`."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise AccountError(f"{what}: {error}") from error
