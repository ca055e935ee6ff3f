"""The grammar of IMAP (RFC 9051 section 9, RFC 3501): pure, bounded, no I/O."""
