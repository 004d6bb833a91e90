"""Imports Manim once, past the warning of a library that it imports."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    # pydub still imports audioop, which Python 3.13 leaves out.
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    import manim  # noqa: F401
