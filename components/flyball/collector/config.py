"""The OpenTelemetry Collector's configuration from the rules, for pods, drills and tests alike.

Each choice that is not the collector's own default was tried with files rotated as the kubelet does (renamed,
compressed, the oldest deleted), with the collector killed, and with a remote that was away; what it loses without:

- files that were rotated, compressed ones too: else what was rotated while the collector was down
- the path read by a pattern of our own: that of the `container` operator knows no compressed files, whose lines then
  have no pod
- the emitter of `GATES`: else what is in the receiver's own buffer when the collector is killed
- places in files, and the queue, on the node's disk: else all that waits when it is killed
- a queue that blocks when it is full: the files, of which the kubelet keeps several, are the larger buffer
- retries without end: else what waits for longer than five minutes
- lines that go on another one put together while they are read: what is put together later is in memory only, and
  counts as read

What no choice mends: a file that was compressed since it was last read is unpacked to where the collector was, and what
is left there of 32 KiB comes first. Where that is less than the record that it had not sent yet, and half a second has
passed since, the collector takes it for a line that is not finished and sends it (pkg/stanza/flush, 0.165.1): that one
record comes in two parts. To send no line before the next has come would do, and keep what a container said last.
"""

from dataclasses import dataclass
from typing import Any

from flyball.guards.clean_up.retention import MI
from flyball.guards.reading.address import join
from flyball.guards.workload.pipeline import BATCH, LIMIT_PERCENT, LINE, SOFT_PERCENT, Pipeline, Target
from flyball.guards.workload.spec import LOGS_VOLUME

NAMESPACE = "flyball-logs"
"""Of the collectors, whose own logs no one of them reads: each line would make another."""
GATES = "stanza.synchronousLogEmitter"
"""Feature gates of the collector."""
TOKEN, NODE_NAME = "FLYBALL_LOGS_TOKEN", "FLYBALL_NODE"
"""Variables of the collector's environment."""
OFFSETS, WAITING = "offsets", "queue"
"""Folders of what is kept on the node: how far each file was read, and what waits."""
EXPORTER = "otlp_http"
_FOREVER = "0s"
_CAUSE = "Caused by: "
"""How a line begins that goes on the one before, beside a tab and two spaces: stack traces of Java, Python, Go and
JavaScript."""
_PREFIX = r"\S+ std(?:out|err) [FP] "
"""Of each line as the container runtime writes it (https://github.com/kubernetes/design-proposals-archive/blob/main/
node/kubelet-cri-logging.md); P where the line goes on in the next one."""


@dataclass(frozen=True, slots=True)
class Node:
    """Where things are on a node, and where the collector listens."""

    logs: str = "/var/log/pods"
    volumes: str = "/var/lib/kubelet/pods"
    state: str = "/var/lib/flyball-logs"
    host: str = ""
    metrics: int = 8888
    health: int = 13133


def configuration(pipeline: Pipeline, node: Node | None = None) -> dict[str, Any]:
    """The configuration file's content; JSON is YAML."""
    node = node or Node()
    receivers = {
        "file_log/containers": _containers(pipeline, node),
        "file_log/volumes": _volumes(pipeline, node),
    }
    extensions = {
        "health_check": {"endpoint": join(node.host, node.health)},
        **{f"file_storage/{name}": _storage(f"{node.state}/{name}") for name in (OFFSETS, WAITING)},
    }
    pull = {"exporter": {"prometheus": {"host": node.host, "port": node.metrics}}}
    return {
        "extensions": extensions,
        "receivers": receivers,
        "processors": {"memory_limiter": _memory(pipeline)},
        "exporters": {EXPORTER: _exporter(pipeline)},
        "service": {
            "extensions": [*extensions],
            "telemetry": {"logs": {"encoding": "json"}, "metrics": {"readers": [{"pull": pull}]}},
            # The limiter first: what it refuses is tried again, and stays in its file meanwhile.
            "pipelines": {
                "logs": {"receivers": [*receivers], "processors": ["memory_limiter"], "exporters": [EXPORTER]}
            },
        },
    }


def _storage(folder: str) -> dict[str, Any]:
    """A damaged file is put aside, and the collector starts with an empty one rather than not at all.

    Compacting reads all of it, and so finds what is damaged at the start. Tried with pages of zeros, with one of other
    bits, and with the end missing; where that hits the root of the tree or more than half of the file, the collector
    ends, until the file is put aside (`mend`).
    """
    return {
        "directory": folder,
        "create_directory": True,
        "recreate": True,
        "compaction": {"directory": folder, "on_start": True, "on_rebound": True, "cleanup_on_start": True},
    }


def _memory(pipeline: Pipeline) -> dict[str, Any]:
    hard, soft = (pipeline.memory * percent // 100 // MI for percent in (LIMIT_PERCENT, SOFT_PERCENT))
    return {"check_interval": "1s", "limit_mib": hard, "spike_limit_mib": hard - soft}


def _exporter(pipeline: Pipeline) -> dict[str, Any]:
    target = pipeline.target
    return {
        **_address(target),
        **({"headers": {"Authorization": f"Bearer ${{env:{TOKEN}}}"}} if target.secret else {}),
        # A server that is slow takes what it was sent: given up too early, it would be sent again.
        "timeout": "30s",
        "retry_on_failure": {"initial_interval": "1s", "max_interval": "10s", "max_elapsed_time": _FOREVER},
        "sending_queue": {
            "storage": f"file_storage/{WAITING}",
            "sizer": "bytes",
            "queue_size": pipeline.queue,
            "block_on_overflow": True,
            # One after the other, in order: only one batch is on its way when the collector is killed.
            "num_consumers": 1,
            "batch": {"sizer": "items", "min_size": BATCH, "max_size": BATCH, "flush_timeout": "1s"},
        },
    }


def _address(target: Target) -> dict[str, Any]:
    """Logstash takes the same as JSON at any path (https://www.elastic.co/docs/reference/logstash/plugins/
    plugins-inputs-http)."""
    url = _literal(target.url)
    return {"logs_endpoint": url, "encoding": "json"} if target.logstash else {"endpoint": url.rstrip("/")}


def _receiver(node: Node) -> dict[str, Any]:
    """What the files of containers and of volumes have in common."""
    return {
        "start_at": "beginning",
        "include_file_name": False,
        "include_file_path": True,
        "compression": "auto",
        "storage": f"file_storage/{OFFSETS}",
        "max_log_size": LINE,
        "retry_on_failure": {"enabled": True, "max_elapsed_time": _FOREVER},
        "resource": {"k8s.node.name": f"${{env:{NODE_NAME}}}"},
    }


def _containers(pipeline: Pipeline, node: Node) -> dict[str, Any]:
    """What containers write to their standard output, as the container runtime puts it into files."""
    path = r"/(?P<namespace>[^_/]+)_(?P<pod>[^_/]+)_(?P<uid>[^_/]+)/(?P<container>[^/]+)/[0-9]+\.log[^/]*$"
    first = _literal(rf"^{_PREFIX}{_fresh()}")
    line = r"(?s)^(?P<time>\S+) (?P<stream>stdout|stderr) (?P<part>[FP]) ?(?P<text>.*)$"
    names = {"namespace": "k8s.namespace.name", "pod": "k8s.pod.name", "uid": "k8s.pod.uid"}
    return {
        **_receiver(node),
        "include": [f"{node.logs}/*/*/*.log*"],
        # What the kubelet is about to compress a file into is no file yet.
        "exclude": [f"{node.logs}/*/*/*.tmp", f"{node.logs}/{NAMESPACE}_*/*/*"],
        "multiline": {"line_start_pattern": first},
        "operators": [
            _parser("line", line, "body", "attributes")
            | {"timestamp": {"parse_from": "attributes.time", "layout_type": "gotime", "layout": _TIME}},
            _moved("attributes.text", "body"),
            {
                "type": "regex_replace",
                "id": "prefixes",
                "field": "body",
                "regex": rf"\n{_PREFIX}",
                "replace_with": "\n",
            },
            {
                "type": "recombine",
                "id": "parts",
                "combine_field": "body",
                "combine_with": "",
                "is_last_entry": 'attributes.part != "P"',
                "max_log_size": LINE,
            },
            _END,
            *_redacted(pipeline),
            _parser("path", path, 'attributes["log.file.path"]', "resource"),
            *(_moved(f"resource.{short}", f'resource["{long}"]') for short, long in names.items()),
            _moved("resource.container", 'resource["k8s.container.name"]'),
            _moved("attributes.stream", 'attributes["log.iostream"]'),
            *_removed("attributes.time", "attributes.part", 'attributes["log.file.path"]'),
        ],
    }


def _volumes(pipeline: Pipeline, node: Node) -> dict[str, Any]:
    """What applications write into files of their own; the kubelet's folders tell whose they are by the pod's uid."""
    path = rf"/(?P<uid>[^/]+)/volumes/kubernetes\.io~empty-dir/{LOGS_VOLUME}/(?P<file>[^/]+)$"
    return {
        **_receiver(node),
        "include": [f"{node.volumes}/*/volumes/kubernetes.io~empty-dir/{LOGS_VOLUME}/*"],
        "multiline": {"line_start_pattern": _literal(f"^{_fresh()}")},
        "operators": [
            _END,
            *_redacted(pipeline),
            _parser("path", path, 'attributes["log.file.path"]', "resource"),
            _moved("resource.uid", 'resource["k8s.pod.uid"]'),
            _moved("resource.file", 'attributes["log.file.name"]'),
            *_removed('attributes["log.file.path"]'),
        ],
    }


_TIME = "2006-01-02T15:04:05.999999999Z07:00"
_END: dict[str, Any] = {"type": "regex_replace", "id": "end", "field": "body", "regex": r"\n+\z", "replace_with": ""}
"""The last line of a compressed file comes with its end."""


def _parser(name: str, pattern: str, source: str, to: str) -> dict[str, Any]:
    """A line that is unlike what was expected goes on as it is."""
    found = {"type": "regex_parser", "id": name, "regex": _literal(pattern), "parse_from": source, "parse_to": to}
    return {**found, "on_error": "send_quiet", **({"cache": {"size": 256}} if name == "path" else {})}


def _moved(source: str, to: str) -> dict[str, Any]:
    return {"type": "move", "id": f"to {to}", "from": source, "to": to, "on_error": "send_quiet"}


def _removed(*fields: str) -> list[dict[str, Any]]:
    return [{"type": "remove", "id": f"less {each}", "field": each, "on_error": "send_quiet"} for each in fields]


def _redacted(pipeline: Pipeline) -> list[dict[str, Any]]:
    """Of whole lines, before anything is written to the queue."""
    return [
        {
            "type": "regex_replace",
            "id": f"redact {number}",
            "field": "body",
            "regex": _literal(pattern),
            "replace_with": "[redacted]",
        }
        for number, pattern in enumerate(pipeline.redact)
    ]


def _literal(text: str) -> str:
    """What the collector does not take for a variable of its environment."""
    return text.replace("$", "$$")


def _fresh() -> str:
    """A pattern for how a line begins that goes on no other; RE2 cannot look ahead."""
    differs = "|".join(rf"{_CAUSE[:i]}(?:[^\n{_CAUSE[i]}]|$)" for i in range(1, len(_CAUSE)))
    return rf"(?:[^\t\n C]| (?:[^ \n]|$)|{differs}|$)"
