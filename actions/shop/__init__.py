"""The seam to the shop's backend. The embedded sample shop is its first implementation."""
