"""Actions run in the assistant's own process, with the answers and the errors that Rasa expects."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.events import Event, SlotSet
from rasa.utils.endpoints import ClientResponseError
from rasa_sdk.interfaces import ActionExecutionRejection

from bot.assistant import actions_in_process
from bot.assistant.actions_in_process import ActionsInProcess

SLOT = {"event": "slot", "name": "failed", "value": 1}


def call(name: str, **message: Any) -> dict[str, Any]:
    return {"next_action": name, "sender_id": "c", "version": "x",
            "tracker": {"sender_id": "c", "slots": {}, "latest_message": {"text": "x", **message}, "events": [],
                        "paused": False, "followup_action": None, "active_loop": {}, "latest_action_name": None}}


@pytest.fixture(scope="module")
def endpoint() -> ActionsInProcess:
    return ActionsInProcess()


async def test_an_actions_answer_is_what_a_server_would_send(endpoint: ActionsInProcess) -> None:
    told = await endpoint.request(json=call("action_abstain", judgement={"route": "out_of_scope"}))
    assert told["events"] == [{"event": "slot", "timestamp": None, "name": "failed", "value": 1}]
    (response,) = told["responses"]
    assert response["response"] == "utter_abstain"
    assert response["custom"] == {"evidence": {"route": "out_of_scope"}}


async def test_every_action_of_the_domain_is_there(endpoint: ActionsInProcess) -> None:
    import yaml

    from bot.settings import ROOT

    domain = yaml.safe_load((ROOT / "domain.yml").read_text())
    assert set(domain["actions"]) <= set(endpoint.executor.actions)


async def test_an_action_that_fails_ends_with_people(
    endpoint: ActionsInProcess, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def breaks(*_: Any) -> list[Any]:
        raise LookupError("the shop is away")

    monkeypatch.setitem(endpoint.executor.actions, "action_abstain", breaks)
    told = await endpoint.request(json=call("action_abstain"))
    assert told["events"] == [] and told["responses"][0]["response"] == "utter_trouble"
    assert told["responses"][0]["custom"]["handoff"]["reason"] == "the action action_abstain failed"
    assert "the shop is away" in caplog.text


async def test_an_unknown_action_ends_with_people(endpoint: ActionsInProcess) -> None:
    told = await endpoint.request(json=call("action_nowhere"))
    assert told["responses"][0]["response"] == "utter_trouble"


async def test_a_refusal_is_the_error_that_rasa_takes_as_one(
    endpoint: ActionsInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuses(*_: Any) -> list[Any]:
        raise ActionExecutionRejection("action_abstain", "not now")

    monkeypatch.setitem(endpoint.executor.actions, "action_abstain", refuses)
    with pytest.raises(ClientResponseError) as refused:
        await endpoint.request(json=call("action_abstain"))
    assert refused.value.status == 400 and '"action_name": "action_abstain"' in refused.value.text


def test_the_check_that_rasa_repeats_is_left_out() -> None:
    original = RemoteAction._validate_action_result
    try:
        actions_in_process.install()
        assert RemoteAction("a", None)._validate_action_result({"events": [SLOT], "responses": [{}]})
        assert Event.from_parameters(SLOT) == SlotSet("failed", 1)
        assert Event.resolve_by_type("slot") is SlotSet
        with pytest.raises(ValueError, match="no such thing"):
            Event.from_parameters({"event": "no such thing"})
    finally:
        RemoteAction._validate_action_result = original
