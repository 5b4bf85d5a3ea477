"""What launch templates have in common: metadata for the machine alone, and an encrypted disk."""

from typing import Any

METADATA: Any = {"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1}
"""Tokens only, and from the machine itself only: a pod, or what it relays for others, is one hop further away and gets
none."""


def disks(device: str, size: int) -> Any:
    """Its one disk, of so many bytes."""
    ebs = {
        "volume_type": "gp3",
        "volume_size": size // 2**30,
        "encrypted": "true",
        "delete_on_termination": "true",
    }
    return [{"device_name": device, "ebs": ebs}]
