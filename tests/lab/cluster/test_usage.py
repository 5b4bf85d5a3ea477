import yaml

from flyball.lab.cluster import usage


def test_kwok_reports_nodes_pods_and_containers_in_the_words_of_a_kubelet() -> None:
    metric, _ = yaml.safe_load_all(usage.configuration())
    where = {"namespace": "pod.metadata.namespace", "pod": "pod.metadata.name"}
    container = {**where, "container": "container.name"}

    assert metric["kind"] == "Metric"
    assert metric["spec"]["path"] == "/metrics/nodes/{nodeName}/metrics/resource"
    found = {
        figure["name"]: (figure["kind"], figure["value"], {label["name"]: label["value"] for label in figure["labels"]})
        for figure in metric["spec"]["metrics"]
    }
    assert found == {
        "container_start_time_seconds": ("gauge", "pod.SinceSecond()", container),
        "node_cpu_usage_seconds_total": ("counter", 'node.CumulativeUsage("cpu")', {}),
        "node_memory_working_set_bytes": ("gauge", 'node.Usage("memory")', {}),
        "pod_cpu_usage_seconds_total": ("counter", 'pod.CumulativeUsage("cpu")', where),
        "pod_memory_working_set_bytes": ("gauge", 'pod.Usage("memory")', where),
        "container_cpu_usage_seconds_total": ("counter", 'pod.CumulativeUsage("cpu", container.name)', container),
        "container_memory_working_set_bytes": ("gauge", 'pod.Usage("memory", container.name)', container),
    }


def test_pods_use_what_their_annotations_say() -> None:
    _, of = yaml.safe_load_all(usage.configuration())

    assert of["kind"] == "ClusterResourceUsage"
    assert of["spec"]["usages"] == [
        {
            "usage": {
                "cpu": {
                    "expression": '"flyball.dev/usage-cpu" in pod.metadata.annotations'
                    ' ? Quantity(pod.metadata.annotations["flyball.dev/usage-cpu"]) : Quantity("1m")'
                },
                "memory": {
                    "expression": '"flyball.dev/usage-memory" in pod.metadata.annotations'
                    ' ? Quantity(pod.metadata.annotations["flyball.dev/usage-memory"]) : Quantity("1Mi")'
                },
            }
        }
    ]
