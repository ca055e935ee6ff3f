"""The demo's bounds."""

#: Messages over both accounts, those that arrived included: pymap keeps all of them in memory and walks them often.
MOST_MESSAGES = 100

#: Seconds between two arrivals: often enough to be seen, rare enough to read one in peace.
ARRIVAL_PAUSE = 20.0

#: Seconds the embedded mail server may take until it listens; about 2 on a slow machine.
MAIL_SERVER_START = 30.0

#: Seconds the service may take until `/readyz` answers; a first start imports and migrates for about 3.
SERVICE_START = 60.0

#: Seconds a child process gets to end by itself before it is killed; the service's own bound is 20.
CHILD_STOP = 25.0

#: Seconds for one call of the demo to the service; registering an account logs in to the mail server.
CALL = 20.0

#: Lines of a child's log that are shown when it failed.
LOG_LINES = 20

#: Seconds the printed token is valid: a working day and a night.
TOKEN_LIFETIME = 86_400

#: Seconds a POP3 session may be silent (RFC 1939 section 3 says ten minutes; the demo's maildrop is wanted sooner).
POP3_IDLE = 60.0

#: Bytes of a line to the demo's POP3 server.
POP3_LINE = 4096

#: Bytes of a webhook's body: Standard Webhooks promises less than 20 kB.
WEBHOOK_BYTES = 20_000

#: Seconds a webhook's timestamp may be off, against requests that are recorded and sent again later.
WEBHOOK_TOLERANCE = 300
