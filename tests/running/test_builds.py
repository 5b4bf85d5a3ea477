"""What is built in the background yields to tests."""

import os

from tests.running.builds import NICE, building


def test_builds_yield_where_the_kernel_weighs_processes_and_not_sessions() -> None:
    with building() as process:
        own = os.getpriority(os.PRIO_PROCESS, 0)
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == min(own + NICE, 19)
