"""Published generators: whole folders as transformers and diffusers write them, run by these libraries."""
