"""Signed webhooks: what happens in conversations, told to other systems' addresses (docs/webhooks.md)."""
