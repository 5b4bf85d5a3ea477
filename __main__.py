"""One environment: reads the stack's configuration, refuses what would break a rule, and builds the rest."""

from flyball.stack.build import build
from flyball.stack.configuration import configured

build(configured())
