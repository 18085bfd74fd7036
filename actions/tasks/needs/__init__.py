"""The needs of tasks: each hears what a message gives, and settles by looking at the shop or asks one question."""

from actions.tasks.needs.account import Contact, NewValue
from actions.tasks.needs.cards import Card
from actions.tasks.needs.choices import REASON, Option
from actions.tasks.needs.delivery import When, Where
from actions.tasks.needs.items import HowMany, WhichItem, WhichItems, WhichVariant
from actions.tasks.needs.orders import WhichOrder, refusal
from actions.tasks.needs.who import Who
from actions.tasks.needs.words import Words

__all__ = ["REASON", "Card", "Contact", "HowMany", "NewValue", "Option", "When", "Where", "WhichItem", "WhichItems",
           "WhichOrder", "WhichVariant", "Who", "Words", "refusal"]
