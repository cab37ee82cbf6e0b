"""The acoustic renderer: from a score to sound through a latent without phase.

`space` turns stems into latents and latents into log-spectra, `conditions` turns a score into what the network hears
of it, `flow` holds the network and its sampler, `vocoder` and `phase` turn log-spectra into sound.
"""
