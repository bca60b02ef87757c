"""Pictures, one function each: a small frame in, a figure or a piece of a page out."""
