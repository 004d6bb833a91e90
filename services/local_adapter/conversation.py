"""Words a task for a general model, which knows the language only from its prompt."""

from __future__ import annotations

from services.local_adapter.backends.dialect import Turn
from services.local_adapter.backends.protocol import Task

_RULES = """\
You write storyboards: a small language that says what an animation shows. Answer with the storyboard alone,
one statement a line, without code fences, explanations or greetings. Show what is asked for and nothing else;
keep the colours, counts, words and formulas that are named."""

_MAX_WRONG_LINES = 20


class Conversation:
    """Builds the conversation.

    Args:
        reference: The language's reference, with examples and the way to decline.
    """

    def __init__(self, reference: str) -> None:
        self._system = Turn("system", f"{_RULES}\n\n{reference.strip()}")

    def turns(self, task: Task) -> tuple[Turn, ...]:
        """Returns the conversation that ends with what is asked.

        The unchanging part comes first, so that a server with a prompt cache reads it once.
        """
        return (self._system, Turn("user", _wish(task)), *_repair(task))


def _wish(task: Task) -> str:
    if not task.parent_storyboard.strip():
        return task.prompt
    return (
        f"This is a storyboard:\n\n{task.parent_storyboard.strip()}\n\n"
        f"Change it as follows and answer with the whole changed storyboard:\n\n{task.prompt}"
    )


def _repair(task: Task) -> tuple[Turn, ...]:
    if not task.is_repair:
        return ()
    if not task.wrong_storyboard.strip():
        return (Turn("user", "There was no storyboard in your last answer. Answer with the storyboard."),)
    lines = task.wrong_storyboard.splitlines()
    complaints = []
    for wrong in task.wrong_lines[:_MAX_WRONG_LINES]:
        quoted = f" ({lines[wrong.line - 1].strip()})" if 0 < wrong.line <= len(lines) else ""
        where = f"line {wrong.line}{quoted}: " if wrong.line > 0 else ""
        complaints.append(f"- {where}{wrong.message}")
    asked = "This storyboard is not valid:\n" + "\n".join(complaints) if complaints else "It is not valid."
    return (
        Turn("assistant", task.wrong_storyboard.strip()),
        Turn(
            "user",
            f"{asked}\n\nAnswer with the whole storyboard, those lines mended, the others as they are.",
        ),
    )
