"""The main job: an inbox and an open message, from real mail on a real server."""

import base64
import zipfile
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from io import BytesIO

import httpx
import pytest

from tests.rest.conftest import Api
from tests.support.dovecot import MailUser

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def plain(number: int) -> bytes:
    mail = EmailMessage()
    mail["From"] = "Björn Åkesson <bjorn@example.com>"
    mail["To"] = "Ana <ana@example.com>"
    mail["Subject"] = f"Letter {number}"
    mail["Date"] = format_datetime(START + timedelta(minutes=number))
    mail["Message-ID"] = f"<letter-{number}@example.com>"
    mail.set_content(f"Dear Ana,\n\nthis is letter {number}.\n")
    return mail.as_bytes()


def rich() -> bytes:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("plan.txt", "a plan")
    mail = EmailMessage()
    mail["From"] = "ana@example.com"
    mail["To"] = "kenji@example.com"
    mail["Subject"] = "写真 and plans"
    mail["List-Id"] = "Plans <plans.example.com>"
    mail["List-Unsubscribe"] = "<https://example.com/u?1>"
    mail.set_content("See the picture.")
    mail.add_alternative(
        '<p>See <img src="cid:pic@x"><img src="http://tracker.example/p.gif"><script>alert(1)</script></p>', "html"
    )
    html = mail.get_payload()[1]  # type: ignore[index]  # a list: it is multipart
    html.add_related(PIXEL, "image", "png", cid="<pic@x>")  # type: ignore[union-attr]
    mail.add_attachment(archive.getvalue(), "application", "zip", filename="Pläne.zip")
    return mail.as_bytes()


PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def test_the_tree_has_roles_counts_and_parents(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.create_mailbox("Projekte", "Projekte/Küche", "旅行")
    mail_user.append_all([plain(1), plain(2)], flags=())
    found = (await api.get(f"/v1/accounts/{account}/mailboxes"))["items"]
    by_name = {"/".join(item["path"]): item for item in found}
    inbox = by_name["INBOX"]
    assert found[0] == inbox
    assert inbox["role"] == "inbox"
    assert inbox["total"] == 2
    assert inbox["unread"] == 2
    kitchen = by_name["Projekte/Küche"]
    assert kitchen["name"] == "Küche"
    assert kitchen["parent_id"] == by_name["Projekte"]["id"]
    assert kitchen["is_subscribed"] is True
    assert "旅行" in by_name
    again = (await api.get(f"/v1/accounts/{account}/mailboxes"))["items"]
    assert [item["id"] for item in again] == [item["id"] for item in found]


async def test_pages_walk_the_mailbox_newest_first(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.append_all([plain(number) for number in range(25)])
    seen: list[str] = []
    path = f"/v1/accounts/{account}/mailboxes/inbox/messages?limit=10"
    answer = await api.http.get(path)
    while True:
        page = answer.json()
        seen += [item["subject"] for item in page["items"]]
        if page["next"] is None:
            assert "link" not in answer.headers
            break
        link = answer.headers["link"]
        assert link.startswith("<http://hatch.test/v1/accounts/")
        assert link.endswith('; rel="next"')
        answer = await api.http.get(link[1 : link.index(">")])
    assert seen == [f"Letter {number}" for number in reversed(range(25))]


async def test_a_page_is_stable_under_arrivals_and_expunges(api: Api, account: str, mail_user: MailUser) -> None:
    uids = mail_user.append_all([plain(number) for number in range(30)])
    path = f"/v1/accounts/{account}/mailboxes/inbox/messages"
    first = await api.get(path, params={"limit": 10})
    mail_user.append_all([plain(100), plain(101)])
    mail_user.expunge([uids[3], uids[18], uids[25]])
    second = await api.get(path, params={"limit": 10, "cursor": first["next"]})
    expected = [number for number in reversed(range(20)) if number not in (3, 18)][:10]
    assert [item["subject"] for item in second["items"]] == [f"Letter {number}" for number in expected]


async def test_a_summary_tells_what_a_row_needs(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.append(rich(), flags=("\\Flagged", "$Forwarded"))
    path = f"/v1/accounts/{account}/mailboxes/inbox/messages"
    (item,) = (await api.get(path))["items"]
    assert item["subject"] == "写真 and plans"
    assert item["from"] == [{"name": None, "email": "ana@example.com"}]
    assert item["flags"] == ["$Forwarded", "flagged"]
    assert item["has_attachments"] is True
    (zipped,) = [part for part in item["attachments"] if not part["is_inline"]]
    assert zipped["filename"] == "Pläne.zip"
    assert zipped["content_type"] == "application/zip"
    assert item["list"]["id"] == "plans.example.com"
    assert "preview" not in item
    (lean,) = (await api.get(path, params={"fields": "id,preview"}))["items"]
    assert lean == {"id": item["id"], "preview": "See the picture."}
    (bare,) = (await api.get(path, params={"fields": "id,flags"}))["items"]
    assert bare == {"id": item["id"], "flags": item["flags"]}


async def test_a_list_is_not_sent_twice(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.append(plain(1))
    path = f"/v1/accounts/{account}/mailboxes/inbox/messages"
    first = await api.http.get(path)
    again = await api.http.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    mail_user.append(plain(2))
    assert (await api.http.get(path, headers={"If-None-Match": first.headers["etag"]})).status_code == 200


async def first_id(api: Api, account: str) -> str:
    page = await api.get(f"/v1/accounts/{account}/mailboxes/inbox/messages?limit=1")
    return str(page["items"][0]["id"])


async def test_an_open_message_has_headers_structure_and_links(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.append(rich())
    message = await first_id(api, account)
    found = await api.get(f"/v1/accounts/{account}/messages/{message}")
    assert found["id"] == message
    assert {"name": "From", "value": "ana@example.com"} in found["headers"]
    assert found["structure"]["content_type"] == "multipart/mixed"
    (zipped,) = [part for part in found["attachments"] if not part["is_inline"]]
    stranger = httpx.AsyncClient(transport=api.http._transport)
    downloaded = await stranger.get(zipped["url"])
    assert downloaded.status_code == 200
    assert zipfile.ZipFile(BytesIO(downloaded.content)).read("plan.txt") == b"a plan"
    assert downloaded.headers["content-disposition"].startswith("attachment;")
    assert "filename*=UTF-8''Pl%C3%A4ne.zip" in downloaded.headers["content-disposition"]
    assert downloaded.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in downloaded.headers["content-security-policy"]
    forged = await stranger.get(zipped["url"].replace("signature=", "signature=A"))
    assert forged.status_code == 401


async def test_a_body_is_text_and_safe_html(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.append(rich())
    message = await first_id(api, account)
    body = await api.get(f"/v1/accounts/{account}/messages/{message}/body")
    assert body["text"].strip() == "See the picture."
    assert "script" not in body["html"]
    assert "tracker.example" not in body["html"]
    assert body["blocked"] == [{"kind": "image", "url": "http://tracker.example/p.gif"}]
    start = body["html"].index('src="') + 5
    link = body["html"][start : body["html"].index('"', start)].replace("&amp;", "&")
    picture = await httpx.AsyncClient(transport=api.http._transport).get(link)
    assert picture.content == PIXEL
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["cross-origin-resource-policy"] == "cross-origin"


async def test_reading_does_not_mark_as_seen(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.append(rich())
    message = await first_id(api, account)
    await api.get(f"/v1/accounts/{account}/messages/{message}")
    await api.get(f"/v1/accounts/{account}/messages/{message}/body")
    await api.http.get(f"/v1/accounts/{account}/messages/{message}/raw")
    found = await api.get(f"/v1/accounts/{account}/messages/{message}")
    assert found["flags"] == []


async def test_a_body_says_when_it_was_cut(api: Api, account: str, mail_user: MailUser) -> None:
    mail = EmailMessage()
    mail["Subject"] = "long"
    mail.set_content("word " * 20_000, cte="quoted-printable")
    mail_user.append(mail.as_bytes())
    message = await first_id(api, account)
    whole = await api.get(f"/v1/accounts/{account}/messages/{message}/body")
    assert whole["truncated"] is False
    assert whole["html_source"] == "made_from_text"
    cut = await api.get(f"/v1/accounts/{account}/messages/{message}/body", params={"max_bytes": 1000})
    assert cut["truncated"] is True
    assert len(cut["text"]) <= 1000


async def test_a_message_of_very_many_texts_is_read_as_far_as_the_bound(
    api: Api, account: str, mail_user: MailUser
) -> None:
    mail = EmailMessage()
    mail["Subject"] = "many"
    mail.make_mixed()
    for number in range(90):
        part = EmailMessage()
        part.set_content(f"text {number}")
        mail.attach(part)
    mail_user.append(mail.as_bytes())
    message = await first_id(api, account)
    body = await api.get(f"/v1/accounts/{account}/messages/{message}/body")
    assert "text 0" in body["text"]
    assert "text 15" in body["text"]


@pytest.fixture
async def blob(api: Api, account: str, mail_user: MailUser) -> tuple[str, bytes]:
    """A part of 1.5 MB and where it is."""
    content = bytes(range(256)) * 6000
    mail = EmailMessage()
    mail["Subject"] = "blob"
    mail.set_content("see attached")
    mail.add_attachment(content, "application", "octet-stream", filename="blob.bin")
    mail_user.append(mail.as_bytes())
    message = await first_id(api, account)
    found = await api.get(f"/v1/accounts/{account}/messages/{message}")
    return f"/v1/accounts/{account}/messages/{message}/parts/{found['attachments'][0]['part']}", content


async def test_a_part_comes_whole(api: Api, blob: tuple[str, bytes]) -> None:
    path, content = blob
    answer = await api.http.get(path)
    assert answer.content == content
    assert answer.headers["accept-ranges"] == "bytes"
    assert "immutable" in answer.headers["cache-control"]
    again = await api.http.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=700000-700099", 700_000, 700_100),
        ("bytes=1535990-", 1_535_990, 1_536_000),
        ("bytes=-5", 1_535_995, 1_536_000),
    ],
)
async def test_a_range_of_a_part(api: Api, blob: tuple[str, bytes], wanted: str, start: int, stop: int) -> None:
    path, content = blob
    answer = await api.http.get(path, headers={"Range": wanted})
    assert answer.status_code == 206
    assert answer.content == content[start:stop]
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(content)}"
    assert answer.headers["content-length"] == str(stop - start)


async def test_a_range_past_the_end_is_refused(api: Api, blob: tuple[str, bytes]) -> None:
    path, content = blob
    answer = await api.http.get(path, headers={"Range": "bytes=9999999-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(content)}"


async def test_if_range_with_an_old_etag_answers_whole(api: Api, blob: tuple[str, bytes]) -> None:
    path, content = blob
    answer = await api.http.get(path, headers={"Range": "bytes=0-9", "If-Range": '"old"'})
    assert answer.status_code == 200
    assert answer.content == content


async def test_raw_is_the_message_as_it_lies_there(api: Api, account: str, mail_user: MailUser) -> None:
    raw = rich()
    mail_user.append(raw)
    message = await first_id(api, account)
    answer = await api.http.get(f"/v1/accounts/{account}/messages/{message}/raw")
    assert answer.content.replace(b"\r\n", b"\n") == raw
    assert answer.headers["content-type"] == "message/rfc822"


async def test_a_message_that_is_gone_is_stale(api: Api, account: str, mail_user: MailUser) -> None:
    uid = mail_user.append(plain(1))
    message = await first_id(api, account)
    mail_user.expunge([uid])
    problem = await api.get(f"/v1/accounts/{account}/messages/{message}", status=410)
    assert problem["code"] == "stale_reference"


async def test_a_new_uidvalidity_makes_ids_and_cursors_stale(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.append_all([plain(number) for number in range(5)])
    path = f"/v1/accounts/{account}/mailboxes/inbox/messages"
    page = await api.get(path, params={"limit": 2})
    mail_user.change_uidvalidity()
    mail_user.kick()
    gone = await api.get(f"/v1/accounts/{account}/messages/{page['items'][0]['id']}", status=410)
    assert gone["code"] == "stale_reference"
    expired = await api.get(path, status=410, params={"limit": 2, "cursor": page["next"]})
    assert expired["code"] == "cursor_expired"
    fresh = await api.get(path, params={"limit": 2})
    assert {item["id"] for item in fresh["items"]}.isdisjoint({item["id"] for item in page["items"]})


async def test_a_mailbox_renamed_elsewhere_can_still_be_read(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.create_mailbox("Old")
    mail_user.append(plain(1), mailbox="Old")
    tree = (await api.get(f"/v1/accounts/{account}/mailboxes"))["items"]
    (old,) = [item["id"] for item in tree if item["name"] == "Old"]
    page = await api.get(f"/v1/accounts/{account}/mailboxes/{old}/messages")
    with mail_user.client() as imap:
        imap.rename_folder("Old", "New")
    mail_user.kick()
    message = page["items"][0]["id"]
    for _ in range(2):  # a server without MAILBOXID cannot tell a rename from a deletion
        assert (await api.get(f"/v1/accounts/{account}/messages/{message}", status=410))["code"] == "stale_reference"
    tree = (await api.get(f"/v1/accounts/{account}/mailboxes"))["items"]
    (new,) = [item["id"] for item in tree if item["name"] == "New"]
    fresh = await api.get(f"/v1/accounts/{account}/mailboxes/{new}/messages")
    assert fresh["items"][0]["subject"] == "Letter 1"


async def test_the_unknown_is_not_found(api: Api, account: str) -> None:
    assert (await api.get(f"/v1/accounts/{account}/mailboxes/mbx_AAAAAAAAAAE/messages", status=404))[
        "code"
    ] == "not_found"
    assert (await api.get(f"/v1/accounts/{account}/mailboxes/nonsense/messages", status=404))["code"] == "not_found"
    assert (await api.get(f"/v1/accounts/{account}/messages/msg_x", status=404))["code"] == "not_found"
    assert (await api.get("/v1/accounts/acc_none/mailboxes", status=404))["code"] == "not_found"
    assert (await api.get(f"/v1/accounts/{account}/mailboxes/flagged/messages", status=404))["code"] == "not_found"


async def test_an_account_answers_to_your_own_id(api: Api, mail_user: MailUser) -> None:
    from tests.rest.conftest import account_body

    await api.post("/v1/accounts", account_body(mail_user, external_id="crm-7"))
    assert (await api.get("/v1/accounts/external:crm-7/mailboxes"))["items"][0]["role"] == "inbox"
    assert (await api.get("/v1/accounts/external:crm-8/mailboxes", status=404))["code"] == "not_found"


async def test_bad_parameters_are_pointed_at(api: Api, account: str) -> None:
    path = f"/v1/accounts/{account}/mailboxes/inbox/messages"
    for name, value in (("limit", "0"), ("limit", "201"), ("limit", "x"), ("cursor", "x"), ("fields", "nope")):
        problem = await api.get(path, status=400, params={name: value})
        assert problem["code"] == "invalid_request"
        assert problem["errors"][0]["pointer"] == f"/query/{name}"


async def test_empty_mailboxes_have_empty_pages(api: Api, account: str) -> None:
    assert await api.get(f"/v1/accounts/{account}/mailboxes/inbox/messages") == {"items": [], "next": None}
