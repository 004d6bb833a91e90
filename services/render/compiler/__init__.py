"""From a valid scene to Manim: objects and animations, and readable source, in one walk."""
