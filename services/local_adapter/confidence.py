"""How sure the model is of an answer, from the probabilities of its tokens."""

from __future__ import annotations

import math
from collections.abc import Sequence


def confidence(log_probabilities: Sequence[float]) -> float | None:
    """Returns the probability that the model gives the answer as a whole: the product over its tokens.

    One doubtful word, a colour say, makes a scene wrong however sure the other words are; a mean over the
    tokens would hide it, the product does not.

    Args:
        log_probabilities: Natural logarithm of each token's probability.

    Returns:
        From 0 to 1; None where the backend said nothing, or nothing that is a number.
    """
    total = math.fsum(log_probabilities) if log_probabilities else math.nan
    if math.isnan(total):
        return None
    return math.exp(min(total, 0.0))
