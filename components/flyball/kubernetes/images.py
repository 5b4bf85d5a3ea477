"""How the images of a pod are pulled, whatever pod it is."""

from typing import Any

from flyball.guards.workload.platform import Platform
from flyball.kubernetes.objects import Manifest


def pulled(pod: Manifest, platform: Platform) -> Manifest:
    """A pod's spec with every image from where and by which digest the platform has it, and with what opens the
    registry."""
    registry = platform.registry

    def container(given: Manifest) -> Manifest:
        return {**given, "image": _image(given["image"], platform)}

    lists = {key: [container(each) for each in pod[key]] for key in ("initContainers", "containers") if key in pod}
    secrets = {"imagePullSecrets": [{"name": name} for name in registry.secrets]} if registry.secrets else {}
    return {**pod, **lists, **secrets}


def _image(image: Any, platform: Platform) -> Any:
    if not platform.registry.changes:
        return image
    if isinstance(image, str):
        return platform.registry.image(image)
    import pulumi  # who only plans has no outputs, and need not wait for the SDK

    return pulumi.Output.from_input(image).apply(platform.registry.image)
