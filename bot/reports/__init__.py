"""What is kept of conversations after they have ended."""
