"""Action cache and content store: what each key made, and the values themselves, on GPU, in RAM, on disk.

* `Cache` is all that the executor sees.
* `disk`: one cache folder, with the changes that wait to be written.
* `layout`: how one value lies in a file or, when small, in a row of the index.
* `index`: the SQLite file that knows every action, every object's size and worth, and the last runs;
  `rows`: what it keeps; `database`: how it is opened, and replaced when it is damaged.
* `tiers`: byte budgets; the least valuable goes first.
* `device`: values that hold GPU tensors; `memory`: giving freed memory back.
* `maintenance`: verifying, and rebuilding the index from the files.
"""

from nawgraph.runtime.cache.cache import Cache, CacheInfo
from nawgraph.runtime.cache.layout import DamagedError, UnreadableError, read_file, write_file
from nawgraph.runtime.cache.rows import Row

__all__ = ["Cache", "CacheInfo", "DamagedError", "Row", "UnreadableError", "read_file", "write_file"]
