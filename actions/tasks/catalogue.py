"""All tasks, by the intent that starts them. :mod:`bot.judgement.tasks` names the same ones for the router."""

from __future__ import annotations

from actions.tasks import doings
from actions.tasks.needs import (
    REASON,
    Card,
    Contact,
    HowMany,
    NewValue,
    Option,
    When,
    Where,
    WhichItem,
    WhichItems,
    WhichOrder,
    WhichVariant,
    Who,
    Words,
)
from actions.tasks.task import Need, Task

#: What tells that something else is to be changed than was understood.
_ELSE = r"\A\W*no\b|\b(?:actually|instead|rather|mean|meant)\b|\bnot (?:the|my)\b"
_WHAT_DELIVERY = Option("what", "utter_ask_what_delivery", (
    ("address", r"add?ress|postcode|post code|street|\bmoved\b|moving|house|flat|neighbour|somewhere else|"
                r"(?:deliver(?:ed)?|send|post|ship) (?:(?:it|them|that|this|everything|(?:the|my) \w+) )?to\b|"
                r"\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}\b|"
                r"go to|\bto (?:my|our|the) (?:work|office|home|mum|parents)"),
    ("slot", r"\bday\b|date|slot|time|later|earlier|sooner|tomorrow|week|monday|tuesday|wednesday|thursday|friday|"
             r"saturday|sunday|"
             r"morning|afternoon|hold|postpone|delay|away|holiday|window|\d(?:st|nd|rd|th)\b"),
), anew=_ELSE, drops=("address", "slot"))
_WHAT_ACCOUNT = Option("what", "utter_ask_what_account", (
    ("email", r"e-?mail|mail address"),
    ("phone", r"phone|mobile|number|cell|tel\b"),
    ("address", r"add?ress|postcode|street|moved|moving"),
    ("name", r"name|surname|married|divorce|spel"),
), anew=_ELSE, drops=("value", "more", "address"))
_NEWSLETTER = Option("on", "utter_ask_newsletter", (
    ("off", r"unsub|off\b|stop|leave|remove|cancel|no more|"
            r"don'?t (?:want|send|e-?mail|mail|contact)|any ?more\b|opt[- ]?out|"
            r"spam|junk|quit|too (?:many|much)|"
            r"fed up|sick of|tired of|end\b|without|delete|out of|bombard|flood|clog|annoy"),
    # "I'm getting all these mails" wants nothing turned on.
    ("on", r"subscri|sign (?:me )?up|join|(?:turn|switch|put)\b.*\bon\b|\A\W*on\W*\Z|\badd me|opt[- ]?in|"
           r"(?:want|like|love|can i|could i) (?:to )?(?:get|receive|have)|start (?:send|gett|receiv)|send me|"
           r"(?:get|receive|have) (?:the|your|it|them)"),
    # "Cancel my order" is no answer to "on or off?".
), unless=r"\b(?:orders?|account|member\w*|circle|club|chat|parcel|delivery|card|returns?)\b"
          r"(?!.*\b(?:newsletter|e-?mails?|mails)\b)")
_TROUBLE_LOCKED = Option("trouble", "utter_ask_trouble", (
    ("two_factor", r"two[- ]?factor|2fa|authenticat|\bcode\b|otp|verification|\btexts?\b|sms|backup code|"
                   r"(?:6|six)[- ]digits?"),
    ("user_name", r"user ?name|login name|which (?:e-?mail|address)|what (?:e-?mail|address)|(?:forgot|"
                  r"don'?t (?:know|remember)) (?:my |the |which )?(?:e-?mail|user|login)"),
    ("unlock", r"lock|block|suspend|too (?:many|often)|attempts|disabled|"
               r"wrong\b.{0,20}\b(?:times|tries)"),
    ("password", r"pass|pasw|\bpw\b|pwd|reset|log ?in|sign ?in|get in|access"),
))

_RETURN = Task((Who(), WhichOrder("return"), WhichItems(), REASON), doings.give_back, doings.read_return,
               spoken="returned refunded sending sent goes item items order", acts="return refund send setup",
               acts_on="order")
_SIGN_IN = Task((_TROUBLE_LOCKED, Contact()), doings.help_sign_in, takes_email=True)
_FEEDBACK: tuple[Need, ...] = (Words(),)

TASKS: dict[str, Task] = {
    "track_order": Task((Who(), WhichOrder(fits=doings.is_open, many=True)), doings.tell_status),
    "get_invoice": Task((Who(), WhichOrder("invoice")), doings.send_invoice),
    "change_delivery": Task(
        (_WHAT_DELIVERY, Who(), WhichOrder("change_{what}"), Where(only="address"), When(only="slot")),
        doings.change_delivery, doings.read_delivery,
        spoken="change move send deliver delivery address day date time slot order new",
    ),
    "change_order": Task((Who(), WhichOrder("change_quantity"), WhichItem(), HowMany()),
                         doings.change_quantity, doings.read_quantity,
                         spoken="change make order quantity"),
    "cancel_order": Task((Who(), WhichOrder("cancel")), doings.cancel, doings.read_cancel,
                         spoken="cancelled canceled cancelling stop order", acts="cancel", acts_on="order"),
    "return_item": _RETURN,
    "request_refund": _RETURN,
    "refund_status": Task((Who(), WhichOrder(fits=lambda order: bool(order.refunds), many=True)), doings.tell_refund),
    "exchange_item": Task((Who(), WhichOrder("exchange"), WhichItem(), WhichVariant()),
                          doings.exchange, doings.read_exchange,
                          spoken="exchanged change goes order in", acts="exchange swap replace setup", acts_on="order"),
    "edit_account": Task((_WHAT_ACCOUNT, Who(account=True), NewValue(), Where(only="address")),
                         doings.edit_account, doings.read_account, takes_email=True,
                         spoken="change account details new {what}", acts="update", acts_on="account"),
    "newsletter": Task((_NEWSLETTER, Who(account=True)), doings.newsletter),
    "reset_password": _SIGN_IN,
    "unlock_account": _SIGN_IN,
    "close_account": Task((Who(account=True),), doings.close_account, doings.read_close,
                          spoken="closed deleted account data", acts="close delete", acts_on="account"),
    "membership_status": Task((Who(account=True),), doings.tell_membership),
    "gift_card_balance": Task((Card(),), doings.tell_gift_card),
    "complaint": Task(_FEEDBACK, doings.take_down, takes_email=True),
    "praise": Task(_FEEDBACK, doings.take_down, takes_email=True),
    "leave_review": Task(_FEEDBACK, doings.take_down, takes_email=True),
}

#: What a task knows from the start.
GIVEN: dict[str, dict[str, str]] = {
    "complaint": {"kind": "complaint"}, "praise": {"kind": "praise"}, "leave_review": {"kind": "recommendation"},
}
