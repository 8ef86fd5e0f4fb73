"""What a report needs later is read beside what is counted now: a thread and a view of its own.

SQLite lets other threads run only until it has a row. Each question that is asked here therefore
answers with few rows, or with one that holds all (``driver.ask_in_one``).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from app.models.store import Store

T = TypeVar("T")


class Ahead:
    """Questions in the order in which their answers will be wanted. As a context manager it waits
    for the last of them.

    Its view of the store begins with the first question. A report's own view, begun before, is
    older by that moment: what was written between them may be seen by one of them alone.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._asked: dict[str, Future[Any]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="report")
        self._left = False

    def __enter__(self) -> Ahead:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._left = True
        self._thread.shutdown(cancel_futures=True)

    def begin(self, **questions: Callable[[Session], Any]) -> None:
        """Ask all of these one after another in one view of the store."""
        self._asked = {name: Future() for name in questions}
        self._thread.submit(self._answer, questions)

    def of(self, name: str) -> Any:
        """The answer of a question that was begun; its error where it failed."""
        return self._asked[name].result()

    def _answer(self, questions: dict[str, Callable[[Session], Any]]) -> None:
        waiting = list(questions)
        try:
            with self._store.read() as session:
                while waiting and not self._left:
                    answer = questions[waiting[0]](session)
                    self._asked[waiting.pop(0)].set_result(answer)
        except BaseException as fault:  # noqa: BLE001
            # Whoever waits for an answer gets the fault; nobody waits on this thread itself.
            for name in waiting:
                self._asked[name].set_exception(fault)
