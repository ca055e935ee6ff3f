"""The grammar of POP3 (RFC 1939, RFC 2449), without input or output."""
