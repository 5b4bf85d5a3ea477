"""Who writes logs and who takes them, as processes."""
