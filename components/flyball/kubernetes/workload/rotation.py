"""Beside an application that writes log files: logrotate, which looks as often as volume and rate ask for.

A native sidecar (https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/), so that it rotates from
before the first line until after the last. It runs as the application's user: another one may neither rename the
files nor send the signal. Three runs in a row that fail end it; it is started again, and that is seen where restarts
are.
"""

from flyball.guards.clean_up import retention
from flyball.guards.clean_up.retention import MI
from flyball.guards.clean_up.signals import SIGNALS
from flyball.guards.reading.units import Bytes
from flyball.guards.workload import file_logs
from flyball.guards.workload.file_logs import LogFiles, Writer
from flyball.guards.workload.init_containers import LOGROTATE
from flyball.guards.workload.spec import LOGS_VOLUME, ROTATION_VOLUME, Spec
from flyball.kubernetes.objects import Manifest, as_user, confined, requests_and_limits

NAME = LOGROTATE
FOLDER = "/run/rotation"
STATE: Bytes = 16 * MI
"""Of the volume with logrotate's configuration and state: a line for each file."""


def container(spec: Spec) -> Manifest | None:
    """The sidecar, None where it is not needed."""
    logs = spec.rotated
    if logs is None:
        return None
    return {
        "name": NAME,
        "image": logs.image,
        "imagePullPolicy": "IfNotPresent",
        "restartPolicy": "Always",
        "command": ["/bin/sh", "-c", script(logs)],
        "resources": requests_and_limits(file_logs.rotation(logs), retention.ephemeral_storage(1, [STATE])),
        "securityContext": {**confined(), **as_user(spec.user)},
        "volumeMounts": [
            {"name": LOGS_VOLUME, "mountPath": logs.path},
            {"name": ROTATION_VOLUME, "mountPath": FOLDER},
        ],
    }


def script(logs: LogFiles) -> str:
    """What the sidecar runs, for any POSIX shell."""
    return f"""\
umask 027
cat > {FOLDER}/conf <<'END'
{configuration(logs)}END
trap 'exit 0' TERM
failed=0
while :; do
  sleep {logs.interval // 1000} &
  if logrotate --state {FOLDER}/state {FOLDER}/conf; then failed=0; else failed=$((failed + 1)); fi
  [ $failed -lt 3 ] || exit 1
  wait
done
"""


def configuration(logs: LogFiles) -> str:
    """For logrotate(8): the new file is the application's as the old one was, and is never a copy."""
    limits = logs.limits
    told = _told(logs.writer) if logs.writer.process else ""
    return f"""\
{logs.path}/{logs.pattern} {{
  daily
  maxsize {limits.size}
  rotate {limits.files}
  maxage {limits.days}
  create
  nodateext
  missingok
  notifempty
  compress
  delaycompress
{told}}}
"""


def _told(writer: Writer) -> str:
    """Find the first process of that name, parent of the others, and tell it; one without a handler would end.

    A signal's bit in SigCgt says that there is one (proc_pid_status(5)). Looked at before anything is renamed: where
    nobody can be told, the log stays under its name, and each further look fails too. A renamed one would grow unseen.
    """
    bit = SIGNALS[writer.signal] - 1
    return f"""\
  sharedscripts
  prerotate
    writers=
    for process in /proc/[0-9]*; do
      name= parent= caught= above=
      while read -r key value rest; do
        case $key in Name:) name=$value ;; PPid:) parent=$value ;; SigCgt:) caught=$value ;; esac
      done 2>/dev/null < $process/status || continue
      [ "$name" = '{writer.process}' ] || continue
      read -r above 2>/dev/null < /proc/$parent/comm || :
      [ "$above" != "$name" ] || continue
      if [ $((0x${{caught#????????}} >> {bit} & 1)) = 0 ]; then
        echo "{writer.process} has no handler for {writer.signal}, which would end it" >&2
        exit 1
      fi
      writers="$writers ${{process#/proc/}}"
    done
    [ "$writers" ] || {{ echo "there is no process {writer.process} to be told to open its logs anew" >&2; exit 1; }}
    echo $writers > {FOLDER}/writers
  endscript
  postrotate
    read -r writers < {FOLDER}/writers
    kill -s {writer.signal} $writers
  endscript
"""
