"""What can go wrong before and around the running product; every message names the thing and the mend."""


class FrontdeskError(Exception):
    """Base of all errors of starting, setting up and supervising."""


class Busy(FrontdeskError):
    """Another process holds what this one needs for itself alone."""


class SetupFailed(FrontdeskError):
    """A step of the set-up did not come to its end; nothing of it is kept."""


class NotReady(FrontdeskError):
    """Something that running needs is missing or out of reach. One line for each thing, worst first."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def is_ours(error: BaseException) -> bool:
    """Whether `error` is of one of our packages, by its class or a class that it comes from."""
    return any(kind.__module__.split(".")[0] in ("bot", "actions", "kb_index") for kind in type(error).__mro__)
