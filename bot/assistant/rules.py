"""Rasa's rule policy, looking back no further than the longest rule does."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

from rasa.core.policies.rule_policy import RULES, RULES_FOR_LOOP_UNHAPPY_PATH, RulePolicy
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import ActionExecuted
from rasa.shared.core.trackers import DialogueStateTracker

#: Kinds of situation for which the fitting rules are remembered.
_FITTING = 2000


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class BoundedRulePolicy(RulePolicy):
    """Predicts what :class:`RulePolicy` predicts.

    That one makes a state of every step of the conversation, twice at each prediction, and tests all rules against all
    of them; but a state that lies further back than a rule is long decides nothing, and a text decides nothing where no
    rule has one.
    """

    #: States that can matter; None while training, when rules are still being made.
    _reach: int | None = None
    _texts: bool = True
    _fitting: OrderedDict[str, set[str]]

    @classmethod
    def load(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
        execution_context: ExecutionContext, **kwargs: Any,
    ) -> BoundedRulePolicy:
        policy: BoundedRulePolicy = super().load(config, model_storage, resource, execution_context, **kwargs)
        keys = [*policy.lookup.get(RULES, {}), *policy.lookup.get(RULES_FOR_LOOP_UNHAPPY_PATH, {})]
        rules = [policy._rule_key_to_state(key) for key in keys]
        policy._reach = max(map(len, rules), default=1)
        policy._texts = any("text" in state.get("user", {}) for rule in rules for state in rule)
        policy._fitting = OrderedDict()
        return policy

    def _get_possible_keys(self, lookup: dict[str, str], states: list[State]) -> set[str]:
        if self._reach is None:
            fitting: set[str] = super()._get_possible_keys(lookup, states)
            return fitting
        named = f"{lookup is self.lookup[RULES]}{json.dumps(states, default=list)}"
        if named not in self._fitting:
            self._fitting[named] = super()._get_possible_keys(lookup, states)
            if len(self._fitting) > _FITTING:
                self._fitting.popitem(last=False)
        self._fitting.move_to_end(named)
        return self._fitting[named]

    def format_tracker_states(self, states: list[State]) -> str:
        """Rasa writes the states out at each prediction, for a log line of its own debugging."""
        return ""

    def _find_action_from_rules(
        self, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
    ) -> tuple[str | None, str | None, bool]:
        if use_text_for_last_user_input and not self._texts:
            return None, None, False
        found: tuple[str | None, str | None, bool] = super()._find_action_from_rules(
            tracker, domain, use_text_for_last_user_input
        )
        return found

    def _prediction_states(
        self, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool = False,
        rule_only_data: dict[str, Any] | None = None,
    ) -> list[State]:
        if self._reach is None:
            states: list[State] = super()._prediction_states(
                tracker, domain, use_text_for_last_user_input, rule_only_data
            )
            return states
        applied = tracker.applied_events()
        # A state stands before each action, and one at the end.
        early = sum(event.type_name == ActionExecuted.type_name for event in applied) + 1 - self._reach
        now = tracker.init_copy()
        states = []
        for event in applied:
            if event.type_name == ActionExecuted.type_name:
                if early <= 0:
                    states.append(domain.get_active_state(now))
                early -= 1
            now.update(event)
        states.append(domain.get_active_state(now))
        self.featurizer._choose_last_user_input([states], use_text_for_last_user_input)
        return states
