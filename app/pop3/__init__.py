"""POP3: what a maildrop can do."""
