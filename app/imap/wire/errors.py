"""What the grammar raises."""


class MalformedResponse(ValueError):
    """A response could be framed but not understood: it costs what it was about, not the connection."""
