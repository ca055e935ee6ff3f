# ruff: noqa: RUF001 - real mail is written in many scripts
"""Everybody who appears in the demo's mail. All addresses end in `.example` (RFC 2606): nobody can be written to."""

from app.demo.mail.compose import Person

ANA = Person("Ana Petrović", "ana@lindenhof.example")
JONAS = Person("Jonas Weber", "jonas@lindenhof.example")
MIRA = Person("Mira Lindqvist", "mira@lindenhof.example")
KENJI = Person("田中 健二", "kenji@hoshizora.example", 9)
HATICE = Person("Hatice Yılmaz", "hatice@cafe-morgenrot.example")
BRANDT = Person("Familie Brandt", "s.brandt@brandt-familie.example")
NOAM = Person("Noam Okafor", "noam@mossbank-press.example", 0)
MOTHER = Person("Мама", "vesna.petrovic@posta.example")
LANDLORD = Person("Hausverwaltung Krüger", "buero@hv-krueger.example")
YUQING = Person("林雨晴", "yuqing.lin@qingzhu-paper.example", 8)
LAYLA = Person("ليلى حدّاد", "layla@darkhatt.example", 3)
MINSEO = Person("김민서", "minseo@onionseoul.example", 9)
SATO = Person("佐藤 美咲", "misaki.sato@aoi-shoten.example", 9)
YAMAMOTO = Person("山本 浩", "h.yamamoto@hoshizora.example", 9)
PLANTS = Person("🌿 Plant Club", "hello@plantclub.example", 1)
SHOP = Person("Kontor & Papier", "post@kontor-papier.example")
ROBOT = Person("", "MAILER-DAEMON@mx.lindenhof.example")
