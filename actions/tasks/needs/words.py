"""What somebody wants to tell the shop."""

from __future__ import annotations

from dataclasses import dataclass

from actions.tasks import finding
from actions.tasks.task import NOTHING, WITHIN, Context, Say


@dataclass(frozen=True)
class Words:
    """What somebody wants to tell the shop. A first message with something in it is enough."""

    name: str = "text"

    def hear(self, ctx: Context, asked: bool) -> int:
        if ctx.value("text") and not asked:
            return NOTHING
        enough = len(ctx.text.split()) >= (3 if asked else 7)
        # "Can I do that anonymously?" is asked of us, and not of whoever reads complaints.
        if enough and not (finding.is_question(ctx.text) and len(ctx.text.split()) < 14):
            ctx.state.values["text"] = ctx.text[:4000]
            return WITHIN
        return NOTHING

    async def settle(self, ctx: Context) -> Say | None:
        return None if ctx.value("text") else Say(f"utter_ask_{ctx.value('kind')}")
