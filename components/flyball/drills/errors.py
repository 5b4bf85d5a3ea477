"""What goes wrong with a drill, of whatever kind it is."""

from flyball.errors import FlyballError


class DrillError(FlyballError):
    """A drill could not be carried out; says nothing about whether the service held."""
