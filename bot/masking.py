"""What is personal in log lines is masked as they are written: tracebacks too, whoever logs them.

A net under the rule that nothing of a dialogue is logged in the first place. It knows forms, not meanings: e-mails,
phone and card numbers, order numbers, tokens, passwords in URLs, postcodes and streets. A name by itself has no form.
"""

from __future__ import annotations

import logging
import re

_STREET = (r"(?:street|road|lane|avenue|close|drive|court|way|rise|yard|terrace|crescent|place|square|gardens?|hill|"
           r"parade)")
#: In this order: what stands first may hold what comes later.
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = tuple((re.compile(form), name) for form, name in (
    (r"\beyJ[\w-]+\.[\w-]+\.[\w-]*", "[token]"),
    (r"(?i)\bbearer\s+\S+", "bearer [token]"),
    (r"\b[\w-]{16}\.[\w-]{32}(?![\w-])", "[token]"),
    (r"\b(?:ck|cs)_\w+", "[key]"),
    (r"(?<=://)[^\s@:/]*:[^\s@]*@", "[secret]@"),
    (r"[^\s@<>\"'(),:;=&?/\[\]]+%40[\w.-]+", "[e-mail]"),
    (r"[^\s@<>\"'(),:;=\[\]]+@[^\s@<>\"'(),:;\[\]]+\.[^\s@<>\"'(),:;\[\].]+", "[e-mail]"),
    (r"(?<![\w.-])\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}(?![\w-])", "[card]"),
    (r"(?<![\w.])\+\d[\d\s()./-]{6,16}\d", "[phone]"),
    (r"(?<![\w.:-])0\d[\d ()/-]{7,13}\d(?![\w:])", "[phone]"),
    (r"(?i)(?<![\w-])[a-z]{2}[ -]?\d{6}(?![\w-])", "[order]"),
    (r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b", "[postcode]"),
    (rf"(?i)\b\d{{1,4}}[a-z]?,? (?:[\w'’]+ ){{1,3}}{_STREET}\b", "[address]"),
    (rf"(?i)\b\d{{1,4}}[a-z]?,? [\w'’]+ ?{_STREET}\b", "[address]"),
))


def mask(text: str) -> str:
    """The text with everything of a personal form replaced by its name in brackets."""
    for form, name in _FORMS:
        text = form.sub(name, text)
    return text


class Masking(logging.Formatter):
    """Formats as another formatter does, and masks the whole of it."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return mask(self._inner.format(record))


def install() -> None:
    """Puts the mask over every handler of the root logger; again is no harm."""
    for handler in logging.getLogger().handlers:
        if not isinstance(handler.formatter, Masking):
            handler.setFormatter(Masking(handler.formatter or logging.Formatter()))
