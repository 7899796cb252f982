"""The scripts themselves: complete, loadable everywhere, no piece without a use."""

import re
from importlib.resources import files

from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.command import RedisCommand
from rtd.store.connection.lua_scripts import script
from tests.contract.store.harness import Store

LUA = files("rtd.store").joinpath("lua")
NAMES = sorted(f.name.removesuffix(".lua") for f in LUA.iterdir() if f.name.endswith(".lua"))
USE = re.compile(r"^--@use (.+)$", re.MULTILINE)
PIECES = {f.name.removesuffix(".lua") for f in LUA.joinpath("lib").iterdir()}


def called() -> set[str]:
    """The scripts that the methods of `Calls` name."""
    folders = [files(f"rtd.store.{name}") for name in ("commands", "events", "manifests")]
    sources = [file for folder in folders for file in folder.iterdir()]
    text = "".join(f.read_text() for f in sources if f.name.endswith(".py"))
    return set(re.findall(r'_script\(\s*"(\w+)"', text)) | set(
        re.findall(r', "(\w+)"\s*\)$', text, re.MULTILINE)
    )


def test_every_script_is_called_and_every_call_has_its_script() -> None:
    assert called() == set(NAMES)


def test_every_piece_is_used() -> None:
    used = {
        piece
        for name in NAMES
        for line in re.findall(
            r"^--@use (.+)$", LUA.joinpath(f"{name}.lua").read_text(), re.MULTILINE
        )
        for piece in line.split()
    }
    assert used == PIECES


def test_every_script_loads_under_its_digest(store: Store) -> None:
    for name in NAMES:
        source, digest = script(name)
        assert store.link.execute(RedisCommand(("SCRIPT", "LOAD", source))).decode() == digest


def test_a_server_that_forgot_the_scripts_is_told_again(store: Store) -> None:
    store.redis("SCRIPT", "FLUSH")
    ids = store.submit(3)
    store.redis("SCRIPT", "FLUSH")
    assert store.take() == ids


def test_scripts_forgotten_in_the_middle_of_a_pipeline_are_each_told_again(store: Store) -> None:
    ids = store.submit(4)
    assert store.take(n=2) == ids[:2]
    store.redis("SCRIPT", "FLUSH")
    finish = store.calls.finish("n", "E1", store.now_ms, b"", 10, [store.outcome(ids[0])])
    take = store.calls.take("n", "E1", "process", 1, store.now_ms)
    refused, count, took = store.link.execute_all(finish, RedisCommand(("DBSIZE",)), take)
    assert (refused, [run.id for run in took.runs]) == ([], [ids[2]])
    assert count > 0


def test_names_of_keys_all_have_the_hash_tag_of_their_namespace(store: Store) -> None:
    assert StoreCommands("x").prefix == "{rtd:x}:"
    store.submit(3, mc=1, expires_ms=store.now_ms + 5)
    store.take()
    store.submit(1, due_ms=store.now_ms + 5)
    keys = store.redis("KEYS", "*")
    assert keys
    assert all(key.startswith(b"{rtd:test}:") for key in keys)
