"""What the assistant does. Runs in the assistant's own process; `rasa run actions` serves it for Rasa's own tools."""

from actions.answer import ActionAbstain, ActionAnswer, ActionClarify
from actions.handoff import ActionHandoff
from actions.tasks.form import ActionAskTask, ActionTaskBegin, ActionTaskEnd, ValidateTaskForm

__all__ = [
    "ActionAbstain", "ActionAnswer", "ActionAskTask", "ActionClarify", "ActionHandoff", "ActionTaskBegin",
    "ActionTaskEnd", "ValidateTaskForm",
]
