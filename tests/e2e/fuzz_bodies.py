"""Loaded by schemathesis: how it writes kinds of bodies that it does not know."""

import schemathesis

schemathesis.serializer.alias("message/rfc822", "application/octet-stream")
