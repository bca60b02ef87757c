"""Pages for people who never open a notebook: made of notebooks' tagged cells, published, kept fresh."""
