"""What the worker says, in words for people."""

from engine.messages import Loaded

MOST_NAMES = 3


def weights_report(message: Loaded) -> tuple[str, str]:
    """What became of a weights file, and in which tone to say so."""
    if message.error:
        return f"No weights from {message.path}: {message.error}", "error"
    parts = [
        f"{len(names)} {what} ({', '.join(names[:MOST_NAMES])}{', …' if len(names) > MOST_NAMES else ''})"
        for names, what in (
            (message.missing, "missing in the file"),
            (message.unexpected, "without a place in the graph"),
            (message.mismatched, "of another shape"),
        )
        if names
    ]
    text = f"{message.count} weights from {message.path}"
    return ("; ".join((text, *parts)), "warning") if parts else (text, "info")


def death_report(reason: str, restarted: bool) -> str:
    """Why the worker ended, and what that means."""
    if restarted:
        return f"The engine stopped: {reason}. It was restarted; your graph is untouched."
    return f"The engine could not start: {reason}. Your graph is untouched, but nothing can run."
