"""Published vocoders: mel spectrograms of a sound, and sound of them."""
