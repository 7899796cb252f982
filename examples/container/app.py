"""The app of the image: replace it with your own."""

from rtd import App

app = App()


@app.task()
def count(to: int) -> int:
    """Add up the numbers up to a limit."""
    return sum(range(to + 1))
