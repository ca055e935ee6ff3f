"""Every bound of the room, each with its reason. Sizes are bytes or characters as the name says."""

# Headers
#: A header block over this is cut. Real ones stay under 100 kB (ARC and DKIM chains); Exchange refuses over 256 kB.
MAX_HEADER_BLOCK_BYTES = 512 * 1024
#: The header of a part within a message; real ones have 2 kB. Small, because a part without a body is searched so far.
MAX_PART_HEADER_BYTES = 64 * 1024
#: Fields of one block. Long Received chains and X- fields stay under 200.
MAX_HEADER_FIELDS = 1_000
#: One field's value; 1,000 addresses of 100 bytes fit.
MAX_HEADER_VALUE_BYTES = 128 * 1024
#: A field name; RFC 5322 lines hold 998.
MAX_HEADER_NAME_BYTES = 256
#: Encoded words of one field: each holds at most 75 characters (RFC 2047), so this is 150 kB of them.
MAX_ENCODED_WORDS = 2_000
#: Addresses of one field; a page of 50 summaries with more would not be a list any longer.
MAX_ADDRESSES = 1_000
#: An addr-spec: 64 + @ + 255 (RFC 5321), with room for the mistaken.
MAX_EMAIL_CHARS = 998
#: A display name; longer ones are noise.
MAX_NAME_CHARS = 998
#: Nesting of comments; deeper is read as text.
MAX_COMMENT_DEPTH = 20
#: Message ids of one References field: the first and the last are what threading needs.
MAX_MESSAGE_IDS = 200
#: One message id (RFC 5322 lines hold 998).
MAX_MESSAGE_ID_CHARS = 998
#: A Date value; the longest sensible one, with comments, has 60.
MAX_DATE_CHARS = 200
#: Parameters of one Content-Type or Content-Disposition, continuations included (RFC 2231): a filename of 1,000
#: encoded characters needs about 130. 269 kB of them kept the standard library busy for 20 s.
MAX_PARAMETERS = 300
#: One decoded parameter.
MAX_PARAMETER_CHARS = 4_096
#: A filename: what common file systems take.
MAX_FILENAME_CHARS = 255
#: Unsubscribe URLs of one message; two are usual.
MAX_UNSUBSCRIBE_URLS = 10
#: A URL: what browsers and servers agree on.
MAX_URL_CHARS = 2_048

# Charsets
#: What is looked at to guess a charset: guessing costs about 1 ms a kB, and 4 kB decide as well as all.
GUESS_SAMPLE_BYTES = 4_096
#: A charset's name.
MAX_CHARSET_NAME_CHARS = 64

# Transfer encodings
#: Separately padded base64 blocks; an encoder that pads each line of 25 MB makes 400,000. Later padding is ignored.
MAX_BASE64_BLOCKS = 1_000_000
#: A quoted-printable or uuencoded line held back while its end is awaited; 76 is the rule, 998 the transport's limit.
MAX_LINE_BYTES = 64 * 1024

# Structure
#: Nesting of multiparts and messages; Dovecot stops at 100, people at 10.
MAX_PART_DEPTH = 50
#: Parts of one message; a digest or a photo album has some hundred.
MAX_PARTS = 1_000
#: Lines that look like a delimiter and are compared with the open boundaries; a patch has some thousand `--` lines.
MAX_DELIMITER_LINES = 200_000
#: A boundary: 70 by RFC 2046, with room for the mistaken.
MAX_BOUNDARY_BYTES = 256

# HTML
#: HTML over this is cut before it is parsed; the largest newsletters have 500 kB, Gmail clips at 102 kB.
MAX_HTML_CHARS = 2_000_000
#: Open elements at a time. Parsers are quadratic in it; browsers flatten at 512, newsletters stay under 200.
MAX_HTML_DEPTH = 400
#: Formatting elements a parser may reopen, summed over all tags: 400 `<font>` closed by `</p>` are otherwise reopened
#: in each following paragraph, 22 kB growing to 19 MB (measured).
MAX_HTML_REOPENED = 200_000
#: Elements in a table but in none of its cells, which nh3 moves before it in quadratic time (75,000 of them: 1.3 s).
MAX_HTML_MISPLACED = 20_000
#: How far up the open elements an end tag is matched; tidy documents need a few steps, and the walk is in Python.
MAX_HTML_WALK = 64
#: Tags of one document, which bounds the work in Python at about 2 µs each.
MAX_HTML_TAGS = 200_000
#: A tag longer than this is written anew, with few attributes; nh3 is quadratic in attributes and in `&` within one.
MAX_TAG_CHARS = 4_096
#: A text run longer than this is parted, where a document has more `&` than the second number.
MAX_TEXT_RUN_CHARS = 4_096
MAX_REFERENCES_IN_A_ROW = 1_000
#: Attributes looked at in one tag when the inventory of blocked content is made.
MAX_ATTRIBUTES = 50
#: A style attribute; longer ones are dropped.
MAX_STYLE_CHARS = 4_096
#: Entries of the inventory of blocked content; a catalogue newsletter has 300 images.
MAX_BLOCKED = 1_000
#: Content ids of one document.
MAX_CIDS = 1_000
#: One embedded `data:` image, in characters of base64: 192 kB of image. Larger ones belong into a part.
MAX_DATA_IMAGE_CHARS = 256 * 1024
#: All `data:` images of a document together.
MAX_DATA_IMAGES_CHARS = 1024 * 1024
#: Links made clickable in plain text.
MAX_LINKS = 5_000
#: Depth up to which HTML is turned into text; the scan has cut it before.
MAX_TEXT_NODES = 500_000

#: Levels of a section number of a text that is fetched: sessions refuse deeper ones, and mail nests three or four deep.
MAX_BODY_LEVELS = 30

# Body
#: Text parts that are joined to one body; a mail of many inline texts is a digest.
MAX_BODY_PARTS = 50

# Preview
#: A preview in a list row, in characters.
PREVIEW_CHARS = 140
#: Text looked at to make one.
PREVIEW_SOURCE_CHARS = 8_192
#: Bytes of the header of a message that is handed in: long lists of recipients reach 100 kB.
MAX_INTAKE_HEADER = 256 * 1024
