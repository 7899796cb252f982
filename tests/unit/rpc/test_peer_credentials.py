"""How records name the client of a connection."""

import pwd

import pytest

from rtd.rpc.core.peer_credentials import Peer


def test_the_user_of_a_client_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []

    def look_up(uid: int) -> pwd.struct_passwd:
        found.append(uid)  # in a directory on the network this holds up all other clients
        return pwd.struct_passwd(("anna", "x", uid, uid, "", "/", ""))

    monkeypatch.setattr(pwd, "getpwuid", look_up)
    for _ in range(3):
        assert Peer(4242, 70_001, 0, ()).text == "uid 70001 (anna) pid 4242"
    assert Peer(4243, 70_001, 0, ()).text == "uid 70001 (anna) pid 4243"
    assert found == [70_001, 70_001]
