"""Why a file is not taken; each message tells its sender what would help."""

from __future__ import annotations

from bot.errors import FrontdeskError


class NotTaken(FrontdeskError):
    """A file that is not taken; `code` is that of docs/api.md."""

    code = "type_refused"


class NotWhatItSays(NotTaken):
    """Its content is not of the type that its name says, or cannot be read as that type."""

    code = "not_what_it_says"


class Refused(NotTaken):
    """The scan program found something in it."""

    code = "file_refused"


class NotScanned(NotTaken):
    """The scan program gave no verdict, so nobody knows; trying later may help."""

    code = "not_scanned"


class NoSuchAttachment(NotTaken):
    """No attachment of this id that this message may carry."""

    code = "attachment_unknown"
