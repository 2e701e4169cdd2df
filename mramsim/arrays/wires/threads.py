"""Linear algebra on one thread, so that the bytes do not depend on the machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from threading import Lock

from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    import scipy.linalg  # noqa: F401  its library has to be loaded to be found

    return ThreadpoolController()


class _Limit:
    """The limit of the process, which lasts from the first who needs it to the last."""

    def __init__(self) -> None:
        self.lock, self.users, self.held = Lock(), 0, ExitStack()

    def enter(self) -> None:
        with self.lock:
            if self.users == 0:
                self.held.enter_context(_controller().limit(limits=1, user_api="blas"))
            self.users += 1

    def leave(self) -> None:
        with self.lock:
            self.users -= 1
            if self.users == 0:
                self.held.close()


_LIMIT = _Limit()


@contextmanager
def one_thread() -> Iterator[None]:
    """Return a context in which numpy and scipy use one thread for linear algebra.

    Several threads may be in it at the same time: arrays of a chip are solved side by side.
    """
    _LIMIT.enter()
    try:
        yield
    finally:
        _LIMIT.leave()
