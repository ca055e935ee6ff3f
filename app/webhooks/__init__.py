"""Webhooks out (Standard Webhooks 1.0): what is sent, when, to whom, and what became of it.

The event log is the queue. A lane is what one endpoint is owed of one account: a cursor into the log. Lanes are
claimed, never single events, and a claim is known by its holder and fence.
"""
