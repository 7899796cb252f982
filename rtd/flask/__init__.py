"""Tasks of a Flask app, carried out by rtd: the names of Flask-TaskWorker.

```python
app = Flask(__name__)
task_worker = BackgroundTaskWorker(app)

@task_worker.define_task
def email_task(**kwargs): ...

task_worker.start()
```
"""

from typing import Any, NoReturn

try:
    import flask as _flask  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "flask":
        raise
    from rtd.common.version import DISTRIBUTION

    raise ModuleNotFoundError(
        f'rtd.flask needs Flask: pip install "{DISTRIBUTION}[flask]"', name="flask"
    ) from None

from rtd.common.did_you_mean import did_you_mean
from rtd.flask.base_task import BaseTask
from rtd.flask.base_task_worker import BaseTaskWorker
from rtd.flask.run_stream import stream
from rtd.flask.task_workers import BackgroundTaskWorker, BlockingTaskWorker

__all__ = ["BackgroundTaskWorker", "BaseTask", "BaseTaskWorker", "BlockingTaskWorker", "stream"]


def __getattr__(name: str) -> NoReturn:
    hint: Any = did_you_mean(name, __all__)
    raise AttributeError(f"module 'rtd.flask' has no attribute {name!r}{hint}")
