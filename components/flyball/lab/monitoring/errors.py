"""What goes wrong with what watches."""

from flyball.errors import FlyballError


class MonitorError(FlyballError):
    """Prometheus or Alertmanager did not start, or did not answer; the message names the log file to read."""
