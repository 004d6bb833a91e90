"""What the local model reads and where it stops: one format for training, evaluation and serving.

The model was trained on exactly these strings, so a change here needs a new adapter.
"""

from __future__ import annotations

# Ends what the model reads; the storyboard follows.
ANSWER_MARK = "\n###\n"
# Stands between the storyboard that a prompt edits and the prompt.
EDIT_MARK = "\n===\n"
# The first word of an answer that is no storyboard: `decline "reason"`.
DECLINE_WORD = "decline"
# The model ends its answer with the tokeniser's end-of-turn token; nothing else stops it.
END_OF_ANSWER = "<|im_end|>"
STOP: tuple[str, ...] = ()
# Room for the longest storyboard of the training data, twice over. More is a model that repeats itself.
MAX_OUTPUT_TOKENS = 320
# A prompt beyond this is longer than anything that the model has learnt from.
MAX_PROMPT_CHARACTERS = 600


def one_line(prompt: str) -> str:
    """Return the prompt with every run of white space as one space, as in the training data."""
    return " ".join(prompt.split())


def local_prompt(prompt: str, parent_storyboard: str | None = None) -> str:
    """Return what the model reads.

    Args:
        prompt: A person's words. Line breaks become spaces, so no prompt can hold one of the marks.
        parent_storyboard: The canonical storyboard that the prompt edits; None or empty for a new scene.

    Returns:
        The text that the storyboard is the continuation of.
    """
    words = one_line(prompt)
    if parent_storyboard and parent_storyboard.strip():
        return f"{parent_storyboard.strip()}{EDIT_MARK}{words}{ANSWER_MARK}"
    return f"{words}{ANSWER_MARK}"
