"""Whether anything has changed at all, asked with one short question.

Every list is one search; asking for all of them costs a kilobyte, and mostly there is nothing.
A server that counts over all types (``GET [base]?_lastUpdated=ge…&_summary=count``, FHIR R4
§3.1.1.4) is asked that first, with the ETag of its last answer. It counts more than what the
lists hold (everything that this PC may read), so "nothing" and "unchanged" mean that every list
is. Any other answer means no more than that the lists have to be asked for. A server that
cannot do it is asked once.
"""

from __future__ import annotations

from datetime import datetime

from app.sync import state
from app.sync.link import Busy, Garbage
from app.sync.transport import Transport


class Quiet:
    """What the server said last, over one connection's account. Kept from run to run."""

    def __init__(self) -> None:
        self._since: datetime | None = None
        self._etag: str | None = None
        self._able = True

    def forget(self) -> None:
        """Something was written or read since: the next question begins at a new time."""
        self._since = self._etag = None

    def ask(
        self, transport: Transport, complete: datetime, newest: datetime
    ) -> tuple[bool, datetime | None]:
        """Whether nothing has changed, and the server's time.

        ``complete``: the time up to which every list was read to its end, by a run that came
        after the last question. ``newest``: the time of the newest record that was read. Raises
        LinkFault where the link gives out.
        """
        if not self._able:
            return False, None
        if self._since is None:
            if newest >= complete:
                return False, None  # it would be counted: the question would be in vain
            self._since, self._etag = complete, None
        url = f"{transport.base}?_lastUpdated=ge{state.text_of(self._since)}&_summary=count"
        try:
            answer = transport.get(url, unless=self._etag)
        except Busy as fault:
            if not fault.broken:
                raise  # come later: that is meant for every question
            self._able = False
            return False, None
        except Garbage:
            # Said to this question alone? The lists, asked for next, will tell.
            self._able = False
            return False, None
        if answer.status == 304:
            return self._etag is not None, answer.server_time
        total = (answer.resource or {}).get("total")
        counted = (answer.resource or {}).get("type") == "searchset"
        if answer.status != 200 or not counted or type(total) is not int or total < 0:
            self._able = False
            return False, None
        if total or answer.etag is None:
            # Another server's tag may stand for the number alone: one more change of the same
            # record would look like none.
            self.forget()
        else:
            self._etag = answer.etag
        return total == 0, answer.server_time
