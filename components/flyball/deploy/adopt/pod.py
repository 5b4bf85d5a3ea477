"""What services and jobs have in common: image, command, resources, user, and what is around the containers."""

from contextlib import suppress
from typing import Any

from flyball import wellknown
from flyball.deploy.adopt import environment, volumes
from flyball.deploy.adopt.found import Manifest, mapping, maps
from flyball.deploy.adopt.notes import holds_secret
from flyball.deploy.adopt.work import Work, amount
from flyball.guards.fail_fast.container import check_image
from flyball.guards.workload.pod import CAPABILITIES

_USER = 65_532
_POD = {
    "hostNetwork": "its pods are in the node's network; here each has its own",
    "hostPID": "it sees the node's processes",
    "hostIPC": "it shares the node's memory segments",
    "shareProcessNamespace": "its containers do not see each other's processes",
    "schedulerName": "the cluster's own scheduler places it",
    "affinity": "pods are spread by what they must survive; nodes are chosen by nodes.labels",
    "subdomain": "its pods have no names of their own",
    "hostname": "its pods have no names of their own",
}
_CONTAINER = {
    "workingDir": "it starts in the image's own folder",
    "lifecycle": "hooks other than a wait are not run",
    "resizePolicy": "it is restarted for other resources",
    "stdin": "nobody can type into it",
    "tty": "nobody can type into it",
    "imagePullPolicy": "an image that the node has is not pulled again",
}
_HELD_ANYWAY = (
    *("containers", "initContainers", "volumes", "restartPolicy", "dnsPolicy", "enableServiceLinks", "priority"),
    *("preemptionPolicy", "topologySpreadConstraints", "terminationGracePeriodSeconds", "securityContext"),
    *("serviceAccountName", "serviceAccount", "automountServiceAccountToken", "imagePullSecrets", "nodeSelector"),
    *("tolerations", "hostAliases", "dnsConfig", "runtimeClassName", "priorityClassName"),
)
KNOWN_OF_CONTAINERS = (
    *("name", "image", "command", "args", "env", "envFrom", "ports", "resources", "volumeMounts", "securityContext"),
    *("livenessProbe", "readinessProbe", "startupProbe", "terminationMessagePath"),
    *("terminationMessagePolicy", "lifecycle"),
)
_RESERVED_LABELS = (wellknown.NAME_LABEL, wellknown.MANAGED_BY_LABEL, "pod-template-hash", "controller-revision-hash")
_RESERVED = ("flyball.dev/", "kubectl.kubernetes.io/", "prometheus.io/", "kube-score/", "batch.kubernetes.io/")
_LINUX = {f"{prefix}kubernetes.io/os": "linux" for prefix in ("", "beta.")}


def describe(work: Work) -> dict[str, Any]:
    """The arguments of a pod and its application, but for ports, probes and all that is about replicas."""
    _others(work)
    _silent(work)
    plain = {"schedulerName": None} if work.pod.get("schedulerName") == "default-scheduler" else {}
    if work.item.is_ours:
        plain["affinity"] = None
    plain |= {"os": None} if mapping(work.pod.get("os")).get("name") == "linux" else {}
    work.rest({**work.pod, **plain}, _HELD_ANYWAY, work.pod_path, _POD)
    pulled = work.container.get("imagePullPolicy")
    work.rest(
        {**work.container, "imagePullPolicy": pulled if pulled != "IfNotPresent" else None},
        KNOWN_OF_CONTAINERS,
        work.path,
        _CONTAINER,
    )
    if unpinned(work):
        work.say("a question: which version; `plan` asks for a tag or a digest", "image")
    if "topologySpreadConstraints" in work.pod and not work.item.is_ours:
        work.say("is spread over nodes, and over zones where `survive: zone` says so, as the stack's zones are known")
    return {
        "image": work.container["image"],
        **words(work),
        **environment.describe(work),
        **volumes.describe(work),
        **resources(work),
        **_security(work),
        **_surroundings(work),
        **_account(work),
        **_marks(work),
    }


def unpinned(work: Work) -> bool:
    """Whether its image may be another one tomorrow."""
    return any(check_image(str(work.container.get("image")), ()))


def _silent(work: Work) -> None:
    """Say what becomes of that of which the manifest says nothing."""
    if work.item.is_ours:
        return
    asked = mapping(work.container.get("resources"))
    own, around = mapping(work.container.get("securityContext")), mapping(work.pod.get("securityContext"))
    names = {**mapping(asked.get("limits")), **mapping(asked.get("requests"))}
    open_ = [f"no {key}" for key in ("cpu", "memory") if key not in names]
    open_ += [] if "runAsUser" in {**around, **own} else ["no user"]
    open_ += [] if own.get("readOnlyRootFilesystem") else ["not that its root is only read"]
    if open_:
        user = f"; `user` is {_USER} then, so give the one that the image is made for" if "no user" in open_ else ""
        work.say(f"says {', '.join(open_)}, and has the defaults{user}", "image")


def _others(work: Work) -> None:
    for i, each in enumerate(maps(work.container.get("ports"))):
        if each.get("hostPort"):
            work.lose(f"{work.path}.ports[{i}].hostPort", "it is not reached at a port of its node")


def words(work: Work) -> dict[str, Any]:
    """`command` and `arguments`."""
    found: dict[str, Any] = {}
    for key, ours in (("command", "command"), ("args", "arguments")):
        given = [str(word) for word in work.container.get(key) or []]
        if given and holds_secret(given):
            work.lose(
                f"{work.path}.{key}", "has what looks like a secret, and stays out; take it from a variable in refs"
            )
        elif given:
            found[ours] = given
    return found


def resources(work: Work) -> dict[str, Any]:
    """`resources` and `devices`, as far as they are said."""
    given = mapping(work.container.get("resources"))
    asked, most = mapping(given.get("requests")), mapping(given.get("limits"))
    work.rest(given, ("requests", "limits"), f"{work.path}.resources", {"claims": "no device is claimed"})
    found: dict[str, Any] = {}
    devices: dict[str, int] = {}
    limits: dict[str, str] = {}
    for key in sorted({*asked, *most}):
        if key in ("cpu", "memory"):
            want, limit = asked.get(key, most.get(key)), most.get(key)
            show = amount if key == "memory" else str
            found[key] = show(want)
            if limit is not None:
                limits[key] = show(limit)
        elif "/" in key:
            with suppress(ValueError):
                devices[key] = int(most.get(key, asked.get(key)))
        elif key != "ephemeral-storage":
            work.lose(f"{work.path}.resources ({key})", "nothing in a stack file says it")
    return {
        **({"resources": {**found, **({"limits": limits} if limits else {})}} if found else {}),
        **({"devices": devices} if devices else {}),
    }


def _security(work: Work) -> dict[str, Any]:
    own, around = mapping(work.container.get("securityContext")), mapping(work.pod.get("securityContext"))
    added = [str(each) for each in mapping(own.get("capabilities")).get("add") or []]
    kept = [each for each in added if each in CAPABILITIES]
    for each in added:
        if each not in CAPABILITIES:
            work.lose(f"{work.path}.securityContext.capabilities.add", f"{each} is more than a restricted pod may have")
    if not work.item.is_ours:
        confined(work, own, around)
    if own.get("privileged"):
        work.lose(f"{work.path}.securityContext.privileged", "it has the node's rights; here it has none of them")
    return _user(work, own, around) | ({"capabilities": kept} if kept else {})


_PROFILE = "the container runtime's own profile says what it may ask of the kernel"
_AROUND = {"fsGroup": "its volumes are of the group of its user"}
_UNCONFINED = {
    "allowPrivilegeEscalation": "it never gets more rights than it began with",
    "appArmorProfile": _PROFILE,
    "procMount": "what /proc hides stays hidden",
}


def confined(work: Work, own: Manifest, around: Manifest) -> None:
    """Say what a pod of a stack may not do, or is set to otherwise."""
    user = own.get("runAsUser", around.get("runAsUser"))
    pod, container = (
        {k: v for k, v in given.items() if k != "seccompProfile" or mapping(v).get("type") != "RuntimeDefault"}
        for given in (around, own)
    )
    if pod.get("fsGroup") == user:
        pod["fsGroup"] = None
    words = {**_UNCONFINED, "seccompProfile": _PROFILE}
    ids = ("runAsUser", "runAsGroup", "runAsNonRoot")
    at = f"{work.pod_path}.securityContext"
    work.rest(pod, (*ids, "fsGroupChangePolicy"), at, {**words, **_AROUND})
    known = (*ids, "capabilities", "privileged", "readOnlyRootFilesystem")
    work.rest(container, known, f"{work.path}.securityContext", words)


def _user(work: Work, own: Manifest, around: Manifest) -> dict[str, Any]:
    user = own.get("runAsUser", around.get("runAsUser"))
    group = own.get("runAsGroup", around.get("runAsGroup"))
    if group not in (None, user):
        work.lose(f"{work.path}.securityContext.runAsGroup", "its group is the number of its user")
    if isinstance(user, int) and user > 0:
        return {"user": user} if user != _USER else {}
    if user == 0:
        work.lose(f"{work.path}.securityContext.runAsUser", f"it runs as root; here as user {_USER}")
    return {}


def _is_of_nodes(toleration: Manifest) -> bool:
    """Whether it is of what the cluster itself says of a node, as that it is not ready."""
    return str(toleration["key"]).startswith("node.kubernetes.io/")


def _surroundings(work: Work) -> dict[str, Any]:
    pod = work.pod
    labels = {k: str(v) for k, v in mapping(pod.get("nodeSelector")).items() if (k, v) not in _LINUX.items()}
    if not work.item.is_ours:
        for i, each in enumerate(maps(pod.get("tolerations"))):
            at = f"{work.pod_path}.tolerations[{i}]"
            if not each.get("key"):
                work.lose(at, "it runs on nodes with any taint; here on those whose taints are named")
            elif "tolerationSeconds" in each and not _is_of_nodes(each):
                work.lose(f"{at}.tolerationSeconds", "it stays for as long as it likes")
        if pod.get("dnsPolicy") not in (None, "ClusterFirst", "ClusterFirstWithHostNet"):
            work.lose(f"{work.pod_path}.dnsPolicy", "it asks the cluster's names")
    taints = [
        {k: str(each[k]) for k in ("key", "value", "effect") if each.get(k)}
        for each in maps(pod.get("tolerations"))
        if each.get("key") and not _is_of_nodes(each)
    ]
    nodes = {
        **({"labels": labels} if labels else {}),
        **({"tolerations": taints} if taints and not work.item.is_ours else {}),
    }
    names = mapping(pod.get("dnsConfig"))
    options = {str(each.get("name")): str(each.get("value") or "") for each in maps(names.get("options"))}
    dns = {
        **({"options": options} if options else {}),
        **({"searches": names["searches"]} if names.get("searches") else {}),
    }
    if names.get("nameservers"):
        work.lose(f"{work.pod_path}.dnsConfig.nameservers", "whom it asks for names is said of the platform, dns")
    hosts = {
        str(each.get("ip")): list(each.get("hostnames") or [])
        for each in maps(pod.get("hostAliases"))
        if not (work.item.is_ours and str(each.get("ip")).startswith("127."))
    }
    priority = pod.get("priorityClassName")
    return {
        **({"nodes": nodes} if nodes else {}),
        **({"dns": dns} if dns else {}),
        **({"hosts": hosts} if hosts else {}),
        **({"runtime": pod["runtimeClassName"]} if pod.get("runtimeClassName") else {}),
        **({"priority": priority} if priority and not str(priority).startswith("flyball") else {}),
    }


def _account(work: Work) -> dict[str, Any]:
    name = work.pod.get("serviceAccountName") or work.pod.get("serviceAccount")
    there = work.found.get("ServiceAccount", name) if name else None
    notes = (
        {
            key: str(value)
            for key, value in mapping(mapping(there.manifest.get("metadata")).get("annotations")).items()
            if not key.startswith(_RESERVED)
        }
        if there
        else {}
    )
    bound = [each for each in work.found.of("RoleBinding", "ClusterRoleBinding") if _names(each.manifest, name)]
    for each in bound:
        work.lose(
            f"{work.pod_path}.serviceAccountName", f"{each} is for {name}; bind it to {work.name}, its own account here"
        )
    token = work.pod.get("automountServiceAccountToken") if work.item.is_ours else bool(bound)
    return {**({"account": {"annotations": notes}} if notes else {}), **({"token": True} if token else {})}


def _names(binding: Manifest, account: object) -> bool:
    return any(
        each.get("kind") == "ServiceAccount" and each.get("name") == account for each in maps(binding.get("subjects"))
    )


def _marks(work: Work) -> dict[str, Any]:
    """Labels and annotations of the pods that are not flyball's to set."""
    given = mapping(work.template.get("metadata"))
    labels = {
        k: str(v)
        for k, v in mapping(given.get("labels")).items()
        if k not in _RESERVED_LABELS and not k.startswith(_RESERVED)
    }
    annotations = {
        k: str(v)
        for k, v in mapping(given.get("annotations")).items()
        if not k.startswith(_RESERVED) and k != wellknown.SAFE_TO_EVICT_VOLUMES
    }
    return {**({"labels": labels} if labels else {}), **({"annotations": annotations} if annotations else {})}
