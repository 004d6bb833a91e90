"""What drives an animation from its claim to its end."""
