"""What the worker says, in words for people."""


def death_report(reason: str, restarted: bool) -> str:
    """Why the worker ended, and what that means."""
    if restarted:
        return f"The engine stopped: {reason}. It was restarted; your graph is untouched."
    return f"The engine could not start: {reason}. Your graph is untouched, but nothing can run."
