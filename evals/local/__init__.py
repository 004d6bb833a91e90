"""Scores the local model's scenes against the facts of the evaluation prompts."""
