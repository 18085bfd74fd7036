"""Frontdesk: the desk, the assistants, and what both stand on."""

import kb_index  # noqa: F401  (chooses what numpy multiplies with, before anything imports numpy)
