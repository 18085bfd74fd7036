"""An agent's reply becomes a draft: one, for whoever reads conversations, of what was really said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from desk_harness import Agent, Answer, Customer, Desk


async def draft(agent: Agent, cid: str, seq: Any) -> Answer:
    return await agent.desk.call("POST", "/api/editor/drafts", headers=agent.headers, json={"conversation": cid, "seq": seq})


async def test_a_reply_becomes_one_draft(
    desk: Desk, customer: Customer, agent: Agent, hand_off: Callable[..., Awaitable[None]]
) -> None:
    await customer.say("m1", "Hello")
    await customer.say("m2", "Can you *engrave* the kettle? Mail me: ada@shop.example")
    await hand_off()
    await agent.act(customer.cid, "claim")
    said = (await agent.act(customer.cid, "messages", {"id": "r1", "text": "Yes, up to 12 letters.\n# see <b>the shop</b>"})).json["seq"]
    made = await draft(agent, customer.cid, said)
    assert made.status == 200 and made.json["created"] is True
    again = await draft(agent, customer.cid, said)
    assert (again.status, again.json) == (200, {**made.json, "created": False})
    editor = await desk.agent("Edith", "editor")
    kept = (await desk.call("GET", f"/api/editor/entries/{made.json['entry']}", headers=editor.headers)).json
    assert kept["status"] == "draft" and kept["updated_by"] == "Ada"
    assert kept["fields"]["question"] == "Can you *engrave* the kettle? Mail me: [e-mail]"
    shown = (await desk.call("POST", "/api/editor/preview", headers=editor.headers, json={"answer": kept["fields"]["answer"]})).json["html"]
    assert "# see &lt;b&gt;the shop&lt;/b&gt;" in shown and "<h1" not in shown and "<b>" not in shown

    for seq in (1, 0, -3, 10**12):
        assert (await draft(agent, customer.cid, seq)).code == "bad_field", seq
    assert (await draft(agent, "no-such-one", said)).code == "not_found"
    assert (await draft(editor, customer.cid, said)).code == "forbidden"
    await agent.act(customer.cid, f"messages/{said}/delete")
    assert (await draft(agent, customer.cid, said)).code == "bad_field", "what was taken back became a draft"


async def test_a_reply_to_nothing_is_refused(customer: Customer, agent: Agent, hand_off: Callable[..., Awaitable[None]]) -> None:
    await customer.say("m1", "🏕")
    await hand_off()
    await agent.act(customer.cid, "claim")
    assert (await draft(agent, customer.cid, "1")).code == "bad_field"
