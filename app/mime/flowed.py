"""Flowed text (RFC 3676): soft line breaks joined again, so that a client may wrap as it likes."""


def unflow(text: str, *, delsp: bool = False) -> str:
    """Join the soft-broken lines of each paragraph; quoted lines keep one `>` for each level.

    A line that ends in a space goes on in the next one of the same quote depth; the signature separator `-- ` never
    does. `delsp` deletes that space. Space-stuffing is taken off.
    """
    out: list[str] = []
    paragraph: list[str] = []
    open_depth: int | None = None  # of the paragraph that may go on
    for raw in text.replace("\r\n", "\n").split("\n"):
        content = raw.lstrip(">")
        depth = len(raw) - len(content)
        content = content.removeprefix(" ")
        is_signature = content == "-- "
        if open_depth is not None and (depth != open_depth or is_signature):
            out.append("".join(paragraph))
            paragraph, open_depth = [], None
        if open_depth is None:
            paragraph = [f"{'>' * depth} " if depth else ""]
        is_soft = content.endswith(" ") and not is_signature
        paragraph.append(content[:-1] if is_soft and delsp else content)
        if is_soft:
            open_depth = depth
        else:
            out.append("".join(paragraph))
            paragraph, open_depth = [], None
    if paragraph:
        out.append("".join(paragraph))
    return "\n".join(out)
