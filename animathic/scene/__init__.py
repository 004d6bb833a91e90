"""The scene language: read it, print it, check it. It needs neither Manim nor gRPC."""

from animathic.scene.document import Document
from animathic.scene.issues import Code, Issue, SceneError, Severity
from animathic.scene.limits import LIMITS, Limits
from animathic.scene.parser import parse, read
from animathic.scene.printer import print_scene
from animathic.scene.validation import ValidationResult, check, validate

__all__ = [
    "LIMITS",
    "Code",
    "Document",
    "Issue",
    "Limits",
    "SceneError",
    "Severity",
    "ValidationResult",
    "check",
    "parse",
    "print_scene",
    "read",
    "validate",
]
