"""``python -m nawgraph`` is ``nawgraph``."""

import sys

from nawgraph.cli import main

sys.exit(main())
