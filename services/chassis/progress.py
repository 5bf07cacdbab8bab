"""A bar that shows how far a command is: on a terminal, and nowhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Tell = Callable[[int, int, str], None]
"""Takes how many are done, of how many, and a few words about the last."""


@contextmanager
def bar(title: str, *, console: Console, shown: bool = True) -> Iterator[Tell]:
    """Show a bar until the block ends; nothing at all where the console is no terminal or `shown` is false."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[about]}"))
    if not shown or not console.is_terminal:
        yield lambda _done, _total, _about: None
        return
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        task = progress.add_task(title, total=None, about="")
        yield lambda done, total, about: progress.update(task, completed=done, total=total, about=about)
