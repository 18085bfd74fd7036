"""What can go wrong with the knowledge base; every message names the thing and the mend."""


class KnowledgeError(Exception):
    """Base of all errors of this package."""


class BadEntry(KnowledgeError):
    """An entry that cannot be taken; the message says where it stands and what is wrong with it."""


class NoEntries(BadEntry):
    """A file that is whole and holds something else than entries; among others of a folder it may be passed over."""


class ModelMissing(KnowledgeError):
    """The encoder has not been exported, or its source model cannot be found."""


class BadCache(KnowledgeError):
    """The file of vectors that were made before cannot be read or written."""


class BadSnapshot(KnowledgeError):
    """An index snapshot that is incomplete or does not match its sums."""
