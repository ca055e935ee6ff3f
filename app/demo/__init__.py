"""The demo: believable mail on an embedded IMAP server, and the service in front of it, from one command."""
