"""Dependencies that are built from a copy of theirs with other words, and without what nobody here needs.

None of their code is kept here: what is edited is found by patterns, and a pattern that finds nothing any more, after
an update, is an error. What the edits leave unused or undefined, the compiler finds.
"""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from flyball.lab.cluster.errors import ToolchainError


@dataclass(frozen=True)
class Edit:
    """What is built in place of all that a pattern finds in a file."""

    file: str
    pattern: str
    """Regular expression; ``^`` and ``$`` are the ends of a line."""
    new: str = ""


@dataclass(frozen=True)
class Edited:
    """A dependency, and what is built of it in another way."""

    dependency: str
    edits: tuple[Edit, ...]
    without: tuple[str, ...] = ()
    """Patterns of files that are left out."""
    kept: tuple[str, ...] = ()
    """Of those, files that stay."""

    def parts(self) -> Iterator[str]:
        """All of it as texts, for the key under which a program is cached."""
        yield self.dependency
        for edit in self.edits:
            yield from (edit.file, edit.pattern, edit.new)
        yield from (*self.without, *self.kept)


def block(condition: str) -> str:
    """Pattern of an ``if`` with its body: gofmt indents the brace that closes it like the line that opens it."""
    return rf"^(\t+)if {condition}.*{{\n(?:.*\n)*?\1}}\n"


_SCALERS, _RESOLVERS = "pkg/scalers", "pkg/scaling/resolver/scale_resolvers.go"
_AUTHENTICATION = f"{_SCALERS}/authentication/authentication_helpers.go"

EDITED: Mapping[str, Edited] = {
    # It has no flag for the address on which it serves its metrics and health.
    "karpenter": Edited("sigs.k8s.io/karpenter", (Edit("pkg/operator/operator.go", '":%d"', '"127.0.0.1:%d"'),)),
    # Of some seventy scalers those that flyball's workloads name: the others bring the clients of all clouds, queues
    # and databases along, nine tenths of what there was to compile.
    "keda": Edited(
        "github.com/kedacore/keda/v2",
        (
            Edit(
                "pkg/scaling/scalers_builder.go",
                r'^\tcase "(?!(?:cpu|memory|cron|prometheus)")[^"]+":\n\t\treturn .*\n',
            ),
            # How a Prometheus that a cloud runs is asked.
            Edit(
                f"{_SCALERS}/prometheus_scaler.go",
                r"^\t} else {\n\t\t// could be the case of azure managed prometheus(?:.*\n)*?\t}\n",
                "\t}\n",
            ),
            Edit(
                f"{_SCALERS}/prometheus_scaler.go",
                rf'^\t"(?:errors|github\.com/kedacore/keda/v2/{_SCALERS}/(?:aws|azure|gcp))"\n',
            ),
            # A constant that stands beside a scaler of a cloud.
            Edit(f"{_SCALERS}/prometheus_scaler.go", r"\bexternalMetricType\b", "v2.ExternalMetricSourceType"),
            # Secrets that lie in a cloud, and a cloud's users.
            Edit(
                _RESOLVERS,
                block(
                    r"triggerAuthSpec\.(?:AzureKeyVault|GCPSecretManager|AwsSecretManager|AzureServicePrincipal) != nil"
                ),
            ),
            Edit(_RESOLVERS, rf'^\t"github\.com/kedacore/keda/v2/{_SCALERS}/azure"\n'),
            # Events for a cloud.
            Edit(
                "pkg/eventemitter/eventemitter.go", "authParams, podIdentity, err := resolver", "_, _, err := resolver"
            ),
            Edit("pkg/eventemitter/eventemitter.go", block(r"spec\.Destination\.AzureEventGridTopic != nil")),
            # The HTTP client of scalers that are left out.
            Edit(_AUTHENTICATION, r"^\tcase FastHTTP:\n(?:.*\n)*?(?=\t}\n)"),
            Edit(_AUTHENTICATION, r'^\t(?:libs |pConfig )?"github\.com/(?:dysnix|prometheus)/.*"\n'),
            # What it requires is said by our go.mod alone, as the control plane has it, so that Go compiles it once.
            Edit("go.mod", r"^(?:require|replace|exclude) (?:.*\n)*"),
        ),
        (
            f"{_SCALERS}/*.go",
            *(f"pkg/scaling/resolver/{cloud}_*.go" for cloud in ("aws", "azure", "gcp")),
            "pkg/eventemitter/azure_*.go",
            "pkg/util/ginkgo_*.go",  # for its own tests
        ),
        tuple(f"{_SCALERS}/{name}scaler.go" for name in ("", "cpu_memory_", "cron_", "prometheus_")),
    ),
    # It knows versions of the autoscaler that the control plane's Kubernetes, on whose pins it is built, does not.
    "checkers": Edited(
        "github.com/zegl/kube-score",
        (
            Edit("parser/parse.go", r"^\tcase autoscalingv2beta\d\..*\n(?:\t\t.*\n)*"),
            Edit("parser/parse.go", r"^\tautoscalingv2beta\d .*\n"),
            Edit("parser/internal/hpa.go", r"^type HPAv2beta\d (?:.*\n)*?(?=type )"),
            Edit("parser/internal/hpa.go", r"^\tautoscalingv2beta\d .*\n"),
            # What labels answer since.
            Edit(
                "score/internal/labelselector.go",
                r"^(?=func \(l MapLabels\) Get)",
                "func (l MapLabels) Lookup(key string) (string, bool) { value, ok := l[key]; return value, ok }\n\n",
            ),
        ),
    ),
    # It was written for an older controller-runtime than the control plane's, on whose pins it is built.
    "monitoring": Edited(
        "github.com/prometheus-operator/prometheus-operator",
        (
            Edit(
                "pkg/admission/admission.go",
                r"NewWebhookHandler\(scheme\)",
                "NewWebhookHandler(scheme, conversion.NewRegistry())",
            ),
        ),
    ),
}
"""By module under ``tools/``."""


def copy(source: Path, edited: Edited, folder: Path) -> None:
    """Make `folder`, which is not there yet, with what is built of the dependency in the folder `source`.

    Raises `ToolchainError` where an edit, or a pattern of files, finds nothing.
    """
    shutil.copytree(source, folder, copy_function=shutil.copyfile)
    for place in (folder, *folder.rglob("*/")):
        place.chmod(0o755)  # as read-only folders they could not be removed again
    kept = {folder / name for name in edited.kept}
    for pattern in edited.without:
        for file in _files(edited, folder, pattern):
            if file not in kept:
                file.unlink()
    for edit in edited.edits:
        (file,) = _files(edited, folder, edit.file)
        text, count = re.subn(edit.pattern, edit.new, file.read_text(), flags=re.MULTILINE)
        if not count:
            raise ToolchainError(
                f"{edit.file} of {edited.dependency} says nowhere {edit.pattern} any more, in whose place"
                f" {edit.new or 'nothing'} is to be built"
            )
        file.write_text(text)


def _files(edited: Edited, folder: Path, pattern: str) -> list[Path]:
    if found := list(folder.glob(pattern)):
        return found
    raise ToolchainError(f"{edited.dependency} has no {pattern} any more, which is built in another way")
