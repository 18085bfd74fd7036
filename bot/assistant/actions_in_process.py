"""Runs the SDK's actions in the assistant's own process, without an action server.

Rasa 3.6 has no executor of its own kind; an endpoint that answers `request` itself is all it takes. Rasa also checks
every action's answer against a constant JSON schema that it compiles anew each time, some 50 ms of CPU; :func:`install`
leaves that out. It touches a private method of Rasa 3.6.21, so tests/assistant pins the version.
"""

from __future__ import annotations

import json
import logging
import pkgutil
from functools import lru_cache
from importlib import import_module
from typing import Any

from rasa.core.actions.action import RemoteAction
from rasa.shared.core.events import Event
from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection

import actions

log = logging.getLogger(__name__)


def import_actions() -> None:
    """Imports all modules in which actions may stand, as the SDK does; not the backends of shops that are not in use,
    which want an HTTP client or a server."""
    for module in pkgutil.walk_packages(actions.__path__, "actions."):
        if not module.name.startswith("actions.shop."):
            import_module(module.name)


class ActionsInProcess(EndpointConfig):
    """An action endpoint whose requests are calls.

    An action that fails must not leave a customer without an answer (Rasa would go on with none): the answer then is
    that something went wrong, and a person takes over.
    """

    def __init__(self) -> None:
        # A selective domain keeps Rasa from sending the whole domain along with each call.
        super().__init__(url="in-process", enable_selective_domain=True)
        import_actions()
        self.executor = ActionExecutor()
        self.executor._register_all_actions()

    async def request(self, method: str = "post", subpath: str | None = None, content_type: str | None = None,
                      compress: bool = False, return_method: str = "json", **kwargs: Any) -> Any:
        call = kwargs["json"]
        try:
            return await self.executor.run(call)
        except ActionExecutionRejection as rejection:
            told = json.dumps({"action_name": rejection.action_name, "error": rejection.message})
            raise ClientResponseError(400, rejection.message, told) from rejection
        except Exception:
            log.exception("the action %s failed; the conversation goes to a person", call.get("next_action"))
            handoff = {"team": "service", "reason": f"the action {call.get('next_action')} failed", "judgement": {}}
            return {"events": [], "responses": [{"response": "utter_trouble", "custom": {"handoff": handoff}}]}


def install() -> None:
    """Takes out what Rasa does at each action and nobody here needs: the check of the answer against a schema, since
    the SDK has checked the events and Rasa refuses those that it cannot read, and the search through all classes for
    the one of an event."""

    def valid(self: RemoteAction, result: dict[str, Any]) -> bool:
        return True

    RemoteAction._validate_action_result = valid
    if not hasattr(Event.resolve_by_type, "cache_info"):
        Event.resolve_by_type = staticmethod(lru_cache(maxsize=None)(Event.resolve_by_type))
