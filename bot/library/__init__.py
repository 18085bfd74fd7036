"""The knowledge base as editors work on it, in SQL: articles with all their versions, and what of them is live."""
