"""Lesson 7 for changes to hosts: one canary first, then batches that never eat the headroom."""

CANARIES = 1


def batches(hosts: int, needed: int) -> list[int]:
    """Sizes of the batches in which `hosts` are changed while `needed` of them serve: a canary, then `hosts - needed`.

    They add up to `hosts`. Raises ValueError where not even one host can be spared.
    """
    if hosts < 1:
        raise ValueError("there is no host")
    spare = hosts - needed
    if spare < 1:
        raise ValueError(f"the peak needs {needed} hosts and there are {hosts}: none can be taken out")
    sizes = [CANARIES]
    while (left := hosts - sum(sizes)) > 0:
        sizes.append(min(spare, left))
    return sizes
