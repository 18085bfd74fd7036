"""What can go wrong with a live conversation; each lost race has a name of its own."""


class ConversationError(Exception):
    """Base of all errors of this package."""


class Missing(ConversationError):
    """There is no conversation with this id."""

    def __init__(self, cid: str) -> None:
        super().__init__(f"no conversation {cid!r}")
        self.cid = cid


class Stale(ConversationError):
    """Somebody else changed the owner first; `owner`, `agent` and `name` say who has it now."""

    def __init__(self, owner: str, agent: str, name: str) -> None:
        super().__init__(f"the conversation belongs to {name or owner} now")
        self.owner = owner
        self.agent = agent
        self.name = name


class AtCapacity(ConversationError):
    """An agent has as many conversations as they may have; `load` says how many."""

    def __init__(self, name: str, load: int) -> None:
        super().__init__(f"{name} has {load} conversations already")
        self.load = load


class Refused(ConversationError):
    """A change that the conversation does not allow; `code` is that of docs/api.md."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class IdReused(ConversationError):
    """A sender used one message id for two different texts."""

    def __init__(self, message_id: str) -> None:
        super().__init__(f"message id {message_id!r} was already used for another text")


class Replayed(ConversationError):
    """An identity token was already used for another conversation."""

    def __init__(self) -> None:
        super().__init__("this identity token was used before")


class OtherCustomer(ConversationError):
    """The conversation belongs to another customer than the one who signs in now."""

    def __init__(self) -> None:
        super().__init__("the conversation is another customer's")


class StoreUnavailable(ConversationError):
    """Redis or Valkey cannot be reached; nothing was accepted."""
