import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mime.limits import MAX_FILENAME_CHARS
from app.mime.parameters import filename, join_parameters, parse_parameters, safe_filename


@pytest.mark.parametrize(
    ("raw", "value", "parameters"),
    [
        (b"text/plain", "text/plain", {}),
        (b"Text/HTML; Charset=UTF-8", "text/html", {"charset": "UTF-8"}),
        (b'a/b; x="q;\\"r"; y=z', "a/b", {"x": 'q;"r', "y": "z"}),
        (b"attachment; filename*=utf-8''na%C3%AFve%20file.txt", "attachment", {"filename": "naïve file.txt"}),
        (b'a; f*0="one "; f*1=two; f*2*=%20%C3%A9', "a", {"f": "one two é"}),
        (b"a; f*0*=iso-8859-1'de'%FC; f*1=x; f=old", "a", {"f": "üx"}),
        (b"a; f*1=b; f*0=a; f*3=d", "a", {"f": "ab"}),
        (b"a; f*0*=utf-8''%E6%97; f*1*=%A5", "a", {"f": "日"}),
        (b'a; filename="=?utf-8?q?=C3=BC.txt?="', "a", {"filename": "ü.txt"}),
        (b'a; name="J\xfcrgen.txt"', "a", {"name": "Jürgen.txt"}),
        ('a; name="Jürgen.txt"'.encode(), "a", {"name": "Jürgen.txt"}),
        (b"a; name=my file.pdf; b=c", "a", {"name": "my file.pdf", "b": "c"}),
        (b'a; name="unclosed; b=c', "a", {"name": "unclosed", "b": "c"}),
        (b"a; x=1; x=2", "a", {"x": "1"}),
        (b"a;;; =x; y; z=", "a", {"z": ""}),
        (b"text/plain (comment); a=b", "text/plain", {"a": "b"}),
        (b'a/b;\r\n\tboundary="x\r\n y"', "a/b", {"boundary": "x y"}),
        (b"", "", {}),
        (None, "", {}),
    ],
)
def test_parameters(raw: bytes | None, value: str, parameters: dict[str, str]) -> None:
    assert parse_parameters(raw) == (value, parameters)


def test_pairs_of_a_bodystructure_are_joined_alike() -> None:
    assert join_parameters([("NAME*0*", b"utf-8''a%20"), ("name*1", b"b")]) == {"name": "a b"}


@given(st.binary(max_size=200))
def test_no_value_raises(raw: bytes) -> None:
    parse_parameters(b"a/b;" + raw)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a.txt", "a.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Temp\\x.doc", "x.doc"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("..", None),
        ("/", None),
        (" . ", None),
        ("a" * 300 + ".pdf", "a" * 251 + ".pdf"),
        ("folder/", "folder"),
        ("trailing. ", "trailing"),
    ],
)
def test_filenames_are_made_safe(name: str, safe: str | None) -> None:
    assert safe_filename(name) == safe


def test_which_name_holds() -> None:
    assert filename({"filename": "a"}, {"name": "b"}) == "a"
    assert filename({}, {"name": "b"}) == "b"
    assert filename({"filename": "/"}, {"name": "b"}) == "b"
    assert filename({}, {}) is None


@given(st.text(max_size=400))
def test_a_filename_has_no_path_and_is_bounded(name: str) -> None:
    safe = safe_filename(name)
    assert safe is None or (len(safe) <= MAX_FILENAME_CHARS and "/" not in safe and "\\" not in safe and safe != "..")
