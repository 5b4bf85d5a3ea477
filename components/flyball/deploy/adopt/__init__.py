"""From what runs already to a stack file that says the same: read, described, written, compared."""
