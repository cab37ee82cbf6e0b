"""The editor: one loop, plain state, views that draw from it. Only `nawgraph.ui.dpg` knows the toolkit."""
