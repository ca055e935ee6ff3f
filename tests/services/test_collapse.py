"""Who applies what is left ends where who applies everything ends."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from app.domain.events import (
    Event,
    EventData,
    EventId,
    EventType,
    MailboxChanged,
    MailboxRef,
    MailboxState,
    MessageCreated,
    MessageDeleted,
    MessageRef,
    MessageState,
    MessageUpdated,
)
from app.domain.ids import AccountId, MailboxId, MessageId
from app.services.collapse import collapse

BOX = MailboxId("mbx_a")
FLAGS = ("answered", "flagged", "seen")


def event(number: int, kind: EventType, data: EventData) -> Event:
    return Event(EventId(f"evt_{number}"), kind, AccountId("acc"), None, None, number, number, 0.0, None, data)


@st.composite
def histories(draw: st.DrawFn) -> tuple[dict[str, tuple[str, ...]], list[Event]]:
    """Messages known before, and events that are possible after."""
    mail = {f"msg_{number}": draw(flag_sets) for number in range(draw(st.integers(0, 3)))}
    before, told = dict(mail), list[Event]()
    for number in range(draw(st.integers(0, 12))):
        what = draw(st.sampled_from(["new", "flags", "gone", "counts"]))
        if what == "new":
            name, flags = f"msg_new{number}", draw(flag_sets)
            mail[name] = flags
            data: EventData = MessageCreated(MailboxRef(BOX, None), MessageState(MessageId(name), flags))
            told.append(event(number, EventType.MESSAGE_CREATED, data))
        elif what == "counts":
            state = MailboxState(BOX, None, ("a",), len(mail), None)
            told.append(event(number, EventType.MAILBOX_UPDATED, MailboxChanged(state)))
        elif mail:
            name = draw(st.sampled_from(sorted(mail)))
            old = mail.pop(name)
            if what == "gone":
                data = MessageDeleted(MailboxRef(BOX, None), MessageRef(MessageId(name)))
                told.append(event(number, EventType.MESSAGE_DELETED, data))
                continue
            mail[name] = flags = draw(flag_sets)
            added, removed = tuple(sorted({*flags} - {*old})), tuple(sorted({*old} - {*flags}))
            data = MessageUpdated(MailboxRef(BOX, None), MessageState(MessageId(name), flags), added, removed)
            told.append(event(number, EventType.MESSAGE_UPDATED, data))
    return before, told


flag_sets = st.sets(st.sampled_from(FLAGS)).map(lambda flags: tuple(sorted(flags)))


def applied(mail: dict[str, tuple[str, ...]], told: Iterable[Event]) -> tuple[dict[str, tuple[str, ...]], int | None]:
    mail, total = dict(mail), None
    for one in told:
        match one.data:
            case MessageCreated(_, message):
                assert message.id not in mail
                mail[message.id] = message.flags
            case MessageUpdated(_, message, added, removed):
                assert {*message.flags} == ({*mail[message.id]} | {*added}) - {*removed}
                mail[message.id] = message.flags
            case MessageDeleted(_, gone):
                del mail[gone.id]
            case MailboxChanged(mailbox):
                total = mailbox.total
    return mail, total


@given(histories())
def test_the_state_is_the_same(history: tuple[dict[str, tuple[str, ...]], list[Event]]) -> None:
    before, told = history
    left = collapse(told)
    assert applied(before, left) == applied(before, told)
    assert [one.position for one in left] == sorted(one.position for one in left)
    subjects = [getattr(one.data, "message", one.data.mailbox).id for one in left]  # type: ignore[union-attr]
    assert len(subjects) == len(set(subjects)), "something is told of twice"


def test_a_reset_makes_what_was_told_before_pointless() -> None:
    state = MailboxState(BOX, None, ("a",), 0, 0)
    told = [
        event(1, EventType.MESSAGE_CREATED, MessageCreated(MailboxRef(BOX, None), MessageState(MessageId("m"), ()))),
        event(2, EventType.MAILBOX_UPDATED, MailboxChanged(state)),
        event(3, EventType.MAILBOX_RESET, MailboxChanged(state)),
    ]
    assert collapse(told) == (told[2],)
