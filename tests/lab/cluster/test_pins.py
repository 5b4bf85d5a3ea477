"""What several modules under ``tools/`` pin: alike, so that Go compiles it once for all of them."""

import re

import pytest

from flyball.lab.cluster.programs import tools_dir

TOOLS = tools_dir()
OWN = {
    "keda": {"github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"},
    "monitoring": {"github.com/prometheus/prometheus"},
}
"""What a module has in another version than the control plane, because it is written against that one."""
BY_REPLACEMENT = "v0.0.0"
"""The version that Kubernetes requires its own staging modules at; others require their release."""


def pins(module: str) -> dict[str, tuple[str, str]]:
    """By dependency the version that is required, and the one that is built."""
    text = (TOOLS / module / "go.mod").read_text()
    required = re.findall(r"^(?:require |\t)(\S+) (v\S+)(?: // indirect)?$", text, re.MULTILINE)
    replaced = dict(re.findall(r"^(?:replace |\t)(\S+)(?: v\S+)? => \S+ (v\S+)$", text, re.MULTILINE))
    return {name: (version, replaced.get(name, version)) for name, version in required}


@pytest.mark.parametrize(
    ("module", "large"),
    [
        ("descheduler", "k8s.io/client-go"),
        ("karpenter", "k8s.io/client-go"),
        ("keda", "k8s.io/client-go"),
        ("monitoring", "k8s.io/client-go"),
        ("checkers", "k8s.io/api"),
        ("vegeta", "google.golang.org/protobuf"),
    ],
)
def test_what_the_control_plane_has_too_is_pinned_alike(module: str, large: str) -> None:
    """Required alike too, and not only built: Go compiles the same source anew under another required version."""
    ours, theirs = pins(module), pins("controlplane")
    shared = ours.keys() & theirs.keys() - OWN.get(module, set())
    assert {large, "golang.org/x/net", "golang.org/x/sys"} <= shared

    def pinned(name: str, pin: tuple[str, str]) -> tuple[str, ...]:
        return pin[1:] if theirs[name][0] == BY_REPLACEMENT else pin

    differ = {
        name: (ours[name], theirs[name]) for name in shared if pinned(name, ours[name]) != pinned(name, theirs[name])
    }
    assert differ == {}
