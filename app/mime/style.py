"""Inline CSS that newsletters need and that can load or cover nothing.

A declaration is kept when its property is on the list and its value is made of plain characters and harmless
functions. There is no backslash, so no escape hides a function, and no `url`, so nothing is fetched.
"""

import re

from app.mime.limits import MAX_STYLE_CHARS

_SIDES = ("top", "right", "bottom", "left")
_PLAIN = """
    background background-color border border-collapse border-color border-radius border-spacing border-style
    border-width box-sizing caption-side clear color column-count column-gap columns direction display empty-cells
    float font font-family font-size font-stretch font-style font-variant font-weight height letter-spacing
    line-height list-style list-style-position list-style-type margin max-height max-width min-height min-width
    opacity overflow-wrap padding table-layout tab-size text-align text-decoration text-decoration-color
    text-decoration-line text-decoration-style text-indent text-transform unicode-bidi vertical-align visibility
    white-space width word-break word-spacing word-wrap
"""
_SIDED = (
    "padding-{} margin-{} border-{} border-{}-color border-{}-style border-{}-width "
    "border-top-{}-radius border-bottom-{}-radius"
)
_PROPERTIES = frozenset(_PLAIN.split()) | {name.format(side) for side in _SIDES for name in _SIDED.split()}
_FUNCTIONS = frozenset({"rgb", "rgba", "hsl", "hsla", "calc", "min", "max"})
_VALUE = re.compile(r"""[a-z0-9 #%.,'"+\-/*!()_]{1,500}""", re.IGNORECASE)
_FUNCTION = re.compile(r"([a-z_-]*)\(", re.IGNORECASE)


def safe_style(value: str) -> str | None:
    """Keep the harmless declarations of a style attribute; None when none remains or the value is over its bound."""
    if len(value) > MAX_STYLE_CHARS:
        return None
    kept = [kept for declaration in value.split(";") if (kept := _safe(declaration))]
    return ";".join(kept) or None


def safe_colour(value: str) -> str | None:
    """Take a colour of an old attribute such as `bgcolor`, in the form CSS takes; None when it is not one."""
    value = value.strip()
    if re.fullmatch(r"#?[0-9a-fA-F]{3}|#?[0-9a-fA-F]{6}", value):
        return value if value.startswith("#") else f"#{value}"
    return value if re.fullmatch(r"[a-zA-Z]{3,24}", value) else None


def _safe(declaration: str) -> str | None:
    name, colon, value = declaration.partition(":")
    name = name.strip().lower()
    value = " ".join(value.split())
    if not colon or name not in _PROPERTIES or not _VALUE.fullmatch(value):
        return None
    if value.count('"') % 2 or value.count("'") % 2 or value.count("(") != value.count(")") or "/*" in value:
        return None  # half of something that held a semicolon
    if any(function.lower() not in _FUNCTIONS for function in _FUNCTION.findall(value)):
        return None
    return f"{name}:{value}"
