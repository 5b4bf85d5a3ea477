"""Prometheus and Alertmanager on this machine, as Debian packages them, with what they ask and whom they tell."""
