"""What goes wrong with hosts, in words for people."""


class HostsError(Exception):
    """A host, or what all of them are made from, could not be made, started or reached."""
