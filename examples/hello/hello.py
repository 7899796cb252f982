"""The smallest app: one task."""

from rtd import App

app = App()


@app.task()
def hello(name: str = "world") -> str:
    """Greet a person."""
    print(f"hello, {name}")
    return f"hello, {name}"
