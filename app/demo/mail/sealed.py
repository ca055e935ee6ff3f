"""Signed and encrypted mail (RFC 3156). Signature and cipher text are real ones of a key made for nothing else."""

from datetime import datetime
from email.utils import format_datetime

from app.demo.mail.compose import digest
from app.demo.mail.desk import FLAGGED, UNREAD, Desk, trace
from app.demo.mail.people import ANA, JONAS

#: What the signature covers, to the byte: header fields and text, CRLF included.
SIGNED_PART = (
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
    "Hi Ana,\r\n"
    "\r\n"
    "as promised, my new key is attached to this message (the old laptop is gone).\r\n"
    "From today on I sign everything that has to do with contracts, so if a mail\r\n"
    "about money comes from me without a signature: call me first.\r\n"
    "\r\n"
    "The Brandt contract is checked. Two small things: clause 4 still says =E2=80=9C2025=E2=80=9D,\r\n"
    "and the payment plan adds up to 101 percent. I corrected both.\r\n"
    "\r\n"
    "Jonas\r\n"
)

SIGNATURE = """\
-----BEGIN PGP SIGNATURE-----

iHUEABYKAB0WIQRvgN6O1ESEMDy1gy2snbd7/Cxf0gUCawQBUwAKCRCsnbd7/Cxf
0nA0AP9fDZ5phpgloJevrChfPEWeSCoxwJ+DL3h1IZ+/lRxnoQD+MZaq5Vz6pxv4
KDyUYUJcN4lKdCF3gHJaQjFvCsWQcAU=
=0CFx
-----END PGP SIGNATURE-----
"""

_CIPHER_TEXT = """\
-----BEGIN PGP MESSAGE-----

hF4DFl9+5KyYnFkSAQdAYjTiZtinIEL/KhGCsx5udA+6pL8YuI8QtGHcZnLzl2Iw
s+xblOl+RuIZrPVNsv3ACWqflTMI8uGzJnfDQdwHlqqP5uui+PqQ3r5OboEF1FBK
0sAbAatgeWxBlGMTaleeXpqMDhEh72JmpWCulJi0gKbJQjJt9cqEst66MjioP68l
9WrW+26uhYd6WDOY6fizikkmzI0fq5ov2/BZCz/BnzR+aS6LqzeaW43FfJZxK28V
bWnr5ndjOSr+QsNjJ1dR+bq1W0OfdkoRqsjtPy0d72+RC6c39pEmFlDeLwvpAdCM
8qQgqA8IzNygmbScwk11fJIwTQQJ7lkWyb6IAUOwKulqARhRX92yfQvMzqeUM5mN
EtjCE2yFqDzaZY35Dt3RK6n+GtiZj8iVh0h8soeR
=09to
-----END PGP MESSAGE-----
"""


def add(desk: Desk) -> None:
    """File one signed and one encrypted message, written as bytes: a signature does not survive a rewrite."""
    at = desk.ago(days=3, hours=4)
    boundary = "=_" + digest("signed", at.isoformat())
    signed = (
        f"Content-Type: multipart/signed; micalg=pgp-sha512;\r\n"
        f' protocol="application/pgp-signature"; boundary="{boundary}"\r\n\r\n'
        f"This is an OpenPGP/MIME signed message (RFC 3156).\r\n"
        f"--{boundary}\r\n{SIGNED_PART}\r\n--{boundary}\r\n"
        'Content-Type: application/pgp-signature; name="signature.asc"\r\n'
        "Content-Description: OpenPGP digital signature\r\n"
        'Content-Disposition: attachment; filename="signature.asc"\r\n\r\n'
        f"{_crlf(SIGNATURE)}\r\n--{boundary}--\r\n"
    )
    head = _head("New key, and the Brandt contract", desk, at)
    desk.raw("INBOX", at, head + signed.encode("ascii"), "signed", flags=FLAGGED)

    at = desk.ago(hours=30)
    boundary = "=_" + digest("encrypted", at.isoformat())
    encrypted = (
        "Content-Type: multipart/encrypted;\r\n"
        f' protocol="application/pgp-encrypted"; boundary="{boundary}"\r\n\r\n'
        "This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)\r\n"
        f"--{boundary}\r\nContent-Type: application/pgp-encrypted\r\n"
        "Content-Description: PGP/MIME version identification\r\n\r\nVersion: 1\r\n\r\n"
        f'--{boundary}\r\nContent-Type: application/octet-stream; name="encrypted.asc"\r\n'
        "Content-Description: OpenPGP encrypted message\r\n"
        'Content-Disposition: inline; filename="encrypted.asc"\r\n\r\n'
        f"{_crlf(_CIPHER_TEXT)}\r\n--{boundary}--\r\n"
    )
    desk.raw("INBOX", at, _head("...", desk, at) + encrypted.encode("ascii"), "encrypted", flags=UNREAD)


def _head(subject: str, desk: Desk, at: datetime) -> bytes:
    fields = (
        f"Date: {format_datetime(JONAS.clock(at))}\r\nFrom: {JONAS.spelled()}\r\nTo: {ANA.spelled()}\r\n"
        f"Subject: {subject}\r\nMessage-ID: <{digest(subject, at.isoformat())}@lindenhof.example>\r\nMIME-Version: "
        f"1.0\r\n"
    )
    return trace(JONAS, desk.owner, at) + fields.encode("ascii")


def _crlf(armour: str) -> str:
    return armour.replace("\n", "\r\n")
