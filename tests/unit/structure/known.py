"""Where the code does not keep a rule yet. The lists only shrink; `test_known.py` says when."""

#: Groups of modules that import each other; a part of a known group is known, too.
MODULE_CIRCLES: list[set[str]] = []
#: Groups of folders that import each other.
FOLDER_CIRCLES: list[set[str]] = []
#: What a `core` imports of its siblings.
CORE_IMPORTS: set[str] = set()
#: Files of more lines than a file may have.
LONG_FILES: set[str] = set()
#: Class names that stand for two classes. Users import that of `rtd.testing`, and no other.
SAME_CLASS_NAMES: set[str] = {"Schedule"}
#: Modules named in prose that do not exist.
WRONG_REFERENCES: set[str] = set()
#: How many passages of each folder use wording that is not plain.
PROSE: dict[str, int] = {}
#: How often each page has wording that is not for pages, at most.
PAGE_WORDS: dict[str, int] = {}
