"""Kinds of tasks: an instance of such a class is a task."""

from rtd.core import Task


class ArchiveTask(Task):
    """A task that moves the letters of a folder into another one."""

    def __init__(self, source, target, **options):
        self.source = source
        self.target = target
        super().__init__(**options)

    def execute(self, data_folder):
        target = data_folder / self.target
        target.mkdir(exist_ok=True)
        letters = sorted((data_folder / self.source).glob("*.eml"))
        for letter in letters:
            letter.rename(target / letter.name)
        return [letter.name for letter in letters]

    def get_default_name(self):
        return f"archive {self.source}"

    def process_success(self, output):
        print(f"{len(output)} letters moved to {self.target}")
