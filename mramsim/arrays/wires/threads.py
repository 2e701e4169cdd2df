"""Linear algebra on one thread, so that the bytes do not depend on the machine."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    import scipy.linalg  # noqa: F401  its library has to be loaded to be found

    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """Return a context in which numpy and scipy use one thread for linear algebra."""
    context: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return context
