"""The one decorator of all kernels.

Numba keys its disk cache by the file that holds a function, so a kernel that calls another file's
kernel goes stale when that file changes (numba issue 1833). Here the key is the content of every
kernel file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, overload

import numba
from numba.core import caching

Function = TypeVar("Function", bound=Callable[..., Any])


@cache
def source_key() -> str:
    """Return the SHA-256 over all kernel files, which stamps the compiled code on disk."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


_Index: Any = caching.IndexDataCacheFile


class _Keyed(_Index):  # type: ignore[misc]
    """A function's cache on disk, whose index may name types that are gone.

    Numba unpickles the old index before it compares stamps, and fails where a type in it has moved;
    such an index is as stale as any other.
    """

    def _load_index(self) -> Any:
        try:
            return super()._load_index()
        except (ImportError, AttributeError):
            return {}


def _keyed(found: Any) -> Any:
    """Return the same cache, stamped with the content of all kernel files."""
    return _Keyed(found._cache_path, found._index_name.removesuffix(".nbi"), source_key())


@overload
def kernel(function: Function, /) -> Function: ...
@overload
def kernel(*, parallel: bool = ..., inline: str = ...) -> Callable[[Function], Function]: ...
def kernel(
    function: Function | None = None, /, *, parallel: bool = False, inline: str = "never"
) -> Function | Callable[[Function], Function]:
    """Compile a function with the options all kernels share.

    Parameters
    ----------
    function : callable
        Takes arrays and numbers only.
    parallel : bool
        Allow ``prange``.
    inline : {"never", "always"}
        Numba's inlining.

    Returns
    -------
    callable
        The compiled function; plain Python when ``NUMBA_DISABLE_JIT=1``.
    """

    def decorate(body: Function) -> Function:
        options: dict[str, Any] = {
            "parallel": parallel,
            "inline": inline,
            "error_model": "numpy",
            "nogil": True,
        }
        try:
            compiled = numba.njit(cache=True, **options)(body)
        except RuntimeError:  # no folder can be written: compile for this process only
            return numba.njit(**options)(body)  # type: ignore[no-any-return]
        if hasattr(compiled, "_cache"):
            compiled._cache._cache_file = _keyed(compiled._cache._cache_file)
        return compiled  # type: ignore[no-any-return]

    return decorate if function is None else decorate(function)


def instruction(plain: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
    """Make a machine instruction callable from kernels.

    Parameters
    ----------
    plain : callable
        Does the same on numpy scalars; stands in when ``NUMBA_DISABLE_JIT=1``.

    Returns
    -------
    callable
        Decorator of a function as `numba.extending.intrinsic` takes it.
    """

    def decorate(build: Callable[..., Any]) -> Any:
        if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
            return plain
        from numba.extending import intrinsic

        return intrinsic(build)

    return decorate
