"""The choice of the model: an estimate for each, a threshold, and one sentence that says why.

The estimate that a model gets a prompt right is a logistic function of the prompt's features. The cheapest
model whose estimate reaches the threshold serves; where none does, the one with the best estimate.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from animathic.v1 import animation_pb2, policy_service_pb2
from services.router.routing.features import PromptFeatures

DEFAULT_VERSION = "default-1"


@dataclass(frozen=True)
class ModelView:
    """A model as the policy sees it.

    Attributes:
        name: `models/…`.
        available: Whether it can be asked now.
        unavailable_reason: Why not, and what to do; empty where available.
        temporary: Whether it may soon be available without anybody doing anything.
        away_seconds: How long it has not been available; 0 where it is.
        remote: Whether prompts leave the machine.
        expected_cost_usd: Of one scene.
        element_kinds: Storyboard words that it writes reliably; empty means all.
        action_kinds: The same for actions.
    """

    name: str
    available: bool
    unavailable_reason: str = ""
    temporary: bool = False
    away_seconds: float = 0.0
    remote: bool = False
    expected_cost_usd: float = 0.0
    element_kinds: frozenset[str] = frozenset()
    action_kinds: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Wish:
    """What the request says of models.

    Attributes:
        model: The model preferred; empty leaves it to the policy.
        strict: Whether no other may be asked.
    """

    model: str = ""
    strict: bool = False


@dataclass(frozen=True)
class Weights:
    """One model's estimate: `sigmoid(bias + Σ weight · feature)`."""

    bias: float
    features: Mapping[str, float] = field(default_factory=dict)

    def probability(self, values: Mapping[str, float]) -> float:
        """The estimate for the feature values, 0 to 1."""
        exponent = self.bias + sum(weight * values.get(name, 0.0) for name, weight in self.features.items())
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, exponent))))


#: A small model: good at short prompts with the words that it was trained on, and fading fast.
_SMALL = Weights(
    2.3,
    {
        "complexity": -5.0,
        "beyond": -3.0,
        "foreign": -5.0,
        "refine": -1.0,
        "outside": -3.0,
        "nothing_named": -1.5,
    },
)
#: A large model: good at most, and never behind the small one where that one is unsure.
_LARGE = Weights(2.6, {"complexity": -1.2, "outside": -1.0})


def default_policy(
    threshold: float, remote: Collection[str], local: Collection[str]
) -> policy_service_pb2.Policy:
    """The policy before anything was learned.

    Args:
        threshold: The cheaper model serves when its estimate is at least this, 0 to 1.
        remote: Names of models that are large.
        local: Names of models that are small.
    """
    policy = policy_service_pb2.Policy(
        version=DEFAULT_VERSION, confidence_threshold=threshold, evidence="set by hand, before any rating"
    )
    for names, weights in ((remote, _LARGE), (local, _SMALL)):
        for name in names:
            policy.weights[name].bias = weights.bias
            policy.weights[name].features.update(weights.features)
    return policy


class RoutingPolicy:
    """Weighs models for a prompt.

    Args:
        policy: Weights and threshold.
        fallback_to_local: Whether a local model may be asked after a remote one failed.
    """

    def __init__(self, policy: policy_service_pb2.Policy, *, fallback_to_local: bool = True) -> None:
        self.policy = policy
        self._fallback_to_local = fallback_to_local

    def weigh(self, features: PromptFeatures, models: Sequence[ModelView]) -> dict[str, float]:
        """The estimate of each model, by name."""
        return {model.name: self._weights(model).probability(_values(features, model)) for model in models}

    def decide(
        self,
        features: PromptFeatures,
        models: Sequence[ModelView],
        wish: Wish,
        *,
        tried: Sequence[str] = (),
        why: str = "",
    ) -> animation_pb2.Decision:
        """Picks the model to ask.

        Args:
            features: Of the prompt.
            models: All that the router knows, available or not.
            wish: What the request says.
            tried: Models that did not deliver, in order; none is picked again.
            why: Why the last of them did not, as the end of a sentence.

        Returns:
            The decision. Its `model` is empty where nothing can be asked; the explanation says why.
        """
        estimates = self.weigh(features, models)
        decision = animation_pb2.Decision(
            complexity=features.complexity, features=features.values, policy_version=self.policy.version
        )
        ranked = sorted(models, key=lambda model: (not model.available, -estimates[model.name], model.name))
        for model in ranked:
            decision.candidates.add(
                model=model.name,
                available=model.available,
                unavailable_reason=model.unavailable_reason,
                success_probability=estimates[model.name],
                expected_cost_usd=model.expected_cost_usd,
            )
        allowed = self._allowed(models, wish, tried)
        self._pick(decision, [m for m in allowed if m.available], estimates, wish)
        if not decision.model:
            decision.reason = animation_pb2.DECISION_REASON_UNSPECIFIED
            decision.explanation = _nothing_left(models, allowed, wish, tried, why)
        elif tried:
            decision.reason = animation_pb2.DECISION_REASON_FALLBACK
            decision.explanation = f"{tried[-1]} {why or 'did not deliver'}: {decision.model} is next."
        return decision

    def stronger(
        self, features: PromptFeatures, models: Sequence[ModelView], wish: Wish, tried: Sequence[str]
    ) -> str | None:
        """The best model that may be asked, was not yet, and is likelier right than the one asked last."""
        if not tried or wish.strict:
            return None
        estimates = self.weigh(features, models)
        bar = estimates.get(tried[-1], 0.0)
        better = [m for m in self._allowed(models, wish, tried) if m.available and estimates[m.name] > bar]
        return max(better, key=lambda model: estimates[model.name]).name if better else None

    def may_still_serve(
        self, models: Sequence[ModelView], wish: Wish, tried: Sequence[str], longest_seconds: float
    ) -> bool:
        """Whether a model that may be asked is away only for now, and not for longer than this."""
        return any(
            model.temporary and not model.available and model.away_seconds < longest_seconds
            for model in self._allowed(models, wish, tried)
        )

    def _allowed(self, models: Sequence[ModelView], wish: Wish, tried: Sequence[str]) -> list[ModelView]:
        remote_failed = any(model.remote for model in models if model.name in tried)
        return [
            model
            for model in models
            if model.name not in tried
            and (not wish.strict or model.name == wish.model)
            and (model.remote or not remote_failed or self._fallback_to_local)
        ]

    def _pick(
        self,
        decision: animation_pb2.Decision,
        available: Sequence[ModelView],
        estimates: Mapping[str, float],
        wish: Wish,
    ) -> None:
        if not available:
            return
        threshold = self.policy.confidence_threshold
        preferred = next((model for model in available if model.name == wish.model), None)
        cheap = sorted(available, key=lambda model: (model.expected_cost_usd, model.remote, model.name))
        confident = next((model for model in cheap if estimates[model.name] >= threshold), None)
        best = max(cheap, key=lambda model: estimates[model.name])
        if preferred is not None:
            picked, reason = preferred, animation_pb2.DECISION_REASON_PREFERENCE
            said = f"The request asks for {picked.name}{' and no other' if wish.strict else ''}."
        elif len(available) == 1:
            picked, reason = available[0], animation_pb2.DECISION_REASON_ONLY_AVAILABLE
            said = f"{picked.name} is the only model available; its estimate is {estimates[picked.name]:.2f}."
        elif confident is not None and confident is cheap[0]:
            picked, reason = confident, animation_pb2.DECISION_REASON_CONFIDENCE
            said = (
                f"{picked.name} gets this prompt right with an estimated probability of "
                f"{estimates[picked.name]:.2f}, at least the threshold {threshold:.2f}."
            )
        else:
            picked, reason = best, animation_pb2.DECISION_REASON_COMPLEXITY
            said = (
                f"The estimate for {cheap[0].name} is {estimates[cheap[0].name]:.2f}, below the threshold "
                f"{threshold:.2f} (complexity {decision.complexity:.2f}): {picked.name} with "
                f"{estimates[picked.name]:.2f} is asked."
            )
        if wish.model and preferred is None:
            said = f"{wish.model} was asked for, but cannot be asked. {said}"
        decision.model, decision.reason, decision.explanation = picked.name, reason, said

    def _weights(self, model: ModelView) -> Weights:
        if model.name in self.policy.weights:
            learned = self.policy.weights[model.name]
            return Weights(learned.bias, learned.features)
        return _LARGE if model.remote else _SMALL


def scene_given() -> animation_pb2.Decision:
    """The decision for a request that brings its own scene."""
    return animation_pb2.Decision(
        reason=animation_pb2.DECISION_REASON_SCENE_GIVEN,
        explanation="The request brings its own scene: no model is asked.",
    )


def _values(features: PromptFeatures, model: ModelView) -> dict[str, float]:
    outside = features.outside(model.element_kinds, model.action_kinds)
    return {**features.values, "complexity": features.complexity, "outside": float(min(outside, 2))}


def _nothing_left(
    models: Sequence[ModelView],
    allowed: Sequence[ModelView],
    wish: Wish,
    tried: Sequence[str],
    why: str,
) -> str:
    parts = []
    if tried:
        parts.append(f"{tried[-1]} {why or 'did not deliver'}.")
    if wish.strict and tried:
        parts.append("The request allows no other model: send it without strict to let others try.")
    elif wish.strict and wish.model not in {model.name for model in models}:
        parts.append(f"There is no model {wish.model}: ListModels names those that there are.")
    parts += [
        f"{model.name}: {model.unavailable_reason.rstrip('.')}." for model in allowed if not model.available
    ]
    if not parts:
        parts.append("No model is configured: set LOCAL_ADAPTER_TARGET or GEMINI_ADAPTER_TARGET.")
    return " ".join(parts)
