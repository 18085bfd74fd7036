"""Backup and restore: one file with all that cannot be made again, whatever store, database or machine it came from."""
