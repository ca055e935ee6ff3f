"""Accounts whose server is a maildrop: what it lacks is kept by the service."""
