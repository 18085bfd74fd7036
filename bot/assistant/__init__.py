"""The assistant: Rasa as a worker fed from the conversation store. The only room that imports rasa."""
