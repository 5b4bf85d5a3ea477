"""What the lints share with the tests, beside which they run."""

pytest_plugins = ["tests.running.passed"]
