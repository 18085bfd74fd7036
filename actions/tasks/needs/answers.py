"""What needs have in common: how well an answer answers, and how many choices fit under a question."""

from __future__ import annotations

from actions.tasks import finding
from actions.tasks.task import ALONE, WITHIN, Context

#: Choices that fit under a question.
CHOICES = 5
SHORT = 6


def strength(text: str) -> int:
    return ALONE if len(text.split()) <= SHORT else WITHIN


def order_numbers(ctx: Context, asked: bool) -> list[str]:
    """The order numbers that a message names. What has a hash in an address is a flat's."""
    text = ctx.text.replace("#", " ") if ctx.state.asked == "address" else ctx.text
    return ctx.numbers.found(text, asked or _is_number(ctx))


def _is_number(ctx: Context) -> bool:
    """Whether digits in the message that begins a task are an order's: alone, or beside an e-mail address."""
    return not ctx.state.asked and (ctx.text.strip(" .,!?#").isdigit() or finding.email(ctx.text) is not None)
