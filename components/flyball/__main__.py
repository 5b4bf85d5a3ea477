"""`python -m flyball`: the command."""

from flyball.cli import main

main(prog_name="flyball")
