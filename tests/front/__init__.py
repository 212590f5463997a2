"""The front, as a stranger, a desk and a raid meet it."""
