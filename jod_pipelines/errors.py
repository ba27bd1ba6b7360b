"""Errors for the person who must act: one line that says what to do, detail under it."""

from __future__ import annotations


class JodError(Exception):
    """Base of every error this platform raises on purpose.

    `str(error)` is one line: which thing, what is wrong, what to do. `detail` holds the rest.
    """

    exit_code = 1

    def __init__(self, line: str, detail: str = "") -> None:
        super().__init__(line)
        self.detail = detail


class SettingsError(JodError):
    """A setting is missing, unknown or has a wrong value."""

    exit_code = 2


class QueryError(JodError):
    """An analyst's query cannot be answered as it stands."""

    exit_code = 2


class ForecastError(JodError):
    """Series cannot be forecast as they were given."""

    exit_code = 2


class SourceError(JodError):
    """A source could not be read: unreachable, refused, or answered with something unusable."""

    exit_code = 3


class SourceSkipped(SourceError):
    """There is nothing to fetch by configuration: no recording of this request, or no credentials."""


class HeldError(JodError):
    """A source changed more than its contract allows; last good data stays until a human decides."""

    exit_code = 4


class ContractError(JodError):
    """Data breaks a rule whose severity is block, or a contract file itself is wrong."""

    exit_code = 5


class PublicationError(JodError):
    """A release could not be made, or does not verify."""

    exit_code = 6
