"""Everything that was said, found by its words: an index in SQL beside the conversations, made from them alone."""
