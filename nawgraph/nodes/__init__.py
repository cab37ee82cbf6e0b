"""The nodes that come with nawgraph, one module a category. `library.standard()` finds them by name."""
