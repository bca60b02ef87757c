"""Predictions: what a model says of the future, how sure, and how it did on a past it had not seen."""
