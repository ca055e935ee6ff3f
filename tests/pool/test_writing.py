"""Operations that must not be done twice, and accounts that change mail."""

import asyncio
from collections.abc import Callable

import pytest

from app.domain.errors import UpstreamTimeout, UpstreamUnavailable
from app.domain.ports import MailSession
from app.pool.limits import ASK_AFTER, PING_TIME
from tests.pool.fakes import A, B, FakeSession, World, as_fake

MakeWorld = Callable[..., World]


async def write(world: World, mailbox: str = "INBOX") -> str:
    """One change in a mailbox."""

    def operation(session: MailSession, deadline: float) -> str:
        return as_fake(session).touch(mailbox, deadline)

    return await world.pool.run(A, mailbox, operation, 10, repeatable=False, writes=True)


def calls(world: World) -> list[list[str]]:
    return [session.calls for session in world.server.sessions]


async def test_a_change_whose_connection_broke_under_it_is_not_done_again(world: World) -> None:
    await world.touch()
    world.server.sessions[0].fault = UpstreamUnavailable("hung up")
    with pytest.raises(UpstreamUnavailable) as raised:
        await write(world)
    assert type(raised.value) is UpstreamUnavailable
    assert calls(world) == [["INBOX", "INBOX"]]
    assert len(world.server.logins) == 1


async def test_a_connection_that_was_closed_while_idle_is_seen_before_the_change(world: World) -> None:
    await world.touch()
    world.server.sessions[0].has_left = True
    await write(world)
    assert calls(world) == [["INBOX"], ["INBOX"]]


async def test_only_one_that_was_idle_for_long_is_asked(world: World) -> None:
    await world.touch()
    await world.advance(ASK_AFTER)
    await write(world)
    assert calls(world) == [["INBOX", "INBOX"]]
    await world.advance(ASK_AFTER + 0.1)
    await write(world)
    assert calls(world) == [["INBOX", "INBOX", "-", "INBOX"]]


async def test_one_that_does_not_answer_is_replaced_and_nothing_is_lost(world: World) -> None:
    await world.touch()
    await world.advance(ASK_AFTER + 1)
    asked: list[float] = []

    def silent(session: FakeSession) -> Callable[[float], None]:
        def ping(deadline: float) -> None:
            asked.append(deadline - world.clock.monotonic())
            session.is_usable = False
            raise UpstreamTimeout("no answer")

        return ping

    first = world.server.sessions[0]
    first.ping = silent(first)  # type: ignore[method-assign,assignment]
    await write(world)
    assert asked == [PING_TIME]
    assert calls(world) == [["INBOX"], ["INBOX"]]


async def test_a_server_that_is_gone_altogether_is_told_in_our_words(world: World) -> None:
    await world.touch()
    world.server.sessions[0].has_left = True
    world.server.login_faults.append(UpstreamUnavailable("refused"))
    with pytest.raises(UpstreamUnavailable) as raised:
        await write(world)
    assert type(raised.value) is UpstreamUnavailable
    assert calls(world) == [["INBOX"]]


async def test_an_account_that_writes_has_all_its_connections_know(world: World) -> None:
    held = await world.hold()
    await world.touch()
    assert [session.expects_writes for session in world.server.sessions] == [False, False]
    await write(world)
    assert [session.expects_writes for session in world.server.sessions] == [True, True]
    more = [await world.hold(), await world.hold()]
    assert [session.expects_writes for session in world.server.sessions] == [True] * 3
    await world.touch(B)
    assert not world.server.sessions[3].expects_writes
    world.release_all()
    await asyncio.gather(held, *more)


async def test_connections_of_a_mailbox_that_went_are_not_used_again(world: World) -> None:
    held = await world.hold()
    await world.touch(mailbox="Old/inner")
    second = await world.hold()
    await world.touch(mailbox="INBOX")
    world.server.sessions[1].release.set()
    await second
    world.pool.leave(A, "Old")
    world.release_all()
    await held
    assert await world.touch(mailbox="INBOX")
    await world.pool.forget(B)
    assert [session.is_closed for session in world.server.sessions] == [True, True, False]
    assert len(world.server.logins) == 3
    world.pool.leave(B, "Old")
