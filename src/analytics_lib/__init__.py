"""The analyses behind the notebooks of a commerce chatbot's analytics workspace."""
