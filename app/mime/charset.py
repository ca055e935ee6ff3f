"""Text from bytes whose charset is named, misnamed or unnamed (RFC 2045 section 5.2; names as browsers read them).

The order: the declared charset, UTF-8, a guess on a sample, windows-1252, which always fits. A declared Latin 1 or
ASCII that is valid UTF-8 is UTF-8: texts that are both by accident do not occur.
"""

import codecs
import re

from app.mime.limits import GUESS_SAMPLE_BYTES, MAX_CHARSET_NAME_CHARS

#: windows-1252 with its five holes filled as the WHATWG encoding standard does, so that it decodes any byte.
_WINDOWS_1252 = "".join(
    chr(byte) if byte in {0x81, 0x8D, 0x8F, 0x90, 0x9D} else bytes([byte]).decode("cp1252") for byte in range(256)
)
_LATIN = "windows-1252"
_ASCII = "us-ascii"

#: Codecs of Python that turn bytes into text and nothing else: `rot13`, `hex`, `idna`, `punycode`, `unicode_escape`
#: and their like are not here, and no name outside this table ever reaches the codec registry.
_CODEC_NAMES = (
    "utf-8 utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be utf-7 big5 big5hkscs cp037 cp273 cp437 cp500 cp720 "
    "cp737 cp775 cp850 cp852 cp855 cp856 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865 cp866 cp869 cp874 cp875 cp932 "
    "cp949 cp950 cp1006 cp1026 cp1125 cp1140 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 euc_jp "
    "euc_jis_2004 euc_jisx0213 gb18030 hz iso2022_jp iso2022_kr iso8859_2 iso8859_3 iso8859_4 iso8859_5 iso8859_6 "
    "iso8859_7 iso8859_8 iso8859_10 iso8859_13 iso8859_14 iso8859_15 iso8859_16 johab koi8_r koi8_t koi8_u kz1048 "
    "mac_cyrillic mac_greek mac_iceland mac_latin2 mac_roman mac_turkish ptcp154 shift_jis_2004 shift_jisx0213"
)
_CODECS = _CODEC_NAMES.split()

#: Names mail uses, by their letters and digits alone. The superset a browser takes is meant where there is one.
_ALIASES = {
    "gb18030": "gb2312 gbk gb231280 xgbk cp936 ms936 windows936 chinese euccn eucgb2312cn csgb2312 gb180302000",
    "cp949": "ksc5601 ksc56011987 ksc56011989 euckr ks5601 korean uhc windows949 cseuckr isoir149 ms949",
    "cp932": "shiftjis sjis xsjis mskanji ms932 windows31j csshiftjis windows932 mskanji",
    "cp950": "big5 big5eten xbig5 csbig5 cnbig5 big5tw windows950",
    "big5hkscs": "big5hk hkscs",
    "euc_jp": "eucjp xeucjp ujis eucjpms cp51932",
    "iso2022_jp": "iso2022jp iso2022jp1 iso2022jp2 iso2022jp3 iso2022jp2004 iso2022jpext iso2022jpms cp50220 cp50221 "
    "cp50222 csiso2022jp jis",
    "iso2022_kr": "iso2022kr csiso2022kr",
    "hz": "hzgb2312 hzgb",
    "utf-8": "utf8 utf unicode11utf8 utf8mb4 utf8mb3 xutf8 cp65001 unicode utf8n utf8sig",
    "utf-7": "utf7 unicode11utf7 cp65000 xunicode20utf7",
    "utf-16": "utf16 ucs2 iso10646ucs2",
    "cp1254": "iso88599 latin5 isoir148 iso885991989 l5",
    "cp874": "tis620 iso885911 tis6202533 thai",
    "iso8859_8": "iso88598i iso88598e visual hebrew",
    "koi8_u": "koi8ru koi8u",
    "koi8_r": "koi8 koi8r cskoi8r",
    "mac_roman": "macintosh mac xmacroman csmacintosh macroman",
    "mac_cyrillic": "xmaccyrillic xmacukrainian maccyrillic",
    "mac_greek": "xmacgreek",
    "mac_turkish": "xmacturkish",
    "mac_latin2": "xmacce maccentraleurope xmaccentralroman",
    _LATIN: "iso88591 latin1 l1 windows1252 cp1252 ansi iso885911987 isoir100 cp819 ibm819 xansi 1252 westerneuropean "
    "iso88591windows1252",
    _ASCII: "usascii ascii ansix341968 ansix341986 iso646us us ibm367 cp367 iso646irv1991 7bit",
}

_ONLY_NAMES = {
    "unknown8bit",
    "xunknown",
    "unknown",
    "8bit",
    "binary",
    "none",
    "default",
    "defaultcharset",
    "autodetect",
}
_NOT_ALNUM = re.compile(r"[^a-z0-9]+")
#: C0 and C1 controls, DEL, noncharacters at the end of the plane, and lone surrogates; tab, LF and CR stay.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
#: Codecs in which ASCII bytes do not stand for themselves.
_MODAL = {"utf-7", "hz", "iso2022_jp", "iso2022_kr"}
_WIDE = {"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"}
_EBCDIC = {"cp037", "cp273", "cp500", "cp875", "cp1026", "cp1140"}
#: What a guess may answer: charsets mail was really written in. More make short texts worse.
_GUESSED_NAMES = (
    "cp1252 cp1251 koi8_r cp1250 cp1253 cp1254 cp1255 cp1256 cp1257 gb18030 big5 cp932 euc_jp cp949 cp874 cp866"
)
_GUESSED = _GUESSED_NAMES.split()


def _names() -> dict[str, str]:
    names = {_NOT_ALNUM.sub("", codec): codec for codec in _CODECS}
    for codec in _CODECS:
        if codec.startswith("cp"):
            number = codec.removeprefix("cp")
            names.update({f"windows{number}": codec, f"ibm{number}": codec, f"xcp{number}": codec})
    names.update({f"latin{number}": f"iso8859_{part}" for number, part in ((2, 2), (3, 3), (4, 4), (6, 10), (9, 15))})
    names.update({label: codec for codec, labels in _ALIASES.items() for label in labels.split()})
    return names


_NAMES = _names()


def decode_text(data: bytes, charset: str | None) -> tuple[str, tuple[str, ...]]:
    """Read bytes as text and tell what was wrong with them.

    Controls but tab, LF and CR are removed, and no lone surrogate leaves. Defects: `unknown_charset` (no such name),
    `charset_mismatch` (read as another than declared), `undecodable_bytes` (some became U+FFFD or were dropped),
    `control_characters`.
    """
    codec, defects = _codec_of(charset)
    text, found = _decode(data, codec)
    text, cleaned = _without_controls(text)
    return text, (*defects, *found, *cleaned)


def clean_text(text: str) -> str:
    """Remove controls, noncharacters and lone surrogates from text that is already decoded."""
    return _without_controls(text)[0]


def _codec_of(charset: str | None) -> tuple[str | None, tuple[str, ...]]:
    if charset is None:
        return None, ()
    label = _NOT_ALNUM.sub("", charset[:MAX_CHARSET_NAME_CHARS].lower())
    if not label or label in _ONLY_NAMES:
        return None, ()
    codec = _NAMES.get(label)
    return codec, () if codec else ("unknown_charset",)


def _decode(data: bytes, codec: str | None) -> tuple[str, tuple[str, ...]]:
    if data.startswith(codecs.BOM_UTF8):
        codec, data = "utf-8", data[3:]
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and (codec is None or codec in _WIDE):
        codec = codec or "utf-16"
    if data.isascii() and codec not in _MODAL and codec not in _WIDE and codec not in _EBCDIC:
        return data.decode("ascii"), ()
    if codec in _WIDE and data.isascii() and b"\0" not in data:
        return data.decode("ascii"), ("charset_mismatch",)
    if codec is None or codec == _ASCII:
        text, defects = _undeclared(data)
        return text, defects if codec is None else ("charset_mismatch", *defects)
    return _declared(data, codec)


def _declared(data: bytes, codec: str) -> tuple[str, tuple[str, ...]]:
    if codec == _LATIN:
        utf8 = _strict(data, "utf-8")
        return (utf8, ("charset_mismatch",)) if utf8 is not None else (_latin(data), ())
    if codec == "iso2022_jp":
        return _iso_2022_jp(data)
    if (text := _strict(data, codec)) is not None:
        return text, ()
    if codec in _WIDE or codec in _MODAL:
        return data.decode(codec, "replace"), ("undecodable_bytes",)
    if codec != "utf-8" and (utf8 := _strict(data, "utf-8")) is not None:
        return utf8, ("charset_mismatch",)
    text = data.decode(codec, "replace")
    if _is_mostly_read(data, text):
        return text, ("undecodable_bytes",)
    text, defects = _undeclared(data)
    return text, ("charset_mismatch", *defects)


def _undeclared(data: bytes) -> tuple[str, tuple[str, ...]]:
    if (text := _strict(data, "utf-8")) is not None:
        return text, ()
    text = data.decode("utf-8", "replace")
    if _is_mostly_read(data, text):
        return text, ("undecodable_bytes",)
    if (codec := _guess(data)) is not None and codec != "cp1252":
        text = data.decode(codec, "replace")
        if _is_mostly_read(data, text):
            return text, ("undecodable_bytes",) if "\ufffd" in text else ()
    return _latin(data), ()


def _is_mostly_read(data: bytes, text: str) -> bool:
    """Whether far more bytes beyond ASCII were understood than not: then the charset is right and the text damaged."""
    high = len(data) - len(data.translate(None, _HIGH))
    return text.count("\ufffd") * 8 <= high


_HIGH = bytes(range(0x80, 0x100))


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except ValueError:
        return None


def _latin(data: bytes) -> str:
    return codecs.charmap_decode(data, "strict", _WINDOWS_1252)[0]


def _guess(data: bytes) -> str | None:
    """Guess from a sample around the first byte beyond ASCII; None when nothing fits.

    Mostly ASCII with single high bytes between letters is Western European: guessers are bad at exactly that.
    """
    start = next((match.start() for match in _FIRST_HIGH.finditer(data)), 0)
    sample = data[max(0, start - 256) :][:GUESS_SAMPLE_BYTES]
    high = len(sample) - len(sample.translate(None, _HIGH))
    runs = len(_HIGH_RUN.findall(sample))
    if high < runs * 1.5 and (high * 4 < len(sample) or high < 4):
        return "cp1252"
    from charset_normalizer import from_bytes  # 2.5 MB that most mail never needs

    best = from_bytes(sample, cp_isolation=_GUESSED, enable_fallback=False).best()
    return best.encoding if best is not None else None


_FIRST_HIGH = re.compile(rb"[\x80-\xff]")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")

_ESCAPE = re.compile(rb"(\x1b(?:\([BJIHA]|\$\(?[@BDQOP]|\.[AF]))")
_SHIFT_UP = bytes(byte | 0x80 for byte in range(256))


def _iso_2022_jp(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Read ISO-2022-JP as mail has it: with half-width katakana and NEC's row 13, which RFC 1468 does not know."""
    for codec in ("iso2022_jp", "iso2022_jp_ext"):
        if (text := _strict(data, codec)) is not None:
            return text, ()
    pieces: list[str] = []
    charset = b"\x1b(B"
    for piece in _ESCAPE.split(data):
        if piece.startswith(b"\x1b") and _ESCAPE.fullmatch(piece):
            charset = piece
        elif charset.startswith(b"\x1b$"):
            pieces.append(_double_byte(piece, charset))
        elif charset == b"\x1b(I":
            pieces.append(piece.translate(_SHIFT_UP).decode("cp932", "replace"))
        else:  # half-width katakana also come as plain 8-bit bytes
            pieces.append(piece.decode("cp932", "replace"))
    text = "".join(pieces)
    return text, ("undecodable_bytes",) if "\ufffd" in text else ()


def _double_byte(piece: bytes, charset: bytes) -> str:
    """Read a run of JIS X 0208, 0213 or 0212: EUC is the same with the eighth bit set. A line end ends the run."""
    lines = []
    for line in piece.split(b"\n"):
        body = line.rstrip(b"\r")
        even = body[: len(body) // 2 * 2].translate(_SHIFT_UP)
        if charset == b"\x1b$(D":
            even = b"".join(b"\x8f" + even[at : at + 2] for at in range(0, len(even), 2))
        lines.append(even.decode("euc_jis_2004", "replace") + "\r" * (len(line) - len(body)))
    return "\n".join(lines)


def _without_controls(text: str) -> tuple[str, tuple[str, ...]]:
    if text.isprintable():  # nearly always, and ten times faster to find out
        return text, ()
    text = text.removeprefix("\ufeff")
    cleaned = _CONTROLS.sub("", text)
    return cleaned, () if len(cleaned) == len(text) else ("control_characters",)
