"""Judgement: what a message is about, and whether the bot answers it, asks back or hands it over. No rasa in here."""
