"""The router: owner of animations, their life, and the choice of the model."""
