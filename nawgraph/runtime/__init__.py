"""Plans, keys, cache, executor, sessions: from a document to its results."""
