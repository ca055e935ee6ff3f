"""What a server's announced extensions let us ask for."""

from dataclasses import dataclass

#: The standard's own first; REFS is Dovecot's, the same without joining by subject.
_ALGORITHMS = ("REFERENCES", "REFS")


@dataclass(frozen=True, slots=True)
class Features:
    """The extensions that change what we send: RFC numbers at each."""

    has_list_extended: bool = False  # RFC 5258
    has_list_status: bool = False  # RFC 5819
    has_special_use: bool = False  # RFC 6154
    has_condstore: bool = False  # RFC 7162
    has_qresync: bool = False  # RFC 7162 section 3.2
    has_esearch: bool = False  # RFC 4731
    has_object_id: bool = False  # RFC 8474
    has_preview: bool = False  # RFC 8970
    has_move: bool = False  # RFC 6851
    has_uidplus: bool = False  # RFC 4315
    has_unselect: bool = False  # RFC 3691
    append_limit: int | None = None  # RFC 7889, in bytes
    is_gmail: bool = False  # X-GM-EXT-1
    has_sort: bool = False  # RFC 5256
    has_display_sort: bool = False  # RFC 5957
    threading: str | None = None  # RFC 5256: the algorithm to ask for

    @classmethod
    def of(cls, announced: frozenset[str]) -> "Features":
        """Read capabilities in upper case. IMAP4rev2 brings some extensions with it (RFC 9051 appendix E)."""
        is_rev2 = "IMAP4REV2" in announced
        return cls(
            has_list_extended="LIST-EXTENDED" in announced or is_rev2,
            has_list_status="LIST-STATUS" in announced or is_rev2,
            has_special_use="SPECIAL-USE" in announced or is_rev2,
            has_condstore="CONDSTORE" in announced or "QRESYNC" in announced,
            has_qresync="QRESYNC" in announced,
            has_esearch="ESEARCH" in announced or is_rev2,
            has_object_id="OBJECTID" in announced,
            has_preview="PREVIEW" in announced,
            has_move="MOVE" in announced or is_rev2,
            has_uidplus="UIDPLUS" in announced or is_rev2,
            has_unselect="UNSELECT" in announced or is_rev2,
            append_limit=_append_limit(announced),
            is_gmail="X-GM-EXT-1" in announced,
            has_sort="SORT" in announced or "SORT=DISPLAY" in announced,
            has_display_sort="SORT=DISPLAY" in announced,
            threading=next((name for name in _ALGORITHMS if f"THREAD={name}" in announced), None),
        )


def _append_limit(announced: frozenset[str]) -> int | None:
    limits = [one.removeprefix("APPENDLIMIT=") for one in announced if one.startswith("APPENDLIMIT=")]
    return min((int(one) for one in limits if one.isascii() and one.isdigit() and len(one) <= 20), default=None)
