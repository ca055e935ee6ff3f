"""Keys, secrets at rest, API tokens and signed links."""
