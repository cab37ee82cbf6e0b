"""Networks and the loaders that bring their checkpoints into memory."""
