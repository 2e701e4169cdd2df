"""Where tasks run: in this process, on spawned processes, or on a dask cluster.

All three give `concurrent.futures.Future`; the scheduler knows nothing else of them.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import threading
import types
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import Any, Protocol

from mramsim.errors import InputError
from mramsim.sweeps.inputs import Inputs
from mramsim.sweeps.recipes import Task
from mramsim.sweeps.worker import Bench, install, timed, work

CONNECT_S = 10
_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


class Pool(Protocol):
    """What the scheduler asks of a pool.

    Attributes
    ----------
    lost : tuple of exception types
        Raised where a worker died; the task is handed out again.
    gone : tuple of exception types
        Raised where nothing can be handed out any more.
    """

    lost: tuple[type[BaseException], ...]
    gone: tuple[type[BaseException], ...]

    def workers(self) -> int:
        """Return how many tasks can run at the same time."""

    def window(self) -> int:
        """Return how many tasks to hand out at a time."""

    def submit(self, task: Task) -> Future[dict[str, Any]]:
        """Hand out a task."""

    def restart(self) -> bool:
        """Make the pool usable after a worker died; return whether all handed out is lost."""

    def close(self) -> None:
        """End the workers; what runs is dropped."""


class InlinePool:
    """One worker: this process, with one thread.

    Parameters
    ----------
    inputs : Inputs
    """

    lost: tuple[type[BaseException], ...] = ()
    gone: tuple[type[BaseException], ...] = ()

    def __init__(self, inputs: Inputs) -> None:
        self._bench = Bench(inputs)

    def workers(self) -> int:
        """Return 1."""
        return 1

    def window(self) -> int:
        """Return 1: a task is done when it has been handed out."""
        return 1

    def submit(self, task: Task) -> Future[dict[str, Any]]:
        """Run a task."""
        from threadpoolctl import threadpool_limits

        future: Future[dict[str, Any]] = Future()
        with threadpool_limits(1):
            future.set_result(timed(self._bench, task))
        return future

    def restart(self) -> bool:
        """Do nothing: there is nobody who could die."""
        return False

    def close(self) -> None:
        """Do nothing."""


class SpawnPool:
    """Processes on this machine, spawned (never forked), each with one thread.

    Parameters
    ----------
    jobs : int
        Processes.
    inputs : Inputs
        Sent to each process when it starts.
    """

    lost: tuple[type[BaseException], ...] = (BrokenProcessPool, CancelledError)
    gone: tuple[type[BaseException], ...] = ()

    def __init__(self, jobs: int, inputs: Inputs) -> None:
        self._jobs = jobs
        self._inputs = inputs
        self._pool = self._start()

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._jobs,
            mp_context=get_context("spawn"),
            initializer=_start_worker,
            initargs=(self._inputs,),
        )

    def workers(self) -> int:
        """Return the number of processes."""
        return self._jobs

    def window(self) -> int:
        """Return two tasks per process, so that none waits for the next."""
        return 2 * self._jobs

    def submit(self, task: Task) -> Future[dict[str, Any]]:
        """Queue a task; starts a process where fewer than `jobs` run."""
        with _clean_start():
            return self._pool.submit(work, task)

    def pids(self) -> list[int]:
        """Return the process ids of the workers that were started."""
        return list(self._pool._processes or ())

    def restart(self) -> bool:
        """End what is left of the pool and start anew."""
        self.close()
        self._pool = self._start()
        return True

    def close(self) -> None:
        """Kill the processes; they hold nothing that must be kept."""
        processes = list((self._pool._processes or {}).values())
        manager = getattr(self._pool, "_executor_manager_thread", None)
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()
        for process in processes:
            process.join()
        if manager is not None:  # else Python may wake it up at its end, when its pipe is closed
            manager.join(timeout=5)


class DaskPool:
    """Workers of a dask cluster that somebody else started.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``tcp://host:8786``, or a scheduler file.
    inputs : Inputs
        Sent to each worker once, also to those that come later.

    Raises
    ------
    InputError
        Without the extra ``cluster``, or if the scheduler does not answer.
    """

    def __init__(self, address: str, inputs: Inputs) -> None:
        try:
            distributed: Any = importlib.import_module("distributed")
        except ImportError:
            raise InputError(
                "--dask needs the extra 'cluster': python -m pip install 'mramsim[cluster]'"
            ) from None
        where = {"scheduler_file": address} if os.path.exists(address) else {"address": address}
        try:
            self._client = distributed.Client(**where, timeout=CONNECT_S)
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(f"--dask {address}: no scheduler answers ({error})") from None
        self.lost: tuple[type[BaseException], ...] = (distributed.scheduler.KilledWorker,)
        self.gone: tuple[type[BaseException], ...] = (distributed.CancelledError, CancelledError)
        self._client.register_plugin(_plugin(inputs), name="mramsim-inputs")
        self._pool = self._client.get_executor(pure=False, retries=3)

    def workers(self) -> int:
        """Return the threads of all workers that are there now."""
        return max(1, int(sum(self._client.nthreads().values())))

    def window(self) -> int:
        """Return two tasks per thread."""
        return 2 * self.workers()

    def submit(self, task: Task) -> Future[dict[str, Any]]:
        """Hand a task to the scheduler."""
        future: Future[dict[str, Any]] = self._pool.submit(work, task)
        return future

    def restart(self) -> bool:
        """Do nothing: other workers go on."""
        return False

    def close(self) -> None:
        """Drop what is queued and leave the cluster as it was."""
        with contextlib.suppress(Exception):
            self._pool.shutdown(wait=False)
        with contextlib.suppress(Exception):
            self._client.unregister_worker_plugin("mramsim-inputs")
        with contextlib.suppress(Exception):
            self._client.close(timeout=5)


def _plugin(inputs: Inputs) -> Any:
    base: Any = importlib.import_module("distributed").WorkerPlugin

    class GiveInputs(base):  # type: ignore[misc]
        def setup(self, worker: Any) -> None:
            install(inputs)

    return GiveInputs()


def _start_worker(inputs: Inputs) -> None:
    """Prepare a spawned process: it leaves Ctrl-C to its parent and ends with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    install(inputs)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextlib.contextmanager
def _clean_start() -> Iterator[None]:
    """Let processes that start now use one thread each and not import the user's main script.

    A spawned process imports ``__main__`` again, which runs a script that has no
    ``if __name__ == "__main__"`` a second time. Workers need nothing of it.
    """
    main = sys.modules["__main__"]
    before = {key: os.environ.get(key) for key in _ONE_THREAD}
    sys.modules["__main__"] = types.ModuleType("__main__")
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value
