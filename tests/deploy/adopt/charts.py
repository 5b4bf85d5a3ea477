"""Manifests as charts write them, in all that they may say."""

from typing import Any

from hypothesis import strategies as st

Manifest = dict[str, Any]
SPACE = "made"


def one(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


@st.composite
def some(draw: st.DrawFn, **keys: st.SearchStrategy[Any]) -> Manifest:
    """A map with any of the keys."""
    chosen = draw(st.sets(st.sampled_from(sorted(keys)))) if keys else set[str]()
    return {key: draw(keys[key]) for key in sorted(chosen)}


quantities = some(
    requests=some(cpu=one("100m", 1, "0.25"), memory=one("128Mi", "1.5Gi", "512M", 268435456)),
    limits=some(memory=one("2Gi", "2e9"), **{"ephemeral-storage": one("1Gi"), "hugepages-2Mi": one("4Mi")}),
)
asks = st.one_of(
    st.builds(lambda port, path: {"httpGet": {"port": port, "path": path}}, one("http", 8080, "gone"), one("/", "/up")),
    one({"httpGet": {"port": "http", "scheme": "HTTPS", "httpHeaders": [{"name": "Host", "value": "a"}]}}),
    one({"tcpSocket": {"port": "http"}}, {"grpc": {"port": 8080, "service": "shop"}}, {"exec": {"command": ["up"]}}),
)
probes = st.builds(
    dict.__or__,
    asks,
    some(
        initialDelaySeconds=one(0, 5, 900),
        periodSeconds=one(1, 10, 60),
        timeoutSeconds=one(1, 30),
        failureThreshold=one(1, 30),
        successThreshold=one(1, 2),
        terminationGracePeriodSeconds=one(10),
    ),
)
hooks = some(
    preStop=one({"sleep": {"seconds": 10}}, {"exec": {"command": ["sleep", "15"]}}, {"httpGet": {"port": "http"}}),
    postStart=one({"exec": {"command": ["warm"]}}),
)
contexts = some(
    runAsUser=one(0, 999, 1001),
    runAsGroup=one(0, 1001),
    runAsNonRoot=st.booleans(),
    readOnlyRootFilesystem=st.booleans(),
    allowPrivilegeEscalation=st.booleans(),
    privileged=st.booleans(),
    capabilities=one({"drop": ["ALL"]}, {"add": ["NET_BIND_SERVICE", "SYS_ADMIN"], "drop": ["ALL"]}),
    seccompProfile=one({"type": "RuntimeDefault"}, {"type": "Unconfined"}),
)
variables = st.lists(
    one(
        {"name": "DB_HOST", "value": "db"},
        {"name": "DB_PORT", "value": "5432"},
        {"name": "API_URL", "value": "http://api.made.svc.cluster.local:80/v1"},
        {"name": "PEERS", "value": "db-0.db-headless:5432,db-1.db-headless:5432"},
        {"name": "STORE_URL", "value": "https://store/bucket"},
        {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "LIMIT", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}},
        {"name": "LEVEL", "valueFrom": {"configMapKeyRef": {"name": "config", "key": "level", "optional": True}}},
        {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}},
    ),
    max_size=4,
    unique_by=lambda each: str(each["name"]),
)
whole = st.lists(
    one(
        {"configMapRef": {"name": "config"}},
        {"prefix": "X_", "configMapRef": {"name": "gone", "optional": True}},
        {"secretRef": {"name": "login"}},
        {"prefix": "S_", "secretRef": {"name": "login", "optional": True}},
    ),
    max_size=2,
)
projected = {
    "projected": {
        "defaultMode": 0o440,
        "sources": [
            {"configMap": {"name": "config"}},
            {"secret": {"name": "login", "items": [{"key": "password", "path": "a/b", "mode": 0o400}]}},
            {"downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
            {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}},
        ],
    }
}
volumes = st.lists(
    one(
        {"name": "tmp", "emptyDir": {}},
        {"name": "all", **projected},
        {"name": "config", "configMap": {"name": "config", "defaultMode": 0o755}},
        {"name": "login", "secret": {"secretName": "login", "optional": True}},
        {"name": "node", "hostPath": {"path": "/var/log", "type": "Directory"}},
        {"name": "own", "ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"]}}}},
        {"name": "kept", "persistentVolumeClaim": {"claimName": "kept"}},
    ),
    max_size=4,
    unique_by=lambda each: str(each["name"]),
)
PATHS = {"tmp": "/tmp", "all": "/etc/all", "config": "/etc/app", "login": "/run/login", "node": "/node", "own": "/own"}


@st.composite
def containers(draw: st.DrawFn, name: str, mounted: list[str], ports: list[Manifest]) -> Manifest:
    mounts = [{"name": each, "mountPath": PATHS.get(each, f"/data/{each}")} for each in mounted if draw(st.booleans())]
    for each in mounts:
        each |= draw(some(readOnly=one(True), subPath=one("level")))
    return {
        "name": name,
        "image": draw(one(f"registry.example/{name}:1.0", f"{name}@sha256:{'0' * 64}")),
        **draw(
            some(
                command=one(["/bin/sh", "-c", "exec run --store https://store:443/x"]),
                args=one(["--listen=:8080"]),
                env=variables,
                envFrom=whole,
                resources=quantities,
                securityContext=contexts,
                lifecycle=hooks,
                imagePullPolicy=one("IfNotPresent", "Always"),
                terminationMessagePolicy=one("FallbackToLogsOnError"),
                workingDir=one("/srv"),
            )
        ),
        **({"ports": ports} if ports else {}),
        **({"volumeMounts": mounts} if mounts else {}),
        **draw(some(livenessProbe=probes, readinessProbe=probes, startupProbe=probes)),
    }


PORTS: list[Manifest] = [
    {"name": "http", "containerPort": 8080, "protocol": "TCP"},
    {"name": "metrics", "containerPort": 9100},
    {"name": "dns", "containerPort": 5353, "protocol": "UDP"},
]


@st.composite
def pods(draw: st.DrawFn, name: str, claims: list[str]) -> Manifest:
    around = draw(volumes)
    mounted = [*[str(each["name"]) for each in around], *claims]
    own = draw(one([], PORTS[:1], PORTS))
    before = [draw(containers(each, mounted, [])) for each in draw(one([], ["wait"], ["wait", "copy"]))]
    for each in before:
        if draw(st.booleans()):
            each["restartPolicy"] = "Always"
            each["ports"] = [{"name": "admin", "containerPort": 15000 + len(each["name"])}]
        else:
            for key in ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle"):
                each.pop(key, None)
    beside = draw(one([], ["exporter"]))
    return {
        "containers": [
            draw(containers(name, mounted, [dict(each) for each in own])),
            *[draw(containers(each, mounted, [{"name": "figures", "containerPort": 9187}])) for each in beside],
        ],
        **({"initContainers": before} if before else {}),
        **({"volumes": around} if around else {}),
        **draw(
            some(
                terminationGracePeriodSeconds=one(0, 10, 90, 3600),
                securityContext=some(fsGroup=one(1001), runAsUser=one(1001), supplementalGroups=one([5])),
                hostNetwork=one(True),
                dnsPolicy=one("ClusterFirstWithHostNet", "None"),
                nodeSelector=one({"kubernetes.io/os": "linux", "disk": "ssd"}),
                tolerations=one([{"operator": "Exists"}], [{"key": "team", "operator": "Exists"}]),
                affinity=one({"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}),
                serviceAccountName=one("default", "runner"),
                automountServiceAccountToken=st.booleans(),
                priorityClassName=one("high"),
                imagePullSecrets=one([{"name": "pull"}]),
                shareProcessNamespace=one(True),
                enableServiceLinks=one(False),
            )
        ),
    }


def labels(name: str) -> Manifest:
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": "r", "helm.sh/chart": f"{name}-1.0"}


def chosen(name: str) -> Manifest:
    return {key: value for key, value in labels(name).items() if key != "helm.sh/chart"}


def manifest(kind: str, name: str, spec: Manifest, **meta: Any) -> Manifest:
    version = {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "CronJob": "batch/v1", "Job": "batch/v1"}
    head = {"name": name, "namespace": SPACE, "labels": labels(name), **meta}
    return {"apiVersion": version.get(kind, "v1"), "kind": kind, "metadata": head, "spec": spec}


@st.composite
def templates(draw: st.DrawFn, name: str, claims: list[str]) -> Manifest:
    notes = draw(
        some(
            **{
                "checksum/config": one("0123"),
                "prometheus.io/scrape": one("true", "false"),
                "prometheus.io/port": one("9100", "http"),
                "prometheus.io/path": one("/figures"),
            }
        )
    )
    return {"metadata": {"labels": labels(name), "annotations": notes}, "spec": draw(pods(name, claims))}


@st.composite
def deployments(draw: st.DrawFn) -> list[Manifest]:
    spec = draw(
        some(
            replicas=one(0, 1, 3),
            minReadySeconds=one(0, 5, 30),
            progressDeadlineSeconds=one(60, 900),
            revisionHistoryLimit=one(0, 10),
            strategy=one(
                {"type": "Recreate"},
                {"rollingUpdate": {"maxSurge": "100%", "maxUnavailable": 1}},
                {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "25%"}},
            ),
        )
    )
    spec |= {"selector": {"matchLabels": chosen("api")}, "template": draw(templates("api", []))}
    ports = draw(
        one(
            [{"port": 80, "targetPort": "http"}],
            [{"name": "http", "port": 80, "targetPort": "http"}, {"name": "metrics", "port": 9100}],
            [{"name": "https", "port": 443, "targetPort": "gone"}, {"name": "http", "port": 80, "targetPort": 8080}],
            [{"name": "dns", "port": 53, "protocol": "UDP", "targetPort": "dns"}, {"name": "http", "port": 8080}],
        )
    )
    kind = draw(one({}, {"type": "NodePort"}, {"type": "LoadBalancer", "externalTrafficPolicy": "Local"}))
    service = manifest("Service", "api", {"selector": chosen("api"), "ports": ports, **kind})
    return [manifest("Deployment", draw(one("api", "r-api")), spec), *([service] if draw(st.booleans()) else [])]


@st.composite
def claims_of(draw: st.DrawFn, name: str) -> Manifest:
    asked = draw(
        one({}, {"resources": {"requests": {"storage": "8Gi"}}}, {"resources": {"requests": {"storage": 1073741824}}})
    )
    more = draw(some(storageClassName=one("", "fast"), accessModes=one(["ReadWriteOnce"], ["ReadWriteMany"])))
    return {"metadata": {"name": name}, "spec": {**asked, **more}}


@st.composite
def stateful_sets(draw: st.DrawFn) -> list[Manifest]:
    claims = draw(one([], ["data"], ["data", "wal"]))
    spec = draw(
        some(
            replicas=one(1, 2, 3),
            podManagementPolicy=one("Parallel"),
            updateStrategy=one({"type": "OnDelete"}, {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}),
            persistentVolumeClaimRetentionPolicy=one({"whenDeleted": "Delete", "whenScaled": "Retain"}),
            minReadySeconds=one(10),
        )
    )
    spec |= {"serviceName": "db-headless", "selector": {"matchLabels": chosen("db")}}
    spec |= {"template": draw(templates("db", claims)), "volumeClaimTemplates": [draw(claims_of(n)) for n in claims]}
    ports = [{"name": "tcp-db", "port": 5432, "targetPort": "http"}]
    headless = {"selector": chosen("db"), "clusterIP": "None", "publishNotReadyAddresses": True, "ports": ports}
    found = [manifest("StatefulSet", "db", spec), manifest("Service", "db-headless", headless)]
    return [*found, *draw(one([], [manifest("Service", "db", {"selector": chosen("db"), "ports": ports})]))]


@st.composite
def runs(draw: st.DrawFn) -> list[Manifest]:
    job = draw(
        some(
            activeDeadlineSeconds=one(30, 600, 100000),
            backoffLimit=one(0, 6, 50),
            ttlSecondsAfterFinished=one(0, 100),
            parallelism=one(1, 4),
            completions=one(1, 4),
            completionMode=one("Indexed", "NonIndexed"),
            podFailurePolicy=one({"rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}]}),
        )
    )
    template = draw(templates("tick", []))
    template["spec"]["restartPolicy"] = draw(one("Never", "OnFailure"))
    job |= {"template": template}
    if draw(st.booleans()):
        return [manifest("Job", "tick", job, annotations={"helm.sh/hook": "pre-upgrade"})]
    spec = draw(
        some(
            concurrencyPolicy=one("Allow", "Forbid", "Replace"),
            startingDeadlineSeconds=one(1, 200, 100000),
            successfulJobsHistoryLimit=one(0, 5),
            failedJobsHistoryLimit=one(1),
            suspend=st.booleans(),
            timeZone=one("Etc/UTC", "Europe/Berlin"),
        )
    )
    schedule = draw(one("@daily", "*/10 * * * *", "0 2 * * 1-5", "30 1 1 1,7 *", "CRON_TZ=UTC 0 4 * * *"))
    return [manifest("CronJob", "tick", {**spec, "schedule": schedule, "jobTemplate": {"spec": job}})]


scalers = st.lists(
    one(
        {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}},
        {"type": "Resource", "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}}},
        {
            "type": "ContainerResource",
            "containerResource": {"name": "cpu", "container": "api", "target": {"type": "Utilization"}},
        },
        {
            "type": "Pods",
            "pods": {
                "metric": {"name": "http_requests_per_second"},
                "target": {"type": "AverageValue", "averageValue": "1500m"},
            },
        },
        {
            "type": "External",
            "external": {"metric": {"name": "queue_length"}, "target": {"type": "Value", "value": "30"}},
        },
    ),
    max_size=3,
)


@st.composite
def charts(draw: st.DrawFn) -> list[Manifest]:
    found = draw(deployments())
    if draw(st.booleans()):
        of = {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": found[0]["metadata"]["name"]}}
        sizes = {"maxReplicas": draw(one(1, 2, 10)), **draw(some(minReplicas=one(0, 1, 2), metrics=scalers))}
        found.append(manifest("HorizontalPodAutoscaler", "api", {**of, **sizes}))
    if draw(st.booleans()):
        found.append(manifest("PodDisruptionBudget", "api", {"minAvailable": 1, "selector": {}}))
    found += draw(stateful_sets()) if draw(st.booleans()) else []
    found += draw(runs()) if draw(st.booleans()) else []
    config = manifest("ConfigMap", "config", {}) | {"data": {"level": "info", "a.yaml": "x: {{ y }}\n"}}
    store = manifest("Service", "store", {"type": "ExternalName", "externalName": "store.example.com"})
    claim = manifest("PersistentVolumeClaim", "kept", {"resources": {"requests": {"storage": "2Gi"}}})
    return [*found, config, *draw(one([], [store], [store, claim]))]
