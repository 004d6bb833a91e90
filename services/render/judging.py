"""How good a result is, judged without a person and without a model."""

from __future__ import annotations

from animathic.scene.coverage import Finding, check_coverage
from animathic.v1 import quality_pb2, scene_pb2
from services.render.compiler.plan import leaves

__all__ = ["judge", "judge_coverage"]

_KINDS = {
    "object": quality_pb2.CHECK_KIND_OBJECTS,
    "color": quality_pb2.CHECK_KIND_COLORS,
    "count": quality_pb2.CHECK_KIND_COUNTS,
    "words": quality_pb2.CHECK_KIND_WORDS,
    "formula": quality_pb2.CHECK_KIND_WORDS,
    "action": quality_pb2.CHECK_KIND_ACTIONS,
}
_STILL = frozenset({"wait", "add", "remove"})


def judge(scene: scene_pb2.Scene, prompt: str, *, blank: bool, changes: int) -> quality_pb2.Quality:
    """Judges a rendered scene.

    Args:
        scene: The scene.
        prompt: What it was made for; empty judges pixels only.
        blank: Whether nothing is ever seen.
        changes: How many frames differ from the one before.
    """
    checks = [] if not prompt.strip() else _coverage(scene, prompt)
    checks.append(
        quality_pb2.QualityCheck(
            kind=quality_pb2.CHECK_KIND_BLANK,
            passed=not blank,
            expected="a picture",
            found="nothing but background" if blank else "",
            reason="No frame shows anything." if blank else "",
        )
    )
    moving = any(leaf.WhichOneof("kind") not in _STILL for step in scene.steps for leaf in leaves(step))
    if moving:
        frozen = changes == 0
        checks.append(
            quality_pb2.QualityCheck(
                kind=quality_pb2.CHECK_KIND_FROZEN,
                passed=not frozen,
                expected="movement",
                found="a still picture" if frozen else "",
                reason="All frames are equal although something should happen." if frozen else "",
            )
        )
    return quality_pb2.Quality(score=0.0 if blank else _share(checks), checks=checks)


def judge_coverage(scene: scene_pb2.Scene, prompt: str) -> quality_pb2.Quality:
    """Judges a scene that is not rendered by what its prompt names."""
    checks = _coverage(scene, prompt)
    return quality_pb2.Quality(score=_share(checks), checks=checks)


def _coverage(scene: scene_pb2.Scene, prompt: str) -> list[quality_pb2.QualityCheck]:
    return [_check(finding) for finding in check_coverage(prompt, scene).findings]


def _check(finding: Finding) -> quality_pb2.QualityCheck:
    return quality_pb2.QualityCheck(
        kind=_KINDS.get(finding.kind, quality_pb2.CHECK_KIND_OBJECTS),
        passed=finding.ok,
        expected=finding.expected,
        found=finding.found,
        reason=finding.reason,
    )


def _share(checks: list[quality_pb2.QualityCheck]) -> float:
    return sum(check.passed for check in checks) / len(checks) if checks else 1.0
