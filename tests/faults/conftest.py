"""The home that is set up, for tests that start the real processes."""

from __future__ import annotations

from product import product, pytest_collection_finish

__all__ = ["product", "pytest_collection_finish"]
