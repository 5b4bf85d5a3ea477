"""What services and jobs have in common: image, command, resources, user, and what is around the containers."""

from collections.abc import Iterator, Mapping
from typing import Any

from flyball import wellknown
from flyball.deploy.adopt import environment, volumes
from flyball.deploy.adopt.found import Manifest, mapping, maps
from flyball.deploy.adopt.notes import holds_secret
from flyball.deploy.adopt.work import Work, amount
from flyball.guards.fail_fast.container import check_image
from flyball.guards.workload import resolver
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
OF_CONTAINERS = {
    "terminationMessagePath": "what it writes there of its end is in its log alone",
    "terminationMessagePolicy": "the end of its log is not kept with its state",
}
_CONTAINER = {
    **OF_CONTAINERS,
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
_SPREAD = "pods are spread over nodes, and over zones where `survive: zone` says so, as the stack's zones are known"
_LEFT_BEHIND = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_TOLERATED = 300
"""Seconds for which pods stay on nodes of which that is said, where they say nothing
(https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions)."""
KNOWN_OF_CONTAINERS = (
    *("name", "image", "command", "args", "env", "envFrom", "ports", "resources", "volumeMounts", "securityContext"),
    *("livenessProbe", "readinessProbe", "startupProbe", "lifecycle"),
)
_DEFAULTS: Mapping[str, tuple[object, ...]] = {
    "imagePullPolicy": ("IfNotPresent",),
    "terminationMessagePath": ("/dev/termination-log",),
    "terminationMessagePolicy": ("File",),
}
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
    work.rest(told(work.container), KNOWN_OF_CONTAINERS, work.path, _CONTAINER)
    if unpinned(work):
        work.say("a question: which version; `plan` asks for a tag or a digest", "image")
    if work.pod.get("topologySpreadConstraints") and not work.item.is_ours:
        work.lose(f"{work.pod_path}.topologySpreadConstraints", _SPREAD)
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


def told(container: Manifest) -> Manifest:
    """A container without what Kubernetes writes of it where nobody says anything."""
    return {k: v for k, v in container.items() if v not in _DEFAULTS.get(k, ())}


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
    """What of its ports is not led to."""
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
            try:
                devices[key] = int(most.get(key, asked.get(key)))
            except ValueError:
                work.lose(f"{work.path}.resources ({key})", "is no whole number, in which a stack file counts devices")
        elif not work.item.is_ours:
            what = (
                "it follows from logs and scratch" if key == "ephemeral-storage" else "nothing in a stack file says it"
            )
            work.lose(f"{work.path}.resources ({key})", what)
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
        work.lose(_where(work, own, "runAsGroup"), "its group is the number of its user")
    if isinstance(user, int) and user > 0:
        return {"user": user} if user != _USER else {}
    if user == 0:
        work.lose(_where(work, own, "runAsUser"), f"it runs as root; here as user {_USER}")
    return {}


def _where(work: Work, own: Manifest, key: str) -> str:
    """The path of what the application's own context says, else that of its pod."""
    return f"{work.path if key in own else work.pod_path}.securityContext.{key}"


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
            elif _is_of_nodes(each):
                if each["key"] not in _LEFT_BEHIND or each.get("tolerationSeconds") != _TOLERATED:
                    work.lose(at, "of what a node says of itself it tolerates what every pod does, for as long")
            elif "tolerationSeconds" in each:
                work.lose(f"{at}.tolerationSeconds", "it stays for as long as it likes")
            if each.get("operator") not in (None, "Equal", "Exists"):
                work.lose(f"{at}.operator", "it tolerates the one value, or any")
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
    options = dict(_options(work, names))
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


def account_of(pod: Manifest) -> object:
    """The name of its service account, None where it says none."""
    return pod.get("serviceAccountName") or pod.get("serviceAccount")


def _options(work: Work, names: Manifest) -> Iterator[tuple[str, str]]:
    """Those of the pod's resolver that one knows."""
    for i, each in enumerate(maps(names.get("options"))):
        name, value = str(each.get("name")), str(each.get("value") or "")
        if next(resolver.check(name, value, ()), None):
            work.lose(f"{work.pod_path}.dnsConfig.options[{i}]", "resolvers pass over it, or take another number")
        else:
            yield name, value


def _account(work: Work) -> dict[str, Any]:
    name = account_of(work.pod)
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
    if name not in (None, "default", work.name) and not work.item.is_ours:
        loses = (
            f"its account here is {work.name}: what {name} may do elsewhere, as by a role of a cloud, that one may not"
        )
        work.lose(f"{work.pod_path}.serviceAccountName", loses)
    account = there.manifest.get("automountServiceAccountToken") if there else None
    said = work.pod.get("automountServiceAccountToken", account)
    token = said if work.item.is_ours or said is not None else bool(bound)
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
