"""The scene language: read it, print it, check it. It needs neither Manim nor gRPC."""

from animathic.scene.answer import Declined, parse_answer, print_declined
from animathic.scene.coverage import Coverage, Finding, check_coverage
from animathic.scene.document import Document
from animathic.scene.grammar import scene_grammar
from animathic.scene.issues import Code, Issue, SceneError, Severity
from animathic.scene.limits import LIMITS, Limits
from animathic.scene.parser import parse, read
from animathic.scene.printer import print_scene
from animathic.scene.prompt_facts import PromptFacts, prompt_facts
from animathic.scene.reference import language_reference
from animathic.scene.stream import StoryboardStream
from animathic.scene.timing import scene_seconds
from animathic.scene.validation import ValidationResult, check, validate

__all__ = [
    "LIMITS",
    "Code",
    "Coverage",
    "Declined",
    "Document",
    "Finding",
    "Issue",
    "Limits",
    "PromptFacts",
    "SceneError",
    "Severity",
    "StoryboardStream",
    "ValidationResult",
    "check",
    "check_coverage",
    "language_reference",
    "parse",
    "parse_answer",
    "print_declined",
    "print_scene",
    "prompt_facts",
    "read",
    "scene_grammar",
    "scene_seconds",
    "validate",
]
