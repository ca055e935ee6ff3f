"""Bounds of the differ, each with its reason."""

#: Most messages of one chunk: what one changed flag rewrites is about 3 kB.
CHUNK_UIDS = 1000

#: Messages whose flags are fetched in one round trip: about 300 kB on the wire.
WINDOW_UIDS = 5000

#: Changes of one transaction: it inserts as many events, and other accounts' commits wait that long.
PORTION_CHANGES = 1000
