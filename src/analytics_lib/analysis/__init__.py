"""Questions to the store, one module each: SQL in, a small frame with a documented grain out."""
