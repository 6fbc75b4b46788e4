"""A bar on standard error while a backtest runs, where somebody looks at it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from collector.backtest.run import Progress

EVERY = 0.002
"""Share of the whole between two movements of the bar."""


@contextmanager
def bar(title: str) -> Iterator[Callable[[Progress], None]]:
    """What the backtest tells how far it is; nothing where standard error is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn(title), BarColumn(), TextColumn("{task.percentage:3.0f} %"), TimeRemainingColumn(), TimeElapsedColumn())
    with Bar(*columns, TextColumn("{task.fields[readings]:,} readings"), console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(title, total=1.0, readings=0)
        last = 0.0

        def tell(progress: Progress) -> None:
            nonlocal last
            if progress.share - last >= EVERY:
                last = progress.share
                shown.update(task, completed=progress.share, readings=progress.readings)

        yield tell
