"""Bounds of this room, each with its reason. Times are seconds, sizes bytes."""

#: Bytes of a secret: what we make, and what Standard Webhooks allows.
SECRET_BYTES = 32
SECRET_BYTES_LEAST = 24
SECRET_BYTES_MOST = 64

#: Bound of a payload: Standard Webhooks asks for less than 20 kB, so that receivers can set a limit.
PAYLOAD_BYTES = 20_000

#: From name lookup to the end of the TLS handshake, and for the whole attempt (Standard Webhooks: 15 to 30).
CONNECT_SECONDS = 5.0
ATTEMPT_SECONDS = 15.0
#: What is read of an answer, and for how long after its headers: the status is the result, the rest is for the log.
ANSWER_BYTES = 2_048
ANSWER_SECONDS = 2.0

#: Delays before each attempt of one event (Standard Webhooks' schedule); the last one repeats.
SCHEDULE = (0.0, 5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
#: How far a delay may be off, so that endpoints which failed together do not come back together.
JITTER = 0.2
#: The longest `Retry-After` that is honoured: a day, as the longest step.
RETRY_AFTER_MOST = 86_400.0
#: Unbroken failure after which an endpoint is disabled, and an event that is retried by itself given up.
DISABLE_SECONDS = 5 * 86_400.0
#: How long a failing event may hold its lane at most, and by default.
HOLD_MOST = DISABLE_SECONDS
HOLD_DEFAULT = 3_600.0
#: A lane with a new event may look whether a failing endpoint works again this long after the last look, though the
#: schedule says later: the event that fails may be another account's.
FRESH_LOOK_SECONDS = 30.0

#: How long a claim on lanes holds: an attempt, and some time to say that it goes on. A killed process keeps its lanes
#: from the others that long.
LEASE_SECONDS = 20.0
#: How often a dispatcher looks for what is due without being told: retries, lanes of a process that was killed, events
#: whose notice was lost.
POLL_SECONDS = 1.0
#: How long results wait for others to be written with, when nobody waits for them.
LINGER_SECONDS = 0.02
#: How long the dispatcher waits before it asks a database again that cannot be used.
STORAGE_RETRY_SECONDS = 1.0
#: Events read of the log at once, and of a lane; a lane gives way to the next one after that many.
ROUTE_EVENTS = 500
LANE_EVENTS = 50
#: Attempts under way in this process, over all endpoints: each holds a socket.
ATTEMPTS_AT_ONCE = 500
#: Seconds of its rate an endpoint may have claimed in lanes.
RATE_AHEAD = 5.0
#: Looks after which an endpoint that works again is believed to have had an outage, and all it is owed becomes due at
#: once. Before that it may be a few events alone that it refuses, and these keep to their own schedule.
LOOKS_OF_AN_OUTAGE = 2
#: Endpoints one turn claims lanes of; the others are the next turn's.
ENDPOINTS_A_TURN = 200
