"""What goes wrong with hosts, in words for people."""

from flyball.errors import FlyballError


class HostsError(FlyballError):
    """A host, or what all of them are made from, could not be made, started or reached."""
