"""Taking out all that is kept of conversations: where somebody asks for it, or after so many days."""
