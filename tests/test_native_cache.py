"""The cache of machine code: nothing that is cut, changed, foreign or another's is ever run; it goes without, too."""

import os
import pickle
import random
import stat
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("numba")

from minigrad import Tensor, compile
from minigrad.compiler.native import cache

ROOT = Path(__file__).parent.parent
X = np.linspace(0, 1, 12).reshape(3, 4)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def misses(monkeypatch):
    """How often a function had to be compiled."""
    found = []
    save = cache.StepCache.save_overload
    monkeypatch.setattr(cache.StepCache, "save_overload", lambda *a: (found.append(1), save(*a)))
    return found


def run(k=3.0):
    """Compile a step anew, as a new process would, and give what it computes."""
    step = compile(lambda x: (np.exp(x) * k).sum(), backend="native")
    value = step(X)
    assert step.backend == "native"
    np.testing.assert_allclose(value, np.exp(X).sum() * k, rtol=1e-12)
    return value


def only_file(folder):
    (name,) = os.listdir(folder)
    return folder / name


def test_it_is_compiled_once(folder, misses):
    assert run() == run() == run()
    assert len(misses) == 1
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(only_file(folder).stat().st_mode) == 0o600
    run(k=4.0)
    assert len(misses) == 2
    assert not any(name.startswith("minigrad_step") for name in sys.modules)


def test_loops_over_batches_are_kept_too(folder, misses):
    for _ in range(2):
        w = Tensor(np.ones((4, 1)), requires_grad=True)
        step = compile(lambda x, t, w=w: ((x @ w - t) ** 2).sum(), backend="native")
        losses = step.epochs(X, np.zeros((3, 1)), 1)
        np.testing.assert_allclose(losses.ravel(), X.sum(axis=1) ** 2)
    assert len(misses) == len(os.listdir(folder)) == 2


@pytest.mark.parametrize("content", [b"", b"x", bytes(31), bytes(40), bytes(10_000), b"\x80\x04N."], ids=len)
def test_a_file_of_anything_is_rebuilt(folder, misses, content):
    run()
    path = only_file(folder)
    path.write_bytes(content)
    run()
    run()
    assert len(misses) == 2
    assert os.listdir(folder) == [path.name]


def test_hundreds_of_cut_and_flipped_files_are_never_run(folder, monkeypatch):
    """Reading gives the code that was kept, whole, or nothing; what is nothing is not unpickled."""
    run()
    path, dice = only_file(folder), random.Random(2)
    whole = path.read_bytes()
    length = int.from_bytes(whole[32:40], "little")
    text, code = whole[40 : 40 + length], whole[40 + length :]
    assert cache._read(path, text) == code
    assert cache._read(path, text[:-1] + b" ") is None
    for _ in range(500):
        data, at = bytearray(whole), dice.randrange(len(whole))
        kind = dice.randrange(4)
        if kind == 0:
            data[at] ^= 1 << dice.randrange(8)
        elif kind == 1:
            del data[at:]
        elif kind == 2:
            del data[at : at + dice.randrange(1, 50)]
        else:
            data[at:at] = dice.randbytes(dice.randrange(1, 50))
        path.write_bytes(data)
        assert cache._read(path, text) is None
    run()
    assert cache._read(path, text) is not None


class Bomb:
    """What would be seen if it were unpickled."""

    def __reduce__(self):
        return os.mkdir, ("exploded",)


def test_what_others_may_write_is_not_read(folder, misses, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run()
    path = only_file(folder)
    bomb = pickle.dumps(Bomb())
    monkeypatch.setattr(cache, "_read", lambda path, text, read=cache._read: read(path, text) and bomb)
    for mode in (0o620, 0o602, 0o666):
        path.chmod(mode)
        run()
        assert not os.path.exists("exploded")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600  # written anew
    assert len(misses) == 4
    run()
    assert os.path.exists("exploded")  # as it would have


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o1777, 0o722])
def test_a_folder_that_others_may_write_is_refused(folder, misses, mode):
    folder.mkdir()
    folder.chmod(mode)
    for _ in range(2):
        with pytest.warns(RuntimeWarning, match=r"cache.* may be written by others.*chmod go-w.*MINIGRAD_CACHE"):
            run()
    assert len(misses) == 2
    assert os.listdir(folder) == []
    folder.chmod(0o755)
    run()
    assert len(os.listdir(folder)) == 1


def test_links_pipes_and_folders_in_the_place_of_a_file(folder, misses, tmp_path):
    run()
    path = only_file(folder)
    for i, make in enumerate((os.mkfifo, os.mkdir, lambda p: os.symlink("/dev/zero", p), lambda p: os.symlink(p, p))):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()
        make(path)
        run()
        assert len(misses) == i + 2


@pytest.mark.parametrize("place", ["/proc/none/cache", "/dev/null/cache", "/dev/null"])
def test_it_goes_without_where_no_folder_can_be_made(monkeypatch, misses, place):
    monkeypatch.setenv("MINIGRAD_CACHE", place)
    run()
    run()
    assert len(misses) == 2


def test_it_goes_without_a_home(monkeypatch, misses):
    for name in ("MINIGRAD_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)

    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(cache.Path, "home", no_home)
    run()
    assert len(misses) == 1


def test_it_goes_without_on_a_full_disk(folder, misses, monkeypatch):
    def full(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("minigrad.files.os.fsync", full)
    run()
    assert os.listdir(folder) == []


def test_code_of_another_version_is_another_file(folder, misses, monkeypatch):
    run()
    monkeypatch.setattr(cache, "MADE_BY", "numba 99.9")
    run()
    run()
    assert len(misses) == len(os.listdir(folder)) == 2


def test_code_that_this_version_cannot_rebuild_is_compiled(folder, misses):
    run()
    path = only_file(folder)
    whole = path.read_bytes()
    length = int.from_bytes(whole[32:40], "little")
    content = whole[32 : 40 + length] + pickle.dumps(("something", "else"))
    path.write_bytes(cache.hashlib.sha256(content).digest() + content)
    run()
    run()
    assert len(misses) == 2


def test_many_threads_compile_at_once(folder):
    values, failures = [], []

    def work(k):
        try:
            values.append(run(k) / k)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(float(1 + i % 2),)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    np.testing.assert_allclose(values, np.exp(X).sum())
    assert len(os.listdir(folder)) == 2


SCRIPT = """
    import numpy as np
    from minigrad import compile
    print("begun", flush=True)
    for k in range(1, 4):
        x = np.linspace(0, 1, 12)
        step = compile(lambda x: (np.exp(x) * k).sum(), backend="native")
        np.testing.assert_allclose(step(x), np.exp(x).sum() * k)
        assert step.backend == "native"
    print("done")
"""


def start(folder):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MINIGRAD_CACHE": str(folder)}
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def test_processes_at_once_and_killed_ones(folder):
    dice = random.Random(1)
    for _ in range(3):
        child = start(folder)
        child.stdout.readline()
        time.sleep(dice.uniform(0, 1.5))
        child.kill()
        child.communicate()
    children = [start(folder) for _ in range(3)]
    for child in children:
        out, errors = child.communicate(timeout=120)
        assert out.endswith("done\n"), errors
    names = os.listdir(folder)
    assert len([name for name in names if name.endswith(".code")]) == 3
    assert [name for name in names if not name.endswith(".code")] == []
