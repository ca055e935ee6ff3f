import base64
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from app.webhooks.signature import headers, key_of, new_secret

NOW = 1_614_265_330


def test_the_known_answer_of_the_specification() -> None:
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = headers([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", NOW, b'{"test": 2432232314}')
    assert made == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(body=st.dictionaries(st.text(), st.text()), number=st.integers(1, 3))
def test_the_reference_verifier_accepts_each_key_and_no_other(body: dict[str, str], number: int) -> None:
    secrets = [new_secret() for _ in range(number)]
    raw = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode()
    made = headers([key_of(secret) for secret in secrets], "evt_1", int(time.time()), raw)
    assert len(made["webhook-signature"].split(" ")) == number
    for secret in secrets:
        Webhook(secret).verify(raw, made)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(raw, made)
    with pytest.raises(WebhookVerificationError):
        Webhook(secrets[0]).verify(raw + b" ", made)
    with pytest.raises(WebhookVerificationError):
        Webhook(secrets[0]).verify(raw, made | {"webhook-id": "evt_2"})


def test_a_secret_is_32_random_bytes() -> None:
    secrets = {new_secret() for _ in range(50)}
    assert len(secrets) == 50
    assert {len(key_of(secret)) for secret in secrets} == {32}


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "whsec_!!!",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
    ],
)
def test_what_is_no_secret_is_refused_without_repeating_it(secret: str) -> None:
    with pytest.raises(ValueError, match=r"^not a webhook secret$"):
        key_of(secret)
