"""The HTTP process: what customers' widgets and the staff's console speak to. Never imports rasa."""
