"""Files that are only added to: whole lines, flushed before anyone is told, also after a power cut."""

import os
import stat
from pathlib import Path

import pytest

from core.journal import append_line, last_line, read_lines


def test_lines_come_back_in_their_order(tmp_path: Path) -> None:
    place = tmp_path / "records/some.jsonl"
    for number in range(3):
        append_line(place, {"n": number})
    assert [{"n": 0}, {"n": 1}, {"n": 2}] == list(read_lines(place))
    assert {"n": 2} == last_line(place)
    assert 0o600 == stat.S_IMODE(place.stat().st_mode)


def test_without_a_file_there_are_no_lines(tmp_path: Path) -> None:
    assert ([], None) == (list(read_lines(tmp_path / "none")), last_line(tmp_path / "none"))


def test_a_line_that_was_cut_short_keeps_to_itself(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    place = tmp_path / "some.jsonl"
    append_line(place, {"n": 1})
    place.write_bytes(place.read_bytes() + b'{"n": 2')
    assert {"n": 1} == last_line(place)
    append_line(place, {"n": 3})
    assert [{"n": 1}, {"n": 3}] == list(read_lines(place))
    assert "cut short" in caplog.text


def test_a_line_is_flushed_and_so_is_the_folder_of_a_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed = []
    real = os.fsync

    def fsync(handle: int) -> None:
        flushed.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    place = tmp_path / "records/some.jsonl"
    append_line(place, {"n": 1})
    assert [str(place), str(place.parent), str(tmp_path)] == flushed
    append_line(place, {"n": 2})
    assert str(place) == flushed[-1]


def test_the_last_line_of_a_long_file_is_found(tmp_path: Path) -> None:
    place = tmp_path / "some.jsonl"
    place.write_bytes(b"".join(b'{"n": %d}\n' % number for number in range(20_000)))
    assert {"n": 19_999} == last_line(place)
