"""Kenji's mail: a printer in Kyoto, most of it Japanese much of it in ISO-2022-JP as programs there write it."""

from email.message import Message

from app.demo.mail import files
from app.demo.mail.compose import Person, attached, html, multipart, text
from app.demo.mail.desk import ANSWERED, DRAFT, FLAGGED, READ, UNREAD, Desk
from app.demo.mail.people import ANA, NOAM, SATO, YAMAMOTO, YUQING

_INN = Person("京都 竹屋旅館", "yoyaku@takeya-ryokan.example", 9)
_TRAINS = Person("えきチケ", "no-reply@ekitike.example", 9)
_QUOTES = "仕事/見積り"
_KYOTO = "旅行/京都"


def add(desk: Desk) -> None:
    """File the press's mail."""
    _office(desk)
    _quotes(desk)
    _journeys(desk)
    _rest(desk)


def _jis(words: str) -> Message:
    return text(words, charset="iso-2022-jp", encoding="7bit")


def _office(desk: Desk) -> None:
    desk.receives(
        YAMAMOTO,
        "本日の印刷予定と乾燥室の湿度について",
        _jis(
            "田中さん\n\nおはようございます。山本です。\n\n本日の予定です。\n  9:30  カバー「苔の庭」 試し刷り\n"
            " 13:00  青井書店様 帯 3,000枚\n\n乾燥室の湿度が62%あります。箔は明日に回したほうが安全です。\n\n山本\n"
        ),
        desk.ago(hours=2.2),
        "japanese",
        "iso-2022-jp",
        charset="iso-2022-jp",
        flags=UNREAD,
    )
    desk.receives(
        SATO,
        "【青井書店】帯の色校正のお願い",
        _jis(
            "星空印刷 田中様\n\nいつもお世話になっております。青井書店の佐藤です。\n\n帯の色校正をお送りいたします。"
            "朱色をもう少しだけ\n落ち着かせることはできますでしょうか。\n\nお忙しいところ恐れ入りますが、よろしくお願いいたします。\n\n"
            "青井書店 編集部\n佐藤 美咲\n"
        ),
        desk.ago(hours=19),
        "japanese",
        "iso-2022-jp",
        charset="iso-2022-jp",
        flags=FLAGGED,
    )
    photo = attached("image/jpeg", files.landscape(1200, 800, (230, 150, 120), (70, 60, 80)), "試し刷り.jpg")
    desk.receives(
        YAMAMOTO,
        "試し刷りの写真",
        multipart("mixed", text("窓際で撮りました。銀はきれいに乗っています。\n\n山本\n"), photo),
        desk.ago(hours=30),
        "japanese",
        "image",
        "rfc2231-filename",
        flags=READ,
    )
    desk.receives(
        SATO,
        "Re: 打ち合わせの日程",
        text("田中様\n\n木曜日の15時でお願いいたします。\n\n佐藤\n", charset="shift_jis", encoding="8bit"),
        desk.ago(days=4, hours=3),
        "japanese",
        "shift-jis",
        flags=ANSWERED,
    )


def _quotes(desk: Desk) -> None:
    sheet = files.pdf(
        ["Estimate H-2291", "Moss Gardens, jacket, 1,200 copies", "Kozo blend 110 kg", "Foil, silver", "JPY 712,800"]
    )
    desk.writes(
        [NOAM],
        "Estimate H-2291 / 御見積書",
        multipart(
            "mixed",
            text("Dear Noam-san,\n\nhere is everything in one page.\n\nKenji Tanaka\nHoshizora Press\n"),
            attached("application/pdf", sheet, "H-2291_御見積書.pdf"),
        ),
        desk.ago(days=4, hours=1),
        "pdf",
        mailbox=_QUOTES,
    )
    desk.receives(
        YUQING,
        "Re: 楮紙の在庫 / kozo stock",
        "Tanaka-san,\n\n80 kg left from the autumn batch, the new one is ready in three weeks.\n湿度 55%, as "
        "always.\n\nYuqing\n",
        desk.ago(days=6, hours=4),
        "plain",
        mailbox=_QUOTES,
    )


def _journeys(desk: Desk) -> None:
    stay = desk.ago(days=-20)
    desk.receives(
        _INN,
        "ご予約確認書(予約番号 TK-20931)",
        _jis(
            "田中 健二 様\n\nご予約ありがとうございます。\n\n"
            f"  宿泊日  {stay.year}年{stay.month}月{stay.day}日より1泊\n  お部屋  庭園側 和室八畳\n"
            "  お食事  夕食・朝食付き\n  料金    24,200円(税込)\n\n竹屋旅館\n"
        ),
        desk.ago(days=3),
        "travel",
        "japanese",
        "iso-2022-jp",
        charset="iso-2022-jp",
        mailbox=_KYOTO,
    )
    desk.receives(
        _TRAINS,
        "【えきチケ】きっぷのご購入内容",
        html(
            '<html lang="ja"><body><h2>ご購入ありがとうございます</h2><table border="1" cellpadding="6">'
            "<tr><td>のぞみ 214号<td>京都 10:02 → 東京 12:15<tr><td>座席<td>7号車 12番E席<tr><td>金額<td>14,170円"
            '</table><img src="https://img.ekitike.example/banner.png" width="400" alt=""></body></html>\n'
        ),
        desk.ago(days=5, hours=8),
        "travel",
        "receipt",
        "html-only",
        "remote-images",
        mailbox="旅行",
    )


def _rest(desk: Desk) -> None:
    desk.writes([YAMAMOTO], "Re: 本日の印刷予定", "了解です。箔は明日で。\n\n田中\n", desk.ago(hours=1.5), "sent")
    desk.writes(
        [ANA],
        "stones",
        "Dear Ana-san,\n\nabout the smallest stone: I tried it by hand and\n",
        desk.ago(hours=1),
        "draft",
        mailbox="Drafts",
        flags=DRAFT,
    )
    desk.receives(
        NOAM,
        "Payment is on its way",
        "First half sent this morning.\n\nN.\n",
        desk.ago(days=9),
        "archive",
        mailbox="Archive",
    )
    desk.receives(
        Person("当選事務局", "win@lucky-tosen.example", 9),
        "★おめでとうございます★ 500万円が当選しました",
        _jis("今すぐこちらをクリックしてください。\nhttp://lucky-tosen.example/uketori\n"),
        desk.ago(days=1, hours=15),
        "junk",
        charset="iso-2022-jp",
        mailbox="Junk",
        flags=UNREAD,
    )
    desk.receives(YAMAMOTO, "傘", "傘を忘れていませんか。\n", desk.ago(days=8), "trash", mailbox="Trash")
