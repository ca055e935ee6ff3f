"""Bounds of the REST face, each with its reason."""

#: Fields of one object in a body; ours have ten, and metadata 50 entries, which is told apart.
MAX_FIELDS = 200
#: Length of an Idempotency-Key: a UUID has 36 characters, some clients prefix theirs.
MAX_IDEMPOTENCY_KEY = 255
#: Length of an X-Request-Id that is echoed; a longer or odd one is replaced, so that logs stay whole.
MAX_REQUEST_ID = 128
#: Seconds parts and raw may be kept by a browser: they never change (CONVENTIONS, Conditional requests).
IMMUTABLE_SECONDS = 31_536_000
#: Rows of an account or token page.
DEFAULT_PAGE = 50
MAX_PAGE = 200
#: Characters of a cursor, an id or a filter in the query.
MAX_QUERY_TEXT = 512
#: Seconds until a download must have begun. For a range the part is read once to learn its size, which takes a slow
#: server half a minute for 100 MB; a hostile one sends without end what decodes to nothing.
BEGIN_SECONDS = 60.0
