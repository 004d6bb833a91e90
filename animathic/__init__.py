"""Animathic: a sentence becomes a Manim animation video."""
