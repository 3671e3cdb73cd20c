"""What the worker says, in words for people."""

from engine.fitting import summary
from engine.messages import Loaded


def weights_report(message: Loaded) -> tuple[str, str]:
    """What became of the weights files, and in which tone to say so."""
    reports = message.reports
    tone = "error" if any(r.error for r in reports) else "info" if all(r.exact for r in reports) else "warning"
    if any(r.changed for r in reports) and tone == "info":
        tone = "warning"
    text = "\n".join(map(summary, reports))
    return text[:1].upper() + text[1:], tone


def death_report(reason: str, restarted: bool) -> str:
    """Why the worker ended, and what that means."""
    if restarted:
        return f"The engine stopped: {reason}. It was restarted; your graph is untouched."
    return f"The engine could not start: {reason}. Your graph is untouched, but nothing can run."
