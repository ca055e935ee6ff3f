"""Pages as they were answered last."""

from collections import OrderedDict
from collections.abc import Hashable

from app.domain.query import PageRows, Row
from app.services.limits import RECENT_PAGES
from app.services.pages import SummaryPage, make_page


class RecentPages:
    """Answers the same rows with the same page, so that a face may keep what it made of it.

    Nothing is taken for unchanged that was not compared: each call brings the rows of this moment.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._pages: OrderedDict[Hashable, tuple[tuple[Row, ...], bool, SummaryPage]] = OrderedDict()

    def page(self, question: Hashable, rows: PageRows, mailbox: int) -> SummaryPage:
        """Return the page of these rows; `question` tells pages apart and `mailbox` is the row the ids speak of."""
        key = (question, mailbox, rows.uidvalidity)
        kept = self._pages.get(key)
        if kept is not None and kept[0] == rows.rows and kept[1] == rows.has_more:
            self._pages.move_to_end(key)
            return kept[2]
        page = make_page(rows, mailbox)
        self._pages[key] = (rows.rows, rows.has_more, page)
        self._pages.move_to_end(key)
        if len(self._pages) > RECENT_PAGES:
            self._pages.popitem(last=False)
        return page
