"""The app of the image: replace it with your own."""

from rtd import Session

session = Session()


@session.task()
def count(to: int) -> int:
    """Add up the numbers up to a limit."""
    return sum(range(to + 1))
