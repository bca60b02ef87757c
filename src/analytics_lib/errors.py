"""What can go wrong, in few words: every message says what was given, what was expected, what to do."""


class AnalyticsError(Exception):
    """Anything this library refuses or fails at; the message is meant for the person who asked."""


class RequestError(AnalyticsError):
    """The request itself was wrong: an unknown name, a value out of range. The command line exits with 2."""


class ContractError(AnalyticsError):
    """Data handed over does not have the shape the contract asks for (a table, a column, a type)."""


class NotFoundError(AnalyticsError):
    """What was asked for by its id is not in the store."""


class NotEnoughDataError(AnalyticsError):
    """The question is right, but the data cannot answer it yet; the message says when they will."""


class NotTrainableError(AnalyticsError):
    """A model cannot be fitted on these data; the message gives the reason."""


class StoreError(AnalyticsError):
    """The store cannot be read or written as asked: busy, damaged, or out of space."""


class FileRefusedError(AnalyticsError):
    """A whole source file was refused; nothing of it was stored.

    Attributes:
        code: The reason, one of the codes of ``codes.FILE_CODES``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class RunFailedError(AnalyticsError):
    """A notebook run ended without success; the message names the run folder and the failing cell."""


class ImpossibleError(AnalyticsError):
    """A number came out that cannot be, such as a share above 1; what it counts must be looked at."""


class ModelDamagedError(AnalyticsError):
    """A stored model is not what was stored: its hash, kind or content differ; the message names the file."""


class LeakageError(AnalyticsError):
    """A feature knows the future: it changed with rows of after the cut-off; the message names which."""
