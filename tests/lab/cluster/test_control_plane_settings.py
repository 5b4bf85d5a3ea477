from pathlib import Path

import pytest

from flyball.lab import ports
from flyball.lab.cluster import control_plane as planes
from flyball.lab.cluster.errors import ControlPlaneError
from flyball.lab.cluster.nodes import NodeGroup
from flyball.lab.cluster.settings import Options, configured, fingerprint_of, for_servers, with_ports

PROGRAMS = {name: Path(f"/bin-of/{name}") for name in planes.PROGRAMS}
ALONE = {"key": "leader-elect", "value": "false"}
"""Nobody stands by to lead in its place: a machine that stands still for ten seconds must end nothing."""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "flyball"


def test_kwokctl_gets_our_programs_and_the_loopback_address() -> None:
    assert configured(PROGRAMS, Options()) == {
        "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
        "kind": "KwokctlConfiguration",
        "options": {
            "runtime": "binary",
            "bindAddress": "127.0.0.1",
            "kubeApiserverPort": 0,
            "kubeApiserverCertSANs": ["keda-metrics-apiserver.keda.svc", "metrics-server.kube-system.svc"],
            "disableQPSLimits": True,
            "etcdBinary": "/bin-of/etcd",
            "kubeApiserverBinary": "/bin-of/kube-apiserver",
            "kubeControllerManagerBinary": "/bin-of/kube-controller-manager",
            "kubeSchedulerBinary": "/bin-of/kube-scheduler",
            "kwokControllerBinary": "/bin-of/kwok",
            "kubectlBinary": "/bin-of/kubectl",
        },
        "componentsPatches": [
            {"name": "etcd", "extraArgs": [{"key": "unsafe-no-fsync", "value": "true"}]},
            {
                "name": "kube-apiserver",
                "extraArgs": [
                    {"key": "advertise-address", "value": "127.0.0.1"},
                    {"key": "endpoint-reconciler-type", "value": "none"},
                    {"key": "service-cluster-ip-range", "value": "10.0.0.0/16"},
                ],
            },
            {
                "name": "kube-controller-manager",
                "extraArgs": [
                    ALONE,
                    {"key": "use-service-account-credentials", "value": "true"},
                    {"key": "controllers", "value": "*,-validatingadmissionpolicy-status-controller"},
                ],
            },
            {"name": "kube-scheduler", "extraArgs": [ALONE]},
        ],
    }


def test_extra_flags_names_and_port_reach_kwokctl() -> None:
    options = Options(
        flags={
            "kube-apiserver": {"v": "2"},
            "kube-controller-manager": {"horizontal-pod-autoscaler-sync-period": "5s"},
        },
        names=("metrics.example.svc",),
        port=6443,
    )

    settings = configured(PROGRAMS, options)

    assert settings["options"]["kubeApiserverCertSANs"][2:] == ["metrics.example.svc"]
    assert settings["options"]["kubeApiserverPort"] == 6443
    flags = {patch["name"]: patch["extraArgs"] for patch in settings["componentsPatches"]}
    assert flags["kube-apiserver"][-1] == {"key": "v", "value": "2"}
    assert flags["kube-controller-manager"] == [
        ALONE,
        {"key": "use-service-account-credentials", "value": "true"},
        {"key": "controllers", "value": "*,-validatingadmissionpolicy-status-controller"},
        {"key": "horizontal-pod-autoscaler-sync-period", "value": "5s"},
    ]


def test_further_servers_are_told_who_is_asking_and_find_what_pods_use() -> None:
    folder = Path("/clusters/shop")

    settings = for_servers(configured(PROGRAMS, Options(flags={"kwok-controller": {"v": "2"}})), folder)

    patches = settings["componentsPatches"]
    assert [patch["name"] for patch in patches[4:]] == [
        *("kwok-controller", "kube-apiserver", "kwok-controller"),
        *("kube-controller-manager", "kube-scheduler"),
    ]
    assert patches[4]["extraArgs"] == [{"key": "v", "value": "2"}]
    assert {arg["key"]: arg["value"] for arg in patches[5]["extraArgs"]} == {
        "requestheader-client-ca-file": "/clusters/shop/pki/ca.crt",
        "requestheader-allowed-names": "kwok-admin",
        "requestheader-username-headers": "X-Remote-User",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
    }
    assert patches[6]["extraArgs"] == [{"key": "config", "value": "/clusters/shop/usage.yaml"}]
    certificate = [
        {"key": "tls-cert-file", "value": "/clusters/shop/pki/admin.crt"},
        {"key": "tls-private-key-file", "value": "/clusters/shop/pki/admin.key"},
    ]
    assert [patch["extraArgs"] for patch in patches[7:]] == [certificate, certificate]


def test_every_listener_gets_a_port_and_the_asked_one_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "free", lambda count: list(range(1, count + 1)))

    options = with_ports(configured(PROGRAMS, Options(port=6443)))["options"]

    assert {key: value for key, value in options.items() if key.endswith("Port")} == {
        "etcdPort": 1,
        "etcdPeerPort": 2,
        "kubeApiserverPort": 6443,
        "kubeControllerManagerPort": 4,
        "kubeSchedulerPort": 5,
        "kwokControllerPort": 6,
    }


def test_flags_for_a_component_that_there_is_not_are_an_error() -> None:
    with pytest.raises(ControlPlaneError, match="'kubelet' is no component; there are etcd, kube-apiserver, "):
        configured(PROGRAMS, Options(flags={"kubelet": {"v": "2"}}))


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a.b", "a/b", "../a", "a b", "a" * 41])
def test_a_name_that_could_leave_the_cache_folder_is_refused(name: str) -> None:
    for call in (planes.running, planes.stop, lambda name: planes.start(name, report=print)):
        with pytest.raises(ControlPlaneError, match="cannot name a control plane: use at most 40 of a-z, 0-9 and -"):
            call(name)


@pytest.mark.parametrize("name", ["a", "shop", "test-1-0a", "a" * 40])
def test_nothing_runs_and_nothing_is_stopped_under_a_name_never_started(name: str) -> None:
    assert planes.running(name) is None
    assert planes.stop(name) is False


def test_a_folder_that_a_killed_start_left_is_removed(cache: Path) -> None:
    (cache / "clusters" / "shop" / "etcd").mkdir(parents=True)

    assert planes.running("shop") is None
    assert planes.stop("shop") is True
    assert [path for path in cache.rglob("*") if path.is_file()] == []
    assert list((cache / "clusters").iterdir()) == []


def test_other_nodes_options_or_programs_make_another_control_plane() -> None:
    def fingerprint(options: Options, *groups: NodeGroup, programs: dict[str, Path] = PROGRAMS) -> str:
        return fingerprint_of(configured(programs, options), groups)

    group = NodeGroup("a", spot=False, count=1)
    others = [
        fingerprint(Options(), group),
        fingerprint(Options(port=1), group),
        fingerprint(Options(flags={"etcd": {"v": "2"}}), group),
        fingerprint(Options(), NodeGroup("a", spot=False, count=2)),
        fingerprint(Options(), group, programs=PROGRAMS | {"etcd": Path("/bin-of/other/etcd")}),
    ]

    assert len(set(others)) == len(others)
    assert fingerprint(Options(timeout=1), group) == fingerprint(Options(timeout=2), group)
