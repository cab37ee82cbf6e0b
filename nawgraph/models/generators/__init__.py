"""Published generators: whole folders as transformers writes them, run by it."""
