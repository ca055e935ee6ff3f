"""Bounds of the REST face, each with its reason."""

#: Length of an X-Request-Id that is echoed; a longer or odd one is replaced, so that logs stay whole.
MAX_REQUEST_ID = 128
#: Seconds parts and raw may be kept by a browser: they never change (CONVENTIONS, Conditional requests).
IMMUTABLE_SECONDS = 31_536_000
#: Seconds until a download must have begun. For a range the part is read once to learn its size, which takes a slow
#: server half a minute for 100 MB; a hostile one sends without end what decodes to nothing.
BEGIN_SECONDS = 60.0
#: Parts of an uploaded form: the message and its four fields, some repeated.
MAX_FORM_PARTS = 64
#: Bytes of one field of a form: a list of fifty keywords is 5 kB.
MAX_FORM_FIELD = 8 * 1024
#: Bytes a form may have besides the message in it.
FORM_OVERHEAD = 64 * 1024

#: Bytes of a body that a quick route reads; a change of flags by hand has some tens. Longer ones go the usual way.
MAX_PLAIN_BODY = 4096
