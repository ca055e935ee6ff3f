"""Bounds that hold in both faces, each with its reason."""

#: Fields of one object in a body; ours have ten, and metadata 50 entries, which is told apart.
MAX_FIELDS = 200
#: Length of an Idempotency-Key: a UUID has 36 characters, some clients prefix theirs.
MAX_IDEMPOTENCY_KEY = 255
#: Rows of a page.
DEFAULT_PAGE = 50
MAX_PAGE = 200
#: Characters of a cursor, an id or a filter in a query.
MAX_QUERY_TEXT = 512
