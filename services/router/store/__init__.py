"""What the router keeps in its database, and every statement on it."""
