"""Makes UMAP's compiled functions last longer than one process.

umap-learn and pynndescent compile some of their functions in every process, which costs more than the work itself on
a few thousand items. Numba caches a function on disk only when asked to; this asks for all of them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def enable() -> None:
    """Cache every numba function on disk, beside the installed packages; call before importing umap."""
    cache = Path(sys.prefix) / "numba_cache"
    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache))
    import numba

    if getattr(numba.njit, "caches", False):
        return
    compile_now = numba.njit

    def njit(*args, **options):  # type: ignore[no-untyped-def]
        options.setdefault("cache", True)
        return compile_now(*args, **options)

    njit.caches = True  # type: ignore[attr-defined]
    numba.njit = njit
