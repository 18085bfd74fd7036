"""What the assistant does. Runs in the assistant's own process; `rasa run actions` serves it for Rasa's own tools.

Nothing is imported here: whoever serves the actions looks for them in all modules, and the set-up wants the sample shop
alone.
"""
