"""A line of preview, from text or from the first bytes of a message's first section."""

import re

from app.domain.message import Part
from app.mime.attachments import MESSAGE_TYPES
from app.mime.body import read_text
from app.mime.html import html_to_text
from app.mime.limits import PREVIEW_CHARS, PREVIEW_SOURCE_CHARS
from app.mime.plan import blocks, is_html
from app.mime.structure import parse

#: `On … wrote:` in the languages mail programs speak most; the line before a quoted reply.
_ATTRIBUTION = re.compile(
    r"(?:On|Am|Le|El|Il|Op|Den|Em|W dniu|Dne|Dnia)\b.{0,300}(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|skrev"
    r"|escreveu|napisał\(?a?\)?|napsal\(?a?\)?)\b.{0,200}:",
    re.IGNORECASE,
)
_END = re.compile(
    r"-- ?|_{5,}|-{2,} ?(?:original message|forwarded message|ursprüngliche nachricht|message d'origine) ?-{2,}"
)
_ORNAMENT = re.compile(r"[\s\-=_*#~+|.\u00b7\u2022\u2013\u2014]*")
_PGP = re.compile(r"-----(?:BEGIN|END) PGP.*|Hash: SHA\d+")
_BRACKETED = re.compile(r"<(?:https?://|mailto:)[^<>\s]{0,2048}>|\[(?:image|cid):[^\[\]]{0,300}\]", re.IGNORECASE)
_URL = re.compile(r"\bhttps?://[^\s<>]{1,2048}", re.IGNORECASE)
_CUT_DELIMITER = re.compile(rb"\r?\n--[^\r\n]{0,300}\Z")  # the prefix may end within a line that ends the text
_FILLERS = re.compile("[\u00ad\u034f\u061c\u115f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\u3164\ufeff]")


def preview(text: str, limit: int = PREVIEW_CHARS) -> str:
    """Tell in one line of at most `limit` characters how a text begins; "" when it says nothing.

    Quoted replies, signatures, ornaments and URLs are left out, unless there is nothing else.
    """
    lines = _FILLERS.sub("", text[:PREVIEW_SOURCE_CHARS]).splitlines()
    spoken = _line(_spoken(lines))
    without_urls = _line([_URL.sub(" ", spoken)])
    if _ORNAMENT.fullmatch(without_urls):
        without_urls = ""
    return _shortened(without_urls or spoken or _line([line.lstrip("> ") for line in lines]), max(1, limit))


def preview_from_section(root: Part, section_1_prefix: bytes, limit: int = PREVIEW_CHARS) -> str | None:
    """Make a preview from the first bytes of `BODY[1]`, about 4 kB; None when no text begins there.

    Section 1 may itself be a multipart, whose raw content is read; `root` is the marked tree of the whole message.
    """
    first = root if root.section == "1" else next(iter(root.parts), None)
    if first is None or first.section != "1" or first.content_type in MESSAGE_TYPES:
        return None
    if first.parts:
        text = _from_multipart(first, section_1_prefix)
    else:
        is_cut = first.size is None or len(section_1_prefix) < first.size
        text = _from_leaves(first, {"1": (section_1_prefix, is_cut)})
    return preview(text, limit) or None


def _from_multipart(part: Part, prefix: bytes) -> str:
    quoted = re.sub(r'([\\"])', r"\\\1", part.boundary or "")
    raw = f'Content-Type: {part.content_type}; boundary="{quoted}"\r\n\r\n'.encode() + _CUT_DELIMITER.sub(b"", prefix)
    structure = parse(raw)
    spans = structure.spans.items()
    return _from_leaves(structure.root, {section: (raw[start:end], end == len(raw)) for section, (start, end) in spans})


def _from_leaves(root: Part, contents: dict[str, tuple[bytes, bool]]) -> str:
    """Read the first part that says something; `contents` has each section's bytes and whether they are cut off."""
    for part in (part for block in blocks(root) for part in block.text):
        data, is_cut = contents.get(part.section or "", (b"", False))
        text, _ = read_text(part, data, is_truncated=is_cut)
        text = html_to_text(text) if is_html(part) else text
        if text.strip():
            return text
    return ""


def _spoken(lines: list[str]) -> list[str]:
    """Keep the lines the sender wrote."""
    kept: list[str] = []
    for number, line in enumerate(lines):
        bare = line.strip()
        if _END.fullmatch(bare.lower()) and (kept or bare.startswith("-- ")):
            break
        if bare.startswith(">") or _ORNAMENT.fullmatch(bare) or _PGP.fullmatch(bare):
            continue
        following = lines[number + 1].strip() if number + 1 < len(lines) else ""
        if _ATTRIBUTION.match(bare) or (bare.startswith("On ") and _ATTRIBUTION.match(f"{bare} {following}")):
            continue
        kept.append(_BRACKETED.sub(" ", line))
    return kept


def _line(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())


def _shortened(line: str, limit: int) -> str:
    """Cut at a word's end where there is one in the last third."""
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    space = cut.rfind(" ")
    if space > limit * 2 // 3:
        cut = cut[:space]
    return f"{cut.rstrip(' ,;:-')}…"
