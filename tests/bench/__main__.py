"""`make bench`: all measurements, one after another; each prints one table of medians and ratios."""

import subprocess
import sys

for bench in ("bench_register", "bench_command", "governor_latency", "bench_sidecar", "bench_hosts"):
    print(f"== {bench}", flush=True)
    subprocess.run([sys.executable, "-m", f"tests.bench.{bench}"], check=True)
