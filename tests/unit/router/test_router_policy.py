"""Features of prompts, and the choice that follows from them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animathic.v1 import animation_pb2
from services.router.app import GEMINI_MODEL, LOCAL_MODEL
from services.router.routing.features import features_of
from services.router.routing.policy import ModelView, RoutingPolicy, Wish, default_policy

LOCAL = ModelView(LOCAL_MODEL, True)
GEMINI = ModelView(GEMINI_MODEL, True, remote=True, expected_cost_usd=0.002)
GEMINI_AWAY = ModelView(GEMINI_MODEL, False, "not configured. Set it.", remote=True)
SIMPLE = "a red circle"
HARD = "explain the proof of the theorem step by step, zooming the camera in 3d"


def policy(threshold: float = 0.7, **options: bool) -> RoutingPolicy:
    return RoutingPolicy(default_policy(threshold, [GEMINI_MODEL], [LOCAL_MODEL]), **options)


@pytest.mark.parametrize(
    ("prompt", "models", "wish", "threshold", "model", "reason"),
    [
        (SIMPLE, [LOCAL, GEMINI], Wish(), 0.7, LOCAL_MODEL, "CONFIDENCE"),
        (HARD, [LOCAL, GEMINI], Wish(), 0.7, GEMINI_MODEL, "COMPLEXITY"),
        (HARD, [LOCAL, GEMINI], Wish(), 0.0, LOCAL_MODEL, "CONFIDENCE"),
        (SIMPLE, [LOCAL, GEMINI], Wish(), 1.0, GEMINI_MODEL, "COMPLEXITY"),
        (HARD, [LOCAL, GEMINI_AWAY], Wish(), 0.7, LOCAL_MODEL, "ONLY_AVAILABLE"),
        (SIMPLE, [LOCAL, GEMINI], Wish(GEMINI_MODEL), 0.7, GEMINI_MODEL, "PREFERENCE"),
        (HARD, [LOCAL, GEMINI], Wish(LOCAL_MODEL, strict=True), 0.7, LOCAL_MODEL, "PREFERENCE"),
        (SIMPLE, [LOCAL, GEMINI_AWAY], Wish(GEMINI_MODEL), 0.7, LOCAL_MODEL, "ONLY_AVAILABLE"),
    ],
)
def test_choice(
    prompt: str, models: list[ModelView], wish: Wish, threshold: float, model: str, reason: str
) -> None:
    decision = policy(threshold).decide(features_of(prompt), models, wish)
    assert decision.model == model
    assert animation_pb2.DecisionReason.Name(decision.reason) == f"DECISION_REASON_{reason}"
    assert {candidate.model for candidate in decision.candidates} == {m.name for m in models}
    assert decision.features
    assert decision.policy_version == "default-1"
    assert decision.explanation.endswith(".")


def test_strict_is_never_another_model() -> None:
    wish = Wish(GEMINI_MODEL, strict=True)
    away = policy().decide(features_of(SIMPLE), [LOCAL, GEMINI_AWAY], wish)
    assert not away.model
    assert "Set it." in away.explanation
    failed = policy().decide(features_of(SIMPLE), [LOCAL, GEMINI], wish, tried=[GEMINI_MODEL], why="declined")
    assert not failed.model
    assert "strict" in failed.explanation
    assert (
        policy().stronger(features_of(HARD), [LOCAL, GEMINI], Wish(LOCAL_MODEL, True), [LOCAL_MODEL]) is None
    )


def test_the_next_in_line_says_why() -> None:
    decision = policy().decide(
        features_of(SIMPLE), [LOCAL, GEMINI], Wish(), tried=[LOCAL_MODEL], why="declined: no"
    )
    assert decision.model == GEMINI_MODEL
    assert decision.reason == animation_pb2.DECISION_REASON_FALLBACK
    assert decision.explanation == f"{LOCAL_MODEL} declined: no: {GEMINI_MODEL} is next."


@pytest.mark.parametrize(("fallback", "model"), [(True, LOCAL_MODEL), (False, "")])
def test_falling_back_to_local_can_be_forbidden(fallback: bool, model: str) -> None:
    chosen = policy(fallback_to_local=fallback).decide(
        features_of(SIMPLE), [LOCAL, GEMINI], Wish(GEMINI_MODEL), tried=[GEMINI_MODEL]
    )
    assert chosen.model == model


def test_stronger_is_likelier_right() -> None:
    hard = features_of(HARD)
    assert policy().stronger(hard, [LOCAL, GEMINI], Wish(), [LOCAL_MODEL]) == GEMINI_MODEL
    assert policy().stronger(hard, [LOCAL, GEMINI], Wish(), [GEMINI_MODEL]) is None
    assert policy().stronger(hard, [LOCAL, GEMINI_AWAY], Wish(), [LOCAL_MODEL]) is None


def test_kinds_that_a_model_does_not_write_count_against_it() -> None:
    narrow = ModelView(
        LOCAL_MODEL, True, element_kinds=frozenset({"circle"}), action_kinds=frozenset({"create"})
    )
    circle, star = features_of("draw a circle"), features_of("a star rotates")
    assert star.outside(narrow.element_kinds, narrow.action_kinds) == 2
    assert policy().decide(circle, [narrow, GEMINI], Wish()).model == LOCAL_MODEL
    assert policy().decide(star, [narrow, GEMINI], Wish()).model == GEMINI_MODEL


def test_a_large_model_is_never_behind_the_small_one_where_that_is_unsure() -> None:
    for prompt in (SIMPLE, HARD, "", "покажи красный круг", "x" * 4000, "word " * 300):
        features = features_of(prompt)
        estimates = policy().weigh(features, [LOCAL, GEMINI])
        if estimates[LOCAL_MODEL] < 0.7:
            assert estimates[GEMINI_MODEL] > estimates[LOCAL_MODEL], prompt


def test_what_is_quoted_is_shown_not_done() -> None:
    features = features_of('write "rotate the camera and explain the proof"')
    assert features.values["beyond"] == 0
    assert "rotate" not in features.actions


@settings(deadline=None)  # a busy machine is no reason to fail
@given(st.text(max_size=4000))
def test_features_stay_in_range_for_any_text(prompt: str) -> None:
    features = features_of(prompt)
    assert 0 <= features.complexity <= 1
    assert all(0 <= value <= 1 for value in features.values.values())


def test_longer_and_richer_prompts_are_more_complex() -> None:
    prompts = [
        SIMPLE,
        "a red circle transforms into a blue square",
        "a red circle and a blue square move up, then three green stars fade in left of them and rotate",
        HARD,
    ]
    found = [features_of(prompt).complexity for prompt in prompts]
    assert found == sorted(found)
    assert found[0] < 0.1


def test_a_model_is_waited_for_as_long_as_it_is_away_and_no_longer() -> None:
    def away(seconds: float, *, temporary: bool = True) -> ModelView:
        return ModelView(LOCAL_MODEL, False, "it starts", temporary=temporary, away_seconds=seconds)

    def waits(model: ModelView) -> bool:
        return policy().may_still_serve([model, GEMINI_AWAY], Wish(), (), 60.0)

    assert waits(away(59))
    assert not waits(away(61))
    assert not waits(away(1, temporary=False))
    assert not waits(LOCAL)
