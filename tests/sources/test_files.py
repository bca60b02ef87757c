import gzip
import hashlib
import os
import random
import subprocess
import sys

import pytest

from analytics_lib.errors import FileRefusedError, RequestError
from analytics_lib.sources.files import expand, open_bytes, sha256

LINES = b"".join(b'{"n": %d}\n' % number for number in range(2000))


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def read(path):
    with open_bytes(path) as file:
        return file.read()


def refusal(path):
    with pytest.raises(FileRefusedError) as refused:
        read(path)
    return refused.value.code


def test_a_plain_file_is_read_as_it_is(write):
    assert read(write("a.ndjson", LINES)) == LINES


@pytest.mark.parametrize("name", ["a.ndjson", "a.ndjson.gz", "a"])
@pytest.mark.parametrize("content", [LINES, gzip.compress(LINES)], ids=["plain", "gzip"])
def test_gzip_is_told_by_its_bytes_whatever_the_name_says(write, name, content):
    """F06."""
    assert read(write(name, content)) == LINES


def test_several_gzip_members_are_one_content(write):
    """F05."""
    half = len(LINES) // 2
    assert read(write("a.gz", gzip.compress(LINES[:half]) + gzip.compress(LINES[half:]))) == LINES


def test_a_truncated_gzip_is_refused_wherever_it_was_cut(write):
    """F03."""
    packed = gzip.compress(LINES)
    for cut in (11, len(packed) // 3, len(packed) // 2, len(packed) - 9):
        assert refusal(write("a.gz", packed[:cut])) == "TRUNCATED_GZIP", cut


def test_a_gzip_that_lost_only_its_checksum_is_told_apart_from_one_that_lost_data(write):
    """F04: all data can be read before the error."""
    packed = gzip.compress(LINES)
    for cut in (1, 4, 8):
        assert refusal(write("a.gz", packed + packed[:-cut])) == "CORRUPT_GZIP", cut


def test_a_gzip_whose_data_were_changed_is_refused(write):
    """F04."""
    packed = bytearray(gzip.compress(LINES))
    seen = set()
    for place in random.Random(1).sample(range(10, len(packed)), 40):
        damaged = packed.copy()
        damaged[place] ^= 0x10
        seen.add(refusal(write("a.gz", bytes(damaged))))
    assert "CORRUPT_GZIP" in seen
    assert seen <= {"CORRUPT_GZIP", "TRUNCATED_GZIP"}


def test_a_wrong_checksum_is_refused_though_every_line_could_be_read(write):
    """F04."""
    packed = gzip.compress(LINES)
    assert refusal(write("a.gz", packed[:-8] + b"\0\0\0\0" + packed[-4:])) == "CORRUPT_GZIP"


def test_garbage_after_gzip_data_is_refused(write):
    """F06."""
    assert refusal(write("a.gz", gzip.compress(LINES) + b"garbage")) == "NOT_GZIP"


def test_zeros_after_gzip_data_are_padding(write):
    assert read(write("a.gz", gzip.compress(LINES) + bytes(512))) == LINES


def test_a_file_that_unpacks_without_end_is_refused_in_little_memory(write, tmp_path):
    """F07: 300 MB of zeros in 300 kB, in a process that may use 100 MB more than it starts with."""
    packed = write("bomb.gz", gzip.compress(bytes(300_000_000), 9))
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from analytics_lib.errors import FileRefusedError\n"
        "from analytics_lib.sources.formats import chunks\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n"
        "    for kind in sys.argv[2:]:\n"
        "        for chunk in chunks(Path(sys.argv[1]), kind): pass\n"
        "except FileRefusedError as error:\n"
        "    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before\n"
        "    print(error.code, grown < 100_000)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(packed), "ndjson"], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["TOO_LARGE", "True"], done.stderr


def test_well_packed_content_within_the_limits_is_no_bomb(write):
    lines = b'{"a": "the same line again and again"}\n' * 500_000
    assert len(read(write("a.gz", gzip.compress(lines)))) == len(lines)


@pytest.mark.parametrize("name", ["a\n.ndjson", "a\x7f.ndjson", "a\x1b[31m.ndjson"])
def test_a_name_with_control_characters_is_refused(write, name):
    """F21."""
    assert refusal(write(name, LINES)) == "BAD_NAME"


def test_a_name_that_is_not_utf8_is_refused(tmp_path):
    """F21."""
    path = os.fsdecode(os.fsencode(tmp_path) + b"/a\xff.ndjson")
    with open(path, "wb") as file:  # noqa: PTH123 - the name is the point
        file.write(LINES)
    assert refusal(next(tmp_path.iterdir())) == "BAD_NAME"


def test_emoji_in_a_name_are_no_harm(write):
    """F21."""
    assert read(write("mensajes 👗.ndjson", LINES)) == LINES


def test_a_link_is_refused(write, tmp_path):
    """F22."""
    link = tmp_path / "link.ndjson"
    link.symlink_to(write("a.ndjson", LINES))
    assert refusal(link) == "NOT_REGULAR"


@pytest.mark.timeout(10)
def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path):
    """F22."""
    os.mkfifo(tmp_path / "pipe.ndjson")
    assert refusal(tmp_path / "pipe.ndjson") == "NOT_REGULAR"


@pytest.mark.timeout(10)
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_refused(device, tmp_path):
    """F22."""
    (path,) = expand([device])
    assert refusal(path) == "NOT_REGULAR"


def test_a_folder_is_no_file(tmp_path):
    assert refusal(tmp_path) == "NOT_REGULAR"


def test_refused_files_leave_no_descriptor_open(write, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(5):
        refusal(tmp_path / "pipe")
        refusal(write("a.gz", gzip.compress(LINES)[:-3]))
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_a_missing_file_is_a_wrong_request(tmp_path):
    with pytest.raises(RequestError, match=r"There is no file 'a.ndjson'"):
        sha256(tmp_path / "a.ndjson")


def test_the_hash_is_of_the_bytes_on_disk(write):
    packed = gzip.compress(LINES)
    assert sha256(write("a.gz", packed)) == hashlib.sha256(packed).hexdigest()


def test_a_folder_names_its_files_sorted_without_hidden_ones_and_folders(write, tmp_path):
    for name in ("b.ndjson", "a.ndjson", ".draft"):
        write(name, LINES)
    (tmp_path / "sub").mkdir()
    assert [path.name for path in expand([str(tmp_path)])] == ["a.ndjson", "b.ndjson"]


def test_a_file_named_in_several_ways_is_taken_once(write, tmp_path):
    write("a.ndjson", LINES)
    patterns = [str(tmp_path / "a.ndjson"), str(tmp_path / "*.ndjson"), str(tmp_path)]
    assert [path.name for path in expand(patterns)] == ["a.ndjson"]


def test_a_pattern_names_files_in_folders_below_but_no_folder(write, tmp_path):
    (tmp_path / "sub.ndjson").mkdir()
    write("sub.ndjson/a.ndjson", LINES)
    assert [path.name for path in expand([str(tmp_path / "**" / "*.ndjson")])] == ["a.ndjson"]


def test_a_file_whose_name_reads_like_a_pattern_is_itself(write, tmp_path):
    write("a[1].ndjson", LINES)
    assert [path.name for path in expand([str(tmp_path / "a[1].ndjson")])] == ["a[1].ndjson"]


@pytest.mark.parametrize("pattern", ["absent.ndjson", "*.csv", "x" * 300, "../absent", "nul\0byte"])
def test_a_pattern_that_names_nothing_is_a_wrong_request(tmp_path, pattern):
    """F21: a name of 300 bytes among them."""
    with pytest.raises(RequestError, match="names no file"):
        expand([str(tmp_path / pattern)])


def test_an_empty_folder_is_a_wrong_request(tmp_path):
    with pytest.raises(RequestError, match="names no file"):
        expand([str(tmp_path)])
