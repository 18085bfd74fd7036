"""Every Redis key of Frontdesk, what it holds and how long it lives. No other module spells a key out.

``C`` stands for a conversation id. Times are seconds since 1970 by the Redis server's clock, so that several
processes on several machines agree. Nothing that a customer was told is "sent" expires by itself: conversations are
dropped by :mod:`bot.conversations.store` only after the archiver has copied them to SQL.

==========================  =======  =====================================================================
key                         type     holds
==========================  =======  =====================================================================
``fd:c:C``                  hash     state: owner, agent, agent_name, team, epoch, created, updated, token (SHA-256),
                                     page, locale, browser, waiting_since, why, work (``ready``/``leased``/absent),
                                     lease, attempts (at the turn that waits), taken (how many messages that is),
                                     commits (bot turns so far), heard (last seq the bot's tracker knows),
                                     committed and committed_seq (lease and last seq of the newest bot turn),
                                     change (token of the last change of owner by staff), customer (who it is, as
                                     JSON, once they have proved it: :mod:`bot.conversations.customer`); and of the
                                     desk: handed (when it came to people), routed (``1`` once a team was chosen),
                                     skill, priority, tags (JSON), due_first, due_solve (targets of the team), placed
                                     (what they count from: when it came to the team),
                                     answered (first reply since the team has it), first_reply (since handed),
                                     answer_within (seconds its agent has), answer_by, spoke (who wrote last: customer
                                     or agent), front (``1``: given back), snoozed (until when), last_agent, back_to
                                     (agent who gets it again), passed (agent who did not answer), mentions (agents
                                     who have not read it, by comma), closed_by, closed_at, outcome, product, fault,
                                     cause, merged_into, rating (JSON), via (``mail``), contact (JSON: where
                                     answers go), tokens (SHA-256 of further tokens, by space), was (id of the customer
                                     whose it stays until it is proved again), introduced (when it was, while closed),
                                     proved (SHA-256 of the tokens by which the page said who it is, by space),
                                     mark (token of the last change of these)
``fd:c:C:log``              list     the records as JSON; the element at index i has seq i + 1
``fd:c:C:ids``              hash     sender's message id -> ``seq digest``, so that one id is one message;
                                     ``helpful:SEQ`` -> ``1`` or ``0``, the newest vote on an answer;
                                     ``letter:SEQ`` -> seq of the last message of the mail that begins with this one;
                                     ``unmailed:SEQ``: that this answer could not be mailed was told
``fd:c:C:turns``            list     seqs of customer messages that the bot has yet to answer
``fd:c:C:tracker``          list     the newest Rasa events as JSON, at most ``TRACKER_EVENTS``
``fd:c:C:slots``            string   Rasa's slots and active loop as JSON after the newest bot turn
``fd:c:C:packet``           string   the newest handoff packet as JSON
``fd:ready``                list     conversations with turns to answer, each at most once
``fd:leases``               zset     conversations in a worker's hands -> when its lease runs out
``fd:bell``                 list     one token per conversation made ready; workers block on it (advice only)
``fd:owned:O``              zset     conversations by owner O (bot, queue, agent, closed) -> time that orders them; of
                                     the queue that is what is due first (``place`` in the scripts)
``fd:queue:T``              zset     the part of the queue that is team T's, in the same order
``fd:queues``               set      teams that ever had a queue
``fd:held:A``               zset     conversations of agent A -> 0, or until when they are snoozed
``fd:snoozed``              zset     snoozed conversations -> until when
``fd:answers``              zset     conversations whose agent has to answer -> by when
``fd:mentions:A``           zset     conversations with a note that mentions agent A -> when, below zero once read
``fd:status``               hash     staff id -> ``away``; who is not in it is there
``fd:waits``                hash     team -> what was learned of its customers' waits, as JSON
``fd:correspondence``       zset     conversations whose customer is answered by mail -> seq up to which they were
``fd:here``                 zset     those of them whose customer has a stream open -> when that was last seen
``fd:read``                 zset     those of them whose customer reads in the chat -> seq up to which they have
``fd:resume:D``             hash     one-time code that was mailed, D is its SHA-256: conversation, used_by
                                     (SHA-256 of the token that it was changed for); ``RESUME_REMEMBERED``
``fd:live``                 channel  records, changes of state and typing, pushed to every desk
``fd:agents``               zset     staff id -> when they were last there; before ``PRESENCE_SECONDS`` means away
``fd:signs``                zset     staff id -> last sign of life of their own; for ``SIGN_SECONDS`` more an open
                                     console keeps them there
``fd:workers``               zset     assistant process -> last sign of life; older than ``PRESENCE_SECONDS`` means gone
``fd:session:D``            string   staff session, D is the SHA-256 of the cookie; ``SESSION_SECONDS`` after last use
``fd:jti:D``                string   conversation that an identity token was used for, D is the SHA-256 of the token's
                                     id; as long as the token is valid
``fd:code:C``               hash     the one-time code mailed to a conversation's customer: digest, customer, tries,
                                     turns that sent, tried and used it; ``CODE_SECONDS``
``fd:key``                  string   random key of our own, which makes codes and digests of them
``fd:limit:N``              string   counter of the rate limit named N; lives for the limit's window
==========================  =======  =====================================================================
"""

PREFIX = "fd:"
READY = "fd:ready"
LEASES = "fd:leases"
BELL = "fd:bell"
LIVE = "fd:live"
AGENTS = "fd:agents"
SIGNS = "fd:signs"
WORKERS = "fd:workers"
QUEUES = "fd:queues"
SNOOZED = "fd:snoozed"
ANSWERS = "fd:answers"
STATUS = "fd:status"
WAITS = "fd:waits"
CORRESPONDENCE = "fd:correspondence"
HERE = "fd:here"
READ = "fd:read"

#: A worker that is silent this long has lost its conversation to another.
LEASE_SECONDS = 15
#: No lease is given for longer: one that ends later was given before the server's clock was set back.
LONGEST_LEASE = 120
#: As long as a desk may be held up between its look at the clock and what it asks by that.
HELD_UP_SECONDS = 60
#: Events kept for a tracker that has to be loaded cold: some ten turns; slots and the active loop are kept apart.
TRACKER_EVENTS = 160
#: Tokens on the bell; more would only wake idle workers for nothing.
BELL_TOKENS = 64
PRESENCE_SECONDS = 30
#: An open console gives a sign every 20 s. Browsers hold up what is out of sight, by a minute and more.
SIGN_SECONDS = 150
#: An agent who is away this long gives back what they hold, unless the settings say otherwise: nobody would answer
#: those customers.
AWAY_SECONDS = 300
#: What has no target of a team stands in the queue as if it were due after this time.
UNDUE_SECONDS = 3600
#: Longer than any wait, and so what stands in front of everybody else.
FRONT = 1_000_000_000
#: A mailed code opens its conversation for so long, once; for longer it is remembered what it was for.
RESUME_SECONDS = 7 * 86400
RESUME_REMEMBERED = 30 * 86400
#: Who proves who they are in a closed conversation need not do so again when they open it within this time.
INTRODUCED_SECONDS = 3600
#: How long an agent may change or take back a message of their own.
AMEND_SECONDS = 60
SESSION_SECONDS = 12 * 3600
CODE_SECONDS = 15 * 60
OUR_KEY = "fd:key"

#: What a conversation is made of: the suffixes of its keys, the state hash's being none. A backup holds these.
PARTS = ("", "log", "ids", "turns", "tracker", "slots", "packet")
OWNERS = ("bot", "queue", "agent", "closed")
#: What else a backup holds, as patterns. The rest is made anew from the conversations, or ends by itself.
KEPT = (CORRESPONDENCE, READ, STATUS, WAITS, OUR_KEY, "fd:mentions:*", "fd:resume:*", "fd:jti:*", "fd:code:*")


def conversation(cid: str) -> str:
    """Key of the state hash; the other keys of a conversation are this one with a suffix."""
    return f"fd:c:{cid}"


def log(cid: str) -> str:
    return f"fd:c:{cid}:log"


def ids(cid: str) -> str:
    return f"fd:c:{cid}:ids"


def turns(cid: str) -> str:
    return f"fd:c:{cid}:turns"


def tracker(cid: str) -> str:
    return f"fd:c:{cid}:tracker"


def slots(cid: str) -> str:
    return f"fd:c:{cid}:slots"


def packet(cid: str) -> str:
    return f"fd:c:{cid}:packet"


def owned(owner: str) -> str:
    return f"fd:owned:{owner}"


def queue(team: str) -> str:
    return f"fd:queue:{team}"


def held(agent: str) -> str:
    return f"fd:held:{agent}"


def mentions(agent: str) -> str:
    return f"fd:mentions:{agent}"


def resume(digest: str) -> str:
    return f"fd:resume:{digest}"


def session(digest: str) -> str:
    return f"fd:session:{digest}"


def code(cid: str) -> str:
    return f"fd:code:{cid}"


def limit(name: str) -> str:
    return f"fd:limit:{name}"
