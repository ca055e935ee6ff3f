"""Mailhatch: one HTTP service through which web and mobile frontends reach any mailbox."""

__version__ = "0.1.0"
