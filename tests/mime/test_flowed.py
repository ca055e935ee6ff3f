from hypothesis import given
from hypothesis import strategies as st

from app.mime.flowed import unflow


def test_soft_breaks_join_within_a_quote_depth() -> None:
    assert unflow("one \ntwo\n> q1 \n> q2\n>> deep \nplain") == "one two\n> q1 q2\n>> deep \nplain"


def test_delsp_takes_the_space() -> None:
    assert unflow("日本 \n語", delsp=True) == "日本語"


def test_a_signature_is_never_joined() -> None:
    assert unflow("bye \n-- \nMe \nhere") == "bye \n-- \nMe here"


def test_space_stuffing_is_taken_off() -> None:
    assert unflow(" From me\n >not quoted") == "From me\n>not quoted"


@given(st.text(alphabet="ab >\n-", max_size=80))
def test_words_and_their_order_stay(text: str) -> None:
    assert [char for char in unflow(text) if char in "ab"] == [char for char in text if char in "ab"]
    assert unflow(text).count("\n") <= text.count("\n")
