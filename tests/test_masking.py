"""Personal data does not get into logs."""

from __future__ import annotations

import io
import logging

import pytest

from bot.masking import Masking, install, mask


@pytest.mark.parametrize(("text", "masked"), [
    ("mail to Amara.Okafor+x@Example.co.uk, now", "mail to [e-mail], now"),
    ("siobhán@exämple.ie", "[e-mail]"),
    ("GET https://shop.example/customers?email=amara.okafor%40example.com&role=all",
     "GET https://shop.example/customers?email=[e-mail]&role=all"),
    ("redis://:Zk9/aB+c@cache:1/0", "redis://[secret]@cache:1/0"),
    ("call +44 7700 900142 or (0)", "call [phone] or (0)"),
    ("07700 900142", "[phone]"), ("0800-555-0142.", "[phone]."), ("+49 (30) 23125-407", "[phone]"),
    ("order LM-104233 and lm 104233, LM104233", "order [order] and [order], [order]"),
    ("card 6035 7100 4881 2204", "card [card]"), ("6035710048812204", "[card]"),
    ("Authorization: Bearer abc.def", "Authorization: bearer [token]"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJDLTEifQ.c2ln", "[token]"),
    ("redis://user:hush@127.0.0.1:6379/0", "redis://[secret]@127.0.0.1:6379/0"),
    ("ck_0a1b2c:cs_3d4e5f", "[key]:[key]"),
    ("27 Tanner's Rise, Leeds LS7 4QX", "[address], Leeds [postcode]"),
    ("12 High Street", "[address]"), ("14 Damson Close", "[address]"),
])
def test_what_is_personal_by_its_form_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize("line", [
    "2026-11-24 04:32:02,679 INFO bot.desk: the desk listens on http://127.0.0.1:8080",
    "assistant host-4711-a1b2c3 is ready after 12.3 s",
    "turn wQx8rT2kLm0aZ9yB-17 was lost: nothing of it was kept",
    "snapshot 20261124-043202-9f8e7d6c, 1,204 questions, alpha 0.05, 0.0123456789",
    "epoch 3, seq 100234, pid 104233, 0.25 s, 100 %",
])
def test_what_operators_need_stays(line: str) -> None:
    assert mask(line) == line


def test_tracebacks_and_arguments_are_masked_too() -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(Masking(logging.Formatter("%(levelname)s %(message)s")))
    log = logging.Logger("test")
    log.addHandler(handler)
    try:
        raise ValueError("no such customer: amara@example.com, LM-104233")
    except ValueError:
        log.exception("failed for %s", "tomasz@example.org")
    told = out.getvalue()
    assert "Traceback" in told and "[e-mail], [order]" in told
    assert "amara" not in told and "tomasz" not in told and "104233" not in told


def test_it_is_put_over_every_handler_once(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    plain, formatted = logging.StreamHandler(), logging.StreamHandler()
    formatted.setFormatter(logging.Formatter("%(name)s"))
    monkeypatch.setattr(root, "handlers", [plain, formatted])
    install()
    first = [handler.formatter for handler in root.handlers]
    install()
    assert [handler.formatter for handler in root.handlers] == first
    assert all(isinstance(formatter, Masking) for formatter in first)
