"""The loop of a sweep: hand out tasks, store results, follow the stop rules.

What a point needs is decided by `mramsim.sweeps.stop.Decider` from its chips in order, so the table
is the same for any number of workers. Where workers would stand idle, chips of the next block are
run ahead; if the rule then stops, they stay in the store and out of the table.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import Any

from mramsim.errors import InputError
from mramsim.sweeps.pools import Pool
from mramsim.sweeps.recipes import Recipe, Task
from mramsim.sweeps.stop import ChipsSpec, Decider
from mramsim.sweeps.store import Shard, Store

MOST_LOSSES = 4
_HEARTBEAT_S = 1.0
Found = dict[str, Any]


@dataclass
class Point:
    """One point while it is worked on.

    Attributes
    ----------
    number : int
        Its place in the plan.
    recipe : Recipe
    decider : Decider
    asked : int
        Chips 0 .. asked - 1 have been queued or found.
    """

    number: int
    recipe: Recipe
    decider: Decider
    asked: int = 0


@dataclass
class State:
    """What is known of a sweep so far; for progress and for tables.

    Attributes
    ----------
    points : list of Point
    found, done : int
        Tasks that were in the store at the start, and that were finished since.
    latest : Point, optional
        To which the last result belongs.
    more, had : int
        Tasks beside the chips of points (exact references, attribution), and those that are there.
    """

    points: list[Point]
    found: int = 0
    done: int = 0
    latest: Point | None = None
    more: int = 0
    had: int = 0

    def missing(self) -> list[tuple[Point, int]]:
        """Return points that lack chips, and how many they lack at least."""
        return [
            (point, point.decider.needed - len(point.decider.accuracies(point.decider.needed)))
            for point in self.points
            if point.decider.why is None
        ]

    def count(self) -> tuple[int, int]:
        """Return tasks that are there and tasks that are needed, as far as is known now."""
        needed = [point.decider.needed for point in self.points]
        there = [len(point.decider.accuracies(point.decider.needed)) for point in self.points]
        return sum(there) + self.had, sum(needed) + self.more


Tell = Callable[[State], None]


@dataclass
class Scheduler:
    """Runs the tasks of points that the store does not hold yet.

    Attributes
    ----------
    store : Store
    state : State
    extra : list of Task
        Exact references of the points, and what else is to be run.
    """

    store: Store
    state: State
    extra: list[Task]
    _queue: deque[Task] = field(default_factory=deque)
    _wanted: dict[str, list[tuple[Point, int]]] = field(default_factory=dict)
    _flying: dict[Future[Found], Task] = field(default_factory=dict)
    _beside: set[str] = field(default_factory=set)
    _losses: int = 0
    _writing: bool = False

    @classmethod
    def of(
        cls,
        recipes: Sequence[tuple[int, Recipe]],
        spec: ChipsSpec,
        store: Store,
        more: Sequence[Task] = (),
    ) -> Scheduler:
        """Take up what the store holds.

        Parameters
        ----------
        recipes : sequence of (int, Recipe)
            Number and recipe of each point.
        spec : ChipsSpec
        store : Store
        more : sequence of Task
            Besides chips and exact references.
        """
        points = [Point(number, recipe, Decider(spec)) for number, recipe in recipes]
        tasks = {task.id: task for task in (Task(point.recipe) for point in points)}
        tasks.update({task.id: task for task in more})
        scheduler = cls(store, State(points), list(tasks.values()))
        for task in scheduler.extra:
            scheduler._ask(task)
        for point in points:
            scheduler._extend(point)
        return scheduler

    @property
    def waiting(self) -> int:
        """Tasks that are known to be needed and not done."""
        return len(self._queue) + len(self._flying)

    def run(self, pool: Pool, shard: Shard, tell: Tell) -> None:
        """Work until nothing is left to do.

        Raises
        ------
        InputError
            The disk is full, workers die again and again, or a task refuses its input.
        """
        try:
            while self._queue or self._flying:
                self._fill(pool)
                done, _ = wait(self._flying, _HEARTBEAT_S, FIRST_COMPLETED)
                lost = [future for future in done if not self._take(future, pool, shard, tell)]
                if lost:
                    self._recover(lost, pool, shard, tell)
        except BaseException:
            self._keep(shard)
            raise

    def _fill(self, pool: Pool) -> None:
        window = pool.window()
        while len(self._flying) < window:
            task = self._queue.popleft() if self._queue else self._ahead(pool)
            if task is None:
                return
            try:
                self._flying[pool.submit(task)] = task
            except pool.lost:
                self._queue.appendleft(task)
                self._count_loss(task)
                self._hand_out_again(list(self._flying), pool)

    def _ahead(self, pool: Pool) -> Task | None:
        """Return a chip beyond what is needed yet, where a worker would else stand idle."""
        if len(self._flying) >= pool.workers():
            return None
        for point in self.state.points:
            while point.decider.why is None and point.asked < point.decider.further:
                self._subscribe(point, point.asked)
                point.asked += 1
                if self._queue:
                    return self._queue.popleft()
        return None

    def _take(self, future: Future[Found], pool: Pool, shard: Shard, tell: Tell) -> bool:
        """Store a finished task; return False where its worker was lost."""
        try:
            found = future.result()
        except pool.lost:
            return False
        except pool.gone:
            raise InputError(
                "the scheduler is gone; finished tasks are kept, run again to go on"
            ) from None
        self._losses = 0
        task = self._store(future, found, shard)
        self._deliver(task.id)
        tell(self.state)
        return True

    def _store(self, future: Future[Found], found: Found, shard: Shard) -> Task:
        task = self._flying[future]
        self._writing = True
        line = shard.append(task.id, task.text, found)
        self._writing = False
        self.store.add(line)
        self.state.done += 1
        self.state.had += task.id in self._beside
        del self._flying[future]
        return task

    def _keep(self, shard: Shard) -> None:
        """Store what is finished when the loop ends early, unless storing is what failed."""
        for future in list(self._flying):
            finished = future.done() and not future.cancelled()
            if finished and future.exception() is None and not self._writing:
                self._store(future, future.result(), shard)

    def _recover(self, lost: list[Future[Found]], pool: Pool, shard: Shard, tell: Tell) -> None:
        for future in [one for one in self._flying if one.done() and one not in lost]:
            if not self._take(future, pool, shard, tell):
                lost.append(future)
        self._count_loss(self._flying[lost[0]])
        self._hand_out_again(lost, pool)

    def _hand_out_again(self, lost: list[Future[Found]], pool: Pool) -> None:
        if pool.restart():
            lost = list(self._flying)
        self._queue.extendleft([self._flying.pop(future) for future in reversed(lost)])

    def _count_loss(self, task: Task) -> None:
        self._losses += 1
        if self._losses >= MOST_LOSSES:
            chip = "the exact reference" if task.chip is None else f"chip {task.chip}"
            raise InputError(
                f"workers died {MOST_LOSSES} times in a row (killed, or out of memory?), last on "
                f"{chip} of task {task.id[:16]}; finished tasks are kept, run again to go on"
            )

    def _extend(self, point: Point) -> None:
        """Queue the chips of a point up to its next decision."""
        while point.decider.why is None and point.asked < point.decider.needed:
            self._subscribe(point, point.asked)
            point.asked += 1

    def _subscribe(self, point: Point, chip: int) -> None:
        task_id = point.recipe.chip_ids.id(chip)
        if task_id in self.store:
            self.state.found += 1
            point.decider.add(chip, self.store.accuracy(task_id))
            return
        known = task_id in self._wanted
        self._wanted.setdefault(task_id, []).append((point, chip))
        if not known:
            self._queue.append(Task(point.recipe, chip))

    def _ask(self, task: Task) -> None:
        self.state.more += 1
        if task.id in self.store:
            self.state.found += 1
            self.state.had += 1
        else:
            self._beside.add(task.id)
            self._wanted[task.id] = []  # a point may want the same
            self._queue.append(task)

    def _deliver(self, task_id: str) -> None:
        for point, chip in self._wanted.pop(task_id, ()):
            point.decider.add(chip, self.store.accuracy(task_id))
            self._extend(point)
            self.state.latest = point
