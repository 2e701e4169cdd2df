"""Linear algebra on one thread, wherever several threads ask for it."""

import threading
from contextlib import contextmanager

import pytest

from mramsim.arrays.wires import threads
from mramsim.arrays.wires.threads import one_thread


class Library:
    """Stands for the library of linear algebra: 8 threads unless limited."""

    def __init__(self):
        self.threads, self.changes = 8, 0

    @contextmanager
    def limit(self, limits, user_api):
        assert user_api == "blas"
        before, self.threads = self.threads, limits
        self.changes += 1
        yield
        self.threads = before


@pytest.fixture
def library(monkeypatch):
    found = Library()
    monkeypatch.setattr(threads, "_controller", lambda: found)
    return found


def test_the_limit_lasts_until_the_last_has_left(library):
    one, other = one_thread(), one_thread()
    with one:
        assert library.threads == 1
        other.__enter__()
    assert library.threads == 1
    other.__exit__(None, None, None)
    assert (library.threads, library.changes) == (8, 1)


def test_an_error_inside_ends_the_limit(library):
    with pytest.raises(ZeroDivisionError), one_thread():
        raise ZeroDivisionError
    assert library.threads == 8


def test_threads_come_and_go(library):
    seen = []

    def work():
        for _ in range(300):
            with one_thread():
                seen.append(library.threads)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert set(seen) == {1}
    assert library.threads == 8
