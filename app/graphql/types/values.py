"""Values without an id of their own: addresses, parts, attachments, headers, bodies."""

from app.domain import capabilities
from app.domain import message as domain
from app.graphql.derive import choice, derive, derived

choice(domain.Part, "text_format", "TextFormat", "The format of plain text (RFC 3676).")
choice(domain.Body, "text_source", "TextSource", "Where the text of a message comes from.")
choice(domain.Body, "html_source", "HtmlSource", "Where the HTML of a message comes from.")
choice(domain.BlockedContent, "kind", "BlockedKind", "What kind of remote content is not loaded.")
choice(capabilities.Capability, "source", "CapabilitySource", "Who keeps the truth.")
choice(capabilities.CheckStep, "name", "CheckStepName", "A step of connecting.")

derive(domain.Address)
derive(domain.ListMarker)
derive(domain.BlockedContent)
derive(capabilities.CheckStep)


@derived(domain.Body)
class Body:
    """What a person reads: text and safe HTML, both always there. Show `html` in `<iframe sandbox>`.

    Remote content is blocked and listed in `blocked`. Reading does not mark as seen. `truncated` is true when
    `maxBytes` or a bound cut it; `defects` names what could not be read.
    """


@derived(domain.Header)
class Header:
    """One header field, unfolded and decoded."""


@derived(domain.Part)
class Part:
    """A node of the MIME tree: `section` is its number (RFC 9051 section 6.4.5), null for a multipart root; `size`
    is its encoded size; `isAttachment` is our judgement of what a person would call an attachment.
    """

    parts: list["Part"]


@derived(capabilities.CheckReport)
class CheckReport:
    """What connecting found, step by step; `took` is seconds. A failed step is the last."""
