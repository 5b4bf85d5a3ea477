"""What a `Cache` consists of."""
