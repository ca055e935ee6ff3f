"""Accounts, mailboxes, tokens and answers at rest: one set of statements for SQLite and PostgreSQL."""
