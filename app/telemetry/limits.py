"""Bounds of this room, each with its reason."""

#: Characters of one string in a log line. Longer ones come from outside, and say no more by their tail.
MAX_TEXT = 2048

#: Characters of a stack: about 60 frames, the innermost kept.
MAX_STACK = 8192

#: Entries of a list or mapping in a log line, and how deep they nest.
MAX_ITEMS = 50
MAX_DEPTH = 3

#: Seconds one readiness check may take: probes give up after few seconds themselves.
CHECK_SECONDS = 2.0

#: Seconds between two looks at how late the event loop is: cheap, and a stall shorter than this is rarely missed.
LAG_INTERVAL = 0.25
