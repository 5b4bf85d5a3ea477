"""Where flyball keeps what it builds and runs: one cache folder of the user, safe to delete while nothing runs."""

import os
from pathlib import Path


def cache_dir() -> Path:
    """The cache folder: ``$XDG_CACHE_HOME/flyball``, by default ``~/.cache/flyball``.

    A relative XDG_CACHE_HOME is ignored, as the XDG base directory specification asks. Links are resolved, so that
    one folder has one name and its processes are recognised by it.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache").resolve() / "flyball"


def bin_dir() -> Path:
    """Programs built from the pinned Go modules."""
    return cache_dir() / "bin"


def clusters_dir() -> Path:
    """One folder for each control plane on this machine."""
    return cache_dir() / "clusters"


def schemas_dir() -> Path:
    """JSON schemas of the Kubernetes API, one folder for each version."""
    return cache_dir() / "schemas"


def hosts_dir() -> Path:
    """The Debian roots that hosts are made from, and one folder for each lab of them."""
    return cache_dir() / "hosts"


def logs_dir() -> Path:
    """Logs of builds and of starts; those of a running control plane are in its own folder."""
    return cache_dir() / "logs"


def kubeconfig(cluster: str) -> Path:
    """The kubeconfig of the control plane named `cluster`; it exists while that control plane does."""
    return clusters_dir() / cluster / "kubeconfig.yaml"


def shipped(name: str) -> Path:
    """A file or folder that lies at the top of a checkout, and inside of the package once it is installed."""
    package = Path(__file__).resolve().parent
    inside = package / "shipped" / name
    return inside if inside.exists() else package.parents[1] / name
