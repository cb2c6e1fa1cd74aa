"""What visitors and staff see, in a real browser."""
