"""Which selectors match labels, looked up: a namespace may have ten thousand of both."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Labels = Mapping[str, Any]


class Selectors(Generic[T]):
    """What has selectors; what has none, or an empty one, matches nothing.

    Each is filed under the one of its labels that fewest others ask for: `part-of: shop` may be asked for by all.
    """

    def __init__(self, given: Iterable[tuple[Labels, T]]) -> None:
        wanted = [(labels, each) for labels, each in given if labels]
        asked = Counter(label for labels, _ in wanted for label in labels.items())
        self._by_label: dict[tuple[str, Any], list[tuple[int, Labels, T]]] = {}
        for i, (labels, each) in enumerate(wanted):
            rarest = min(labels.items(), key=asked.__getitem__)
            self._by_label.setdefault(rarest, []).append((i, labels, each))

    def matching(self, labels: Labels) -> list[T]:
        """What selects these labels, in the order in which it was given."""
        filed = (each for label in labels.items() for each in self._by_label.get(label, ()))
        return [each for _, _, each in sorted((e for e in filed if e[1].items() <= labels.items()), key=lambda e: e[0])]
