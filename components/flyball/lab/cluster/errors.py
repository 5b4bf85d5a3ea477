"""What goes wrong with a control plane, and with the programs that it is built from."""

from flyball.errors import FlyballError


class ControlPlaneError(FlyballError):
    """A control plane did not start or did not end; the message names the log file to read."""


class ToolchainError(FlyballError):
    """A program could not be built; the message says what to do, and names the log file where there is one."""
