"""Drills with the log collector, a process on this machine."""
