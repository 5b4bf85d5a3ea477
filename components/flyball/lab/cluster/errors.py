"""What goes wrong with a control plane."""

from flyball.errors import FlyballError


class ControlPlaneError(FlyballError):
    """A control plane did not start or did not end; the message names the log file to read."""
