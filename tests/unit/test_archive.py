import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jod_pipelines.errors import SourceError
from jod_pipelines.landing.archive import Archive, Failed, Fetched, Unchanged, remove_leftovers


def doc(key, body, change_key=None):
    return Fetched(key, body, f"GET {key}", 200, "2026-11-22T00:00:00+00:00", change_key)


@pytest.fixture
def landed(tmp_path):
    return Archive(tmp_path).resource("source", "thing")


def files(landed):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in landed.root.rglob("*") if path.is_file()}


def test_what_was_sent_comes_back_byte_for_byte(landed):
    body = '{"ä": "\u00a0<p>x</p>"}\r\n'.encode()
    snapshot = landed.store([doc("a", body)])
    landed.serve(snapshot)
    assert [d.body for d in landed.read(landed.current())] == [body]


def test_the_same_again_writes_nothing(landed):
    landed.serve(landed.store([doc("a", b"1"), doc("b", b"2")]))
    before = files(landed)
    again = landed.store([doc("b", b"2"), doc("a", b"1")])
    assert again.id == landed.current().id
    assert files(landed) == before


@given(st.dictionaries(st.text(min_size=1), st.binary(), max_size=6), st.randoms())
def test_a_snapshot_is_its_content_whatever_the_order(tmp_path_factory, contents, random):
    landed = Archive(tmp_path_factory.mktemp("a")).resource("s", "t")
    documents = [doc(key, body) for key, body in contents.items()]
    first = landed.store(documents)
    random.shuffle(documents)
    assert landed.store(documents).id == first.id
    assert {d.key: d.body for d in landed.read(first)} == contents


def test_a_moved_change_mark_is_a_new_snapshot_of_the_same_content(landed):
    first = landed.store([doc("a", b"1", "monday")])
    second = landed.store([doc("a", b"1", "tuesday")])
    assert first.id != second.id
    assert first.content_id == second.content_id


def test_volatile_keys_do_not_make_a_change(landed):
    first = landed.store([doc("a", b'{"timestamp": 1, "name": "x"}')], volatile=frozenset({"timestamp"}))
    landed.serve(first)
    second = landed.store([doc("a", b'{"name": "x", "timestamp": 2}')], volatile=frozenset({"timestamp"}))
    assert second.id == first.id
    third = landed.store([doc("a", b'{"name": "y", "timestamp": 2}')], volatile=frozenset({"timestamp"}))
    assert third.id != first.id


def test_unchanged_and_failed_documents_keep_their_last_version(landed):
    landed.serve(landed.store([doc("a", b"1"), doc("b", b"2"), doc("c", b"3")]))
    snapshot = landed.store([Unchanged("a"), Failed("b", "500"), doc("d", b"4")])
    assert set(snapshot.entries) == {"a", "b", "d"}
    assert snapshot.failed == (Failed("b", "500"),)


def test_additions_keep_what_is_there(landed):
    landed.serve(landed.store([doc("a", b"1")]))
    assert set(landed.store([doc("b", b"2")], keep=True).entries) == {"a", "b"}


def test_the_pointer_does_not_move_before_it_is_told(landed):
    landed.serve(landed.store([doc("a", b"1")]))
    served = landed.current().id
    landed.store([doc("a", b"2")])
    assert landed.current().id == served


def test_a_damaged_object_is_found(landed):
    snapshot = landed.store([doc("a", b"good")])
    path = next(landed.root.glob("objects/*/*.gz"))
    path.write_bytes(gzip.compress(b"bad!"))
    with pytest.raises(SourceError, match="damaged"):
        list(landed.read(snapshot))
    path.unlink()
    with pytest.raises(SourceError, match="fetch it again"):
        list(landed.read(snapshot))


def test_hostile_keys_never_name_files(landed, tmp_path):
    landed.serve(landed.store([doc("../../etc/passwd", b"x"), doc("a\x00b/../c", b"y")]))
    assert all(path.resolve().is_relative_to(tmp_path) for path in tmp_path.rglob("*"))
    assert {d.key for d in landed.read(landed.current())} == {"../../etc/passwd", "a\x00b/../c"}


def erased(landed):
    landed.serve(landed.store([doc("a", b"keep\nsecret\n"), doc("b", b"other")]))
    return landed.erase(landed.current(), [doc("a", b"keep\n")], {"id-1"}, "withdrawn")


def test_erased_content_is_gone_from_every_file_and_leaves_a_tombstone(landed):
    landed.serve(erased(landed))
    bodies = [gzip.decompress(path.read_bytes()) for path in landed.root.glob("objects/*/*.gz")]
    assert sorted(bodies) == [b"keep\n", b"other"]
    assert len(list(landed.root.glob("snapshots/*"))) == 1
    stone = json.loads((landed.root / "tombstones.jsonl").read_text())
    assert stone["id"] == "id-1"
    assert stone["erased_at"]
    assert landed.erased_ids() == {"id-1"}


def test_an_erasure_that_dies_before_it_serves_leaves_the_old_state_whole(landed):
    erased(landed)
    assert [d.body for d in landed.read(landed.current())] == [b"keep\nsecret\n", b"other"]
    landed.finish_erasure()
    assert [d.body for d in landed.read(landed.current())] == [b"keep\nsecret\n", b"other"]
    assert landed.erased_ids() == set()


def test_leftovers_of_a_killed_process_are_removed(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / ".half.123.tmp").write_bytes(b"")
    (tmp_path / "x" / "whole").write_bytes(b"")
    remove_leftovers(tmp_path)
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["whole"]
