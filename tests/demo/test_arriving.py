import email
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice

from app.demo.mail.arriving import arriving_mail

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def test_new_mail_never_ends_never_repeats_and_is_never_broken() -> None:
    arrivals = [coming.at(NOW) for coming in islice(arriving_mail(), 60)]
    messages = [email.message_from_bytes(one.raw) for one in arrivals]
    assert len({message["Message-ID"] for message in messages}) == 60
    assert {one.external_id for one in arrivals} == {"demo-ana", "demo-kenji"}
    assert not [part.defects for message in messages for part in message.walk() if part.defects]
    assert {parsedate_to_datetime(message["Date"]) for message in messages} == {NOW}
    assert not [one.subject for one in arrivals if "{" in one.subject]


def test_new_mail_follows_its_seed() -> None:
    def subjects(seed: int) -> list[str]:
        return [coming.at(NOW).subject for coming in islice(arriving_mail(seed), 24)]

    assert subjects(1) == subjects(1)
    assert subjects(1) != subjects(2)
