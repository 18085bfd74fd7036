"""Tasks: what the assistant does for a customer rather than describe it (docs/tasks.md)."""
