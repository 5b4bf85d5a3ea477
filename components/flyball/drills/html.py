"""What all reports share: one HTML file with everything in it, and its style."""

from collections.abc import Iterable
from html import escape
from importlib.metadata import version
from pathlib import Path

_STYLE = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
_HATCH = (
    '<svg width="0" height="0" aria-hidden="true" style="position:absolute"><defs><pattern id="hatch" width="7" '
    'height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="7" height="7" '
    'fill="#f6c9a8"/><path d="M0 0V7" stroke="#d55e00" stroke-width="4"/></pattern></defs></svg>'
)


def document(title: str, parts: Iterable[str]) -> str:
    """A page of parts that are HTML already."""
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{_HATCH}<main>",
            *parts,
            f"<footer>flyball {escape(version('flyball'))}</footer></main></body></html>",
        ]
    )
