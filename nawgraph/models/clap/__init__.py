"""The house CLAP: words and sounds as vectors of one space, so that they can be compared and blended.

`reading` turns text into features of words, `hearing` turns sound into windows of log-mel bands and semitones,
`network` holds the two encoders, `house` is what nodes see.
"""
