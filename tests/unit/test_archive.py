import contextlib
import hashlib
import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jod_pipelines.errors import SourceError
from jod_pipelines.landing import archive
from jod_pipelines.landing.archive import Archive, Failed, Fetched, Unchanged, remove_leftovers
from jod_pipelines.landing.integrity import problems_of


def doc(key, body, change_key=None):
    return Fetched(key, body, f"GET {key}", 200, "2026-11-22T00:00:00+00:00", change_key)


@pytest.fixture
def landed(tmp_path):
    return Archive(tmp_path).resource("source", "thing")


def compressed(body):
    return pa.compress(body, codec="zstd", asbytes=True)


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
    path = next(landed.root.glob("objects/*/*.zst"))
    path.write_bytes(compressed(b"bad!"))
    with pytest.raises(SourceError, match="damaged"):
        list(landed.read(snapshot))
    path.unlink()
    with pytest.raises(SourceError, match="fetch it again"):
        list(landed.read(snapshot))


def test_hostile_keys_never_name_files(landed, tmp_path):
    landed.serve(landed.store([doc("../../etc/passwd", b"x"), doc("a\x00b/../c", b"y")]))
    assert all(path.resolve().is_relative_to(tmp_path) for path in tmp_path.rglob("*"))
    assert {d.key for d in landed.read(landed.current())} == {"../../etc/passwd", "a\x00b/../c"}


def without_secret(body):
    return body.replace(b"secret\n", b"") if b"secret" in body else None


def planned(landed, **how):
    """Two snapshots served with a secret in them, a third one held and a body that no snapshot refers to."""
    landed.serve(landed.store([doc("a", b"keep\nsecret\n")]))
    landed.serve(landed.store([doc("a", b"keep\nsecret\n"), doc("b", b"other")]))
    landed.hold(landed.store([doc("a", b"only secret\n")]), "too small")
    landed._put(b"orphan secret\n")
    return landed.plan_erasure(without_secret, [], {"id-1"}, "withdrawn", "tester", **how)


def test_erased_content_is_gone_from_every_file_and_leaves_a_tombstone(landed):
    landed.erase(planned(landed))
    bodies = [landed.body(path.stem) for path in landed.root.glob("objects/*/*.zst")]
    assert sorted(bodies) == [b"keep\n", b"only ", b"orphan ", b"other"]
    assert [d.body for d in landed.read(landed.current())] == [b"keep\n", b"other"]
    stone = landed.tombstones()[0]
    assert (stone["id"], stone["reason"], stone["by"]) == ("id-1", "withdrawn", "tester")
    assert stone["erased_at"]
    assert landed.erased_ids() == {"id-1"}
    assert [p.kind for p in problems_of(landed)] == ["extra object"]


def test_history_and_what_is_held_survive_an_erasure(landed):
    plan = planned(landed)
    before = landed.history()
    landed.erase(plan)
    assert [line["was"] for line in landed.history()] == [line["snapshot"] for line in before]
    assert [d.body for d in landed.read(landed.served_at(before[0]["served_at"]))] == [b"keep\n"]
    assert landed.resolve(before[0]["snapshot"]) == landed.history()[0]["snapshot"]
    assert [d.body for d in landed.read(landed.snapshot(landed.held()["snapshot"]))] == [b"only "]


def test_an_erasure_that_is_only_planned_changes_nothing(landed):
    planned(landed)
    assert [d.body for d in landed.read(landed.current())] == [b"keep\nsecret\n", b"other"]
    landed.finish_erasure()
    assert [d.body for d in landed.read(landed.current())] == [b"keep\nsecret\n", b"other"]
    assert landed.erased_ids() == set()


@pytest.mark.parametrize("step", range(12))
def test_an_erasure_that_dies_anywhere_is_completed(landed, monkeypatch, step):
    plan = planned(landed)
    left = step

    def dies(real):
        def maybe(*arguments, **named):
            nonlocal left
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
            return real(*arguments, **named)

        return maybe

    monkeypatch.setattr(archive, "write_atomically", dies(archive.write_atomically))
    monkeypatch.setattr(archive.Path, "unlink", dies(archive.Path.unlink))
    with contextlib.suppress(KeyboardInterrupt):
        landed.erase(plan)
    monkeypatch.undo()
    landed.finish_erasure()
    if landed.erased_ids():
        assert not any(b"secret" in landed.body(path.stem) for path in landed.root.glob("objects/*/*.zst"))
        assert [stone["id"] for stone in landed.tombstones()] == ["id-1"]
        assert [p for p in problems_of(landed) if p.damage] == []
    else:
        assert step == 1, "only an erasure that died before its first write may leave the old state"
    assert "b" in landed.current().entries


def test_a_whole_document_can_be_erased_and_what_shares_its_body_stays(landed):
    landed.serve(landed.store([doc("a", b"same"), doc("b", b"same"), doc("c", b"own")]))
    landed.erase(landed.plan_erasure(lambda body: None, ["a", "c"], ["a", "c"], "asked for", "tester"))
    assert [d.key for d in landed.read(landed.current())] == ["b"]
    assert [landed.body(path.stem) for path in landed.root.glob("objects/*/*.zst")] == [b"same"]


def test_what_a_source_publishes_again_is_erased_no_more(landed):
    landed.erase(planned(landed))
    landed.note_returned(["id-1"])
    assert landed.erased_ids() == set()
    assert [("erased_at" in s, "returned_at" in s) for s in landed.tombstones()] == [(True, False), (False, True)]


def test_every_entry_says_how_it_was_fetched(landed):
    entry = landed.store([doc("a", b"body", "monday")]).entries["a"]
    assert (entry.request, entry.status, entry.bytes, entry.change_key) == ("GET a", 200, 4, "monday")
    assert entry.sha256 == hashlib.sha256(b"body").hexdigest()
    assert entry.fetched_at.startswith("2026-11-22T00:00:00")
    assert re.fullmatch(r"\d+\.\d+\.\d+\+[0-9a-f]{16}", entry.code_version)


def test_the_landing_as_it_was_at_any_moment(landed):
    first, second = (landed.store([doc("a", body)]) for body in (b"1", b"2"))
    for snapshot in (first, second, first):
        landed.serve(snapshot)
    moments = [line["served_at"] for line in landed.history()]
    assert [landed.served_at(moment).id for moment in moments] == [first.id, second.id, first.id]
    assert landed.served_at("2001-01-01") is None


def test_a_body_that_is_missing_is_asked_for_again(landed):
    landed.serve(landed.store([doc("a", b"1"), doc("b", b"2")]))
    landed.object_path(landed.current().entries["a"].sha256).unlink()
    assert set(landed.present(landed.current()).entries) == {"b"}
    again = landed.store([doc("a", b"1"), Unchanged("b")])
    assert [d.body for d in landed.read(again)] == [b"1", b"2"]


def damaged(landed, how):
    landed.serve(landed.store([doc("a", b"one"), doc("b", b"two")]))
    path = landed.object_path(landed.current().entries["a"].sha256)
    manifest = next(landed.root.glob("snapshots/*"))
    if how == "missing object":
        path.unlink()
    elif how == "damaged object":
        path.write_bytes(compressed(b"bad!"))
    elif how == "damaged manifest":
        manifest.write_bytes(b"not gzip")
    elif how == "dangling reference":
        (landed.root / "current").write_text("0123456789abcdef")
    elif how == "unfinished erasure":
        (landed.root / "erasing.json").write_text("{}")
    elif how == "extra object":
        landed._put(b"nobody's")
    return landed


@pytest.mark.parametrize(
    "how", ["missing object", "damaged object", "damaged manifest", "dangling reference", "unfinished erasure", "extra object"]
)
def test_verification_names_what_is_wrong(landed, how):
    found = problems_of(damaged(landed, how))
    assert how in [problem.kind for problem in found]
    assert found[0].damage == (how != "extra object")


def test_verification_sees_a_manifest_that_lists_something_else(landed):
    landed.serve(landed.store([doc("a", b"one")]))
    other = landed.store([doc("a", b"two")])
    path = landed.root / "snapshots" / f"{landed.current().id}.jsonl.gz"
    path.write_bytes((landed.root / "snapshots" / f"{other.id}.jsonl.gz").read_bytes())
    assert "lists other documents" in str(problems_of(landed)[0])


def test_a_sound_archive_has_no_problems(landed):
    assert problems_of(damaged(landed, "not at all")) == []


def test_leftovers_of_a_killed_process_are_removed(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / ".half.123.tmp").write_bytes(b"")
    (tmp_path / "x" / "whole").write_bytes(b"")
    remove_leftovers(tmp_path)
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["whole"]
