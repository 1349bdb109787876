"""Whose error failed a node: TFX and Beam wrap what a component raised in errors of their own."""

from __future__ import annotations

from schema.errors import PipelineRefusedError, UserError


def user_error_of(error: BaseException) -> Exception | None:
    """Finds in the chain of causes, or in Beam's text of them, a refusal or a mistake of the user.

    Returns:
        It, without what Beam added; None if the failure is ours to fix.
    """
    cause: BaseException | None = error
    while cause is not None:
        for kind in (PipelineRefusedError, UserError):
            if isinstance(cause, kind):
                return kind(_without_beam(str(cause)))
            marker = f"{kind.__name__}: "
            if marker in str(cause):
                return kind(_without_beam(str(cause).rsplit(marker, 1)[1]))
        cause = cause.__cause__ or cause.__context__
    return None


def _without_beam(message: str) -> str:
    return message.split(" [while running", 1)[0].split("\n", 1)[0].strip()
