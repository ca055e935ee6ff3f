"""Bounds of webhook endpoints, each with its reason. Times are seconds."""

from app.webhooks.limits import HOLD_DEFAULT, HOLD_MOST

__all__ = ["HOLD_DEFAULT", "HOLD_MOST"]

#: Endpoints of a tenant: each is asked about each event.
ENDPOINTS = 100
#: Characters of an address: what browsers and proxies take.
URL_CHARS = 2_048
#: Characters of a description: it is shown in lists.
DESCRIPTION_CHARS = 500
#: Accounts and mailboxes one endpoint may name; more are a tenant's business.
ENDPOINT_ACCOUNTS = 1_000
ENDPOINT_MAILBOXES = 100
#: Attempts at a time, by default and at most: a receiver that needs more wants another endpoint.
CONCURRENCY_DEFAULT = 10
CONCURRENCY_MOST = 100
#: Deliveries a second an endpoint may be limited to. Slower ones would hold their claims for ever.
RATE_LEAST = 0.1
RATE_MOST = 10_000.0
#: How long the former secret goes on signing after a rotation, by default and at most.
OVERLAP_DEFAULT = 86_400
OVERLAP_MOST = 7 * 86_400
#: Secrets that may sign at a time: rotating in a hurry must not make the header endless.
SECRETS = 5
#: How long an attempt stays in the delivery log.
DELIVERIES_KEPT = 14 * 86_400.0
