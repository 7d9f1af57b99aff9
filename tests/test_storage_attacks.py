"""Checkpoints under attack: killed while they are written, cut, flipped and forged, larger than they look."""

import io
import json
import os
import random
import signal
import stat
import struct
import subprocess
import sys
import textwrap
import threading
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from minigrad import files
from minigrad.engine.tensor import Tensor
from minigrad.nn import Dropout, Linear, Sequential
from minigrad.optim import SGD, Adadelta, AdaGrad, Adam, Adamax, AdamW, Lion, Momentum, NAdam, Nesterov, RAdam, RMSProp
from minigrad.storage import CheckpointError, load, save

ROOT = Path(__file__).parent.parent
X = np.random.default_rng(0).normal(size=(6, 3))


def network(seed=0, generator=np.random.PCG64):
    dropout = Dropout(0.3, np.random.Generator(generator(seed + 1)))
    return Sequential(Linear(3, 4, seed), np.tanh, dropout, Linear(4, 2, seed + 2))


def saved(path, rule=Adam, generator=np.random.PCG64):
    """A trained model and its optimizer, and the file they are saved to."""
    model = network(generator=generator)
    optimizer = rule(model.parameters(), 0.01)
    for _ in range(3):
        optimizer.zero_grad()
        (model(X) ** 2).sum().backward()
        optimizer.step()
    save(path, model, optimizer)
    return model, optimizer


def everything(model, optimizer):
    return (
        [p.data.copy() for p in model.parameters()],
        [g.bit_generator.state for g in getattr(model, "generators", list)()],
        optimizer.state_dict(),
    )


def refused(path, model, optimizer, message=None):
    """Loading fails by CheckpointError alone, which names the file, and changes nothing."""
    before = everything(model, optimizer)
    with pytest.raises(CheckpointError, match=message) as caught:
        load(path, model, optimizer)
    assert str(path) in str(caught.value)
    np.testing.assert_equal(everything(model, optimizer), before)


def edited(path, change):
    """Write the file anew with its header changed in place by a function."""
    with np.load(path) as entries:
        arrays = dict(entries)
    header = json.loads(arrays["header"].tobytes())
    change(header)
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(buffer := io.BytesIO(), **arrays)
    path.write_bytes(buffer.getvalue())


# Where it is written


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o444 | 0o200])
def test_a_file_keeps_its_permissions(tmp_path, mode):
    path = tmp_path / "m"
    path.touch()
    path.chmod(mode)
    save(path, network())
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_new_file_has_those_that_the_umask_leaves(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    save(tmp_path / "m", network())
    assert (tmp_path / "m").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_others_can_read_the_draft_no_sooner_than_the_file(tmp_path, monkeypatch):
    path, seen = tmp_path / "m", []
    path.touch(mode=0o600)
    monkeypatch.setattr("minigrad.storage.np.savez", lambda file, **arrays: seen.append(os.fstat(file.fileno())))
    save(path, network())
    assert stat.S_IMODE(seen[0].st_mode) == 0o600


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("/dev/null")
    for path in ("/dev/null", tmp_path / "pipe", tmp_path / "folder", tmp_path / "link"):
        with pytest.raises(OSError, match=r"is a directory|is no file"):
            save(path, network())
        refused(path, network(), SGD(network().parameters(), 0.1), "directory or a device")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert sorted(os.listdir(tmp_path)) == ["folder", "link", "pipe"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write everything")
def test_a_write_protected_file_is_refused(tmp_path):
    (tmp_path / "m").touch(mode=0o400)
    with pytest.raises(PermissionError, match="write-protected"):
        save(tmp_path / "m", network())


# Killed


KILLED = """
    import sys
    import numpy as np
    from minigrad import save, nn
    model = nn.Linear(400, 400, 0)
    path, = sys.argv[1:]
    print("begun", flush=True)
    for i in range(10**6):
        model.W.data[:] = i
        save(path, model)
"""


def test_a_killed_process_leaves_a_whole_file_and_no_draft_after_the_next_save(tmp_path):
    path, model = tmp_path / "m", Linear(400, 400, 0)
    model.W.data[:] = -1
    save(path, model)
    delays, drafts = random.Random(5), 0
    for _ in range(12):
        command = [sys.executable, "-c", textwrap.dedent(KILLED), str(path)]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as child:
            child.stdout.readline()
            time.sleep(delays.uniform(0, 0.02))
            child.send_signal(signal.SIGKILL)
        drafts += len(os.listdir(tmp_path)) - 1
        load(path, model)
        assert (model.W.data == model.W.data[0, 0]).all()
    assert drafts  # some were killed in the middle
    save(path, model)
    assert os.listdir(tmp_path) == ["m"]


def test_a_draft_that_is_being_written_is_left_alone(tmp_path):
    with files.replacing(str(tmp_path / "a")) as file:
        save(tmp_path / "b", network())
        file.write(b"content")
    assert (tmp_path / "a").read_bytes() == b"content"
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


def test_many_threads_save_to_one_file(tmp_path):
    path, failures = tmp_path / "m", []

    def work(i):
        layer = Linear(30, 30, 0)
        layer.W.data[:] = i
        try:
            for _ in range(10):
                save(path, layer)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    layer = Linear(30, 30, 0)
    load(path, layer)
    assert failures == []
    assert (layer.W.data == layer.W.data[0, 0]).all()
    assert os.listdir(tmp_path) == ["m"]


# Between `open` and the `with` that it is for, Python itself lets a file go with a warning, and closes it.
@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_leaves_all_as_it_was_or_all_as_it_was_saved(tmp_path):
    model, dice, interrupted = Sequential(*(Linear(60, 60, i) for i in range(6))), random.Random(0), 0
    for name, value in (("one", 1.0), ("two", 2.0)):
        for p in model.parameters():
            p.data.fill(value)
        save(tmp_path / name, model)
    for _ in range(60):
        load(tmp_path / "one", model)
        timer = threading.Timer(dice.uniform(0, 0.004), signal.raise_signal, [signal.SIGINT])
        try:
            timer.start()
            load(tmp_path / "two", model)
            timer.join()
        except KeyboardInterrupt:
            interrupted += 1
            timer.join()
        assert len({x for p in model.parameters() for x in np.unique(p.data)}) == 1
    assert interrupted


# Flipped and cut


def test_hundreds_of_damaged_files(tmp_path):
    """Random bits and bytes, cuts, doublings, zeros: CheckpointError and no change, or all as it was saved."""
    path = tmp_path / "m"
    expected = everything(*saved(path))
    whole, dice, noticed = path.read_bytes(), random.Random(11), 0
    model = network(5)
    for _ in range(600):
        data, kind = bytearray(whole), dice.randrange(5)
        at, n = dice.randrange(len(data)), dice.randrange(1, 200)
        if kind == 0:
            for _ in range(dice.randrange(1, 4)):
                data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        elif kind == 1:
            data[at : at + n] = dice.randbytes(n)
        elif kind == 2:
            del data[at : at + n]
        elif kind == 3:
            data[at:at] = data[max(0, at - n) : at]
        else:
            data[at:] = bytes(dice.choice([0, len(data) - at]))
        path.write_bytes(data)
        victim = model, Adam(model.parameters(), 0.5)
        before = everything(*victim)
        try:
            load(path, *victim)
        except CheckpointError:
            np.testing.assert_equal(everything(*victim), before)
            noticed += 1
        else:
            np.testing.assert_equal(everything(*victim), expected)
    assert noticed > 300


def test_hundreds_of_forged_headers(tmp_path):
    """JSON that is well-formed, and wrong in one place: nothing but CheckpointError comes of it."""
    path = tmp_path / "m"
    saved(path)
    whole, dice = path.read_bytes(), random.Random(3)
    junk = [
        None,
        True,
        -1,
        5,
        1e400,
        float("nan"),
        "x",
        "\ud800",
        [],
        {},
        [[]],
        {"a": 1},
        10**30,
        -(10**30),
        [None] * 9,
    ]

    def forge(x, depth):
        keys = list(x) if isinstance(x, dict) else range(len(x)) if isinstance(x, list) else []
        if depth and keys and isinstance(x[k := dice.choice(list(keys))], dict | list) and x[k]:
            return forge(x[k], depth - 1)
        if keys:
            k = dice.choice(list(keys))
            if dice.random() < 0.3:
                del x[k]
            else:
                x[k] = dice.choice(junk)
        return None

    outcomes = set()
    for _ in range(400):
        path.write_bytes(whole)
        edited(path, lambda header: forge(header, dice.randrange(4)))
        model = network(5)
        optimizer = Adam(model.parameters(), 0.5)
        before = everything(model, optimizer)
        try:
            load(path, model, optimizer)
            outcomes.add("loaded")  # another rate, a name that was none
            assert all(0 <= getattr(optimizer, name) < np.inf for name in optimizer.settings)
            model(X)
        except CheckpointError:
            outcomes.add("refused")
            np.testing.assert_equal(everything(model, optimizer), before)
    assert "refused" in outcomes


# Settings and generators


RULES = [SGD, Momentum, AdaGrad, RMSProp, Adam, AdamW, Nesterov, NAdam, RAdam, Adamax, Adadelta, Lion]
SETTINGS = [(rule, name) for rule in RULES for name in rule.settings]


@pytest.mark.parametrize(("rule", "name"), SETTINGS)
@pytest.mark.parametrize("value", [5e400, float("nan"), -1, "0.5", None, [0.1], True])
def test_a_setting_that_could_not_be_set_is_refused(tmp_path, rule, name, value):
    path = tmp_path / "m"
    saved(path, rule)
    edited(path, lambda header: header["optimizer"]["settings"].update({name: value}))
    model = network(3)
    refused(path, model, rule(model.parameters()) if rule is not SGD else SGD(model.parameters(), 1), name)


@pytest.mark.parametrize(("rule", "name"), [(r, n) for r, n in SETTINGS if n in ("momentum", "rho", "beta1", "beta2")])
def test_a_share_is_below_1_in_files_and_when_it_is_set(tmp_path, rule, name):
    path = tmp_path / "m"
    _, optimizer = saved(path, rule)
    edited(path, lambda header: header["optimizer"]["settings"].update({name: 5}))
    model = network(3)
    refused(path, model, rule(model.parameters()), f"{name} must be at least 0 and less than 1, not 5")
    for value in (5, 1, -0.1, np.nan):
        with pytest.raises(ValueError, match=f"{name} must be at least 0 and less than 1"):
            setattr(optimizer, name, value)
        with pytest.raises(ValueError, match=f"{name} must be at least 0 and less than 1"):
            rule(model.parameters(), **{name: value})


FORGED = [
    (np.random.PCG64, ("state", "inc"), [4, -1, 2**129, 1.5, "1", None]),
    (np.random.PCG64, ("state", "state"), [-1, 2**129, 0.5, float("nan"), [1]]),
    (np.random.PCG64, ("has_uint32",), [7, -1, None]),
    (np.random.PCG64, ("uinteger",), [2**40, 1.5, -1]),
    (np.random.PCG64, ("state",), [None, {}, 3]),
    (np.random.PCG64, ("bit_generator",), ["MT19937", None, 3, []]),
    (np.random.MT19937, ("state", "pos"), [625, 10**6, -1, -(2**31), 1.5]),
    (np.random.MT19937, ("state", "key"), [[0] * 624, [1] * 623, [1] * 625, [-1] * 624, [1.5] * 624, [2**32] * 624, 1]),
    (np.random.Philox, ("buffer_pos",), [5, 10**6, -1, None]),
    (np.random.Philox, ("buffer",), [[1], [1] * 5, [-1] * 4, "abcd"]),
    (np.random.Philox, ("state", "counter"), [[1], [2**70] * 4, 3]),
    (np.random.SFC64, ("state", "state"), [[1], [2**70] * 4, 3, None]),
    (np.random.PCG64DXSM, ("state", "inc"), [4, -1]),
]


@pytest.mark.parametrize(("kind", "place", "values"), FORGED)
def test_a_state_that_no_generator_has_is_refused(tmp_path, kind, place, values):
    path = tmp_path / "m"
    saved(path, generator=kind)
    whole = path.read_bytes()
    for value in values:
        path.write_bytes(whole)

        def forge(header, value=value):
            state = header["generators"][0]
            for key in place[:-1]:
                state = state[key]
            state[place[-1]] = value

        edited(path, forge)
        model = network(3, kind)
        refused(path, model, Adam(model.parameters()), "state of a")


# Sizes


def peak(call):
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def npy(shape, dtype="<f8", data=b""):
    head = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode() + data


def replaced(path, name, content, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path) as archive:
        entries = {x: archive.read(x) for x in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for x, data in (entries | {name: content}).items():
            archive.writestr(x, data, compression if x == name else zipfile.ZIP_STORED)


@pytest.mark.parametrize("name", ["header.npy", "parameter/0.npy", "optimizer/0/m.npy"])
def test_a_small_file_does_not_unfold_to_a_large_one(tmp_path, name):
    path, size = tmp_path / "m", 200_000_000
    saved(path)
    replaced(path, name, npy(f"({size},)", "|u1", bytes(size)), zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1_000_000
    model = network(3)
    used = peak(lambda: refused(path, model, Adam(model.parameters()), "compressed"))
    assert used < 5_000_000


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("parameter/0.npy", npy((10**6, 10**6))),
        ("parameter/0.npy", npy((3, 4), data=bytes(8))),
        ("parameter/0.npy", npy((3, 4), "|O", bytes(96))),
        ("parameter/0.npy", npy((-3, 4), data=bytes(96))),
        ("parameter/0.npy", npy((2**62, 4), "|V0")),
        ("optimizer/1/v.npy", npy((10**9,), "<f8")),
        ("header.npy", npy((10**12,), "|u1")),
        ("header.npy", npy((), "<f8", bytes(8))),
        ("header.npy", npy((200_000,), "|u1", b"[" * 200_000)),
    ],
)
def test_sizes_are_looked_at_before_anything_is_allocated(tmp_path, name, head):
    path = tmp_path / "m"
    saved(path)
    replaced(path, name, head)
    model = network(3)
    assert peak(lambda: refused(path, model, Adam(model.parameters()))) < 5_000_000


def test_only_what_is_needed_is_read(tmp_path):
    """A large entry of somebody else's, and the optimizer's values where none is asked for."""
    path, model = tmp_path / "m", Linear(2, 2)
    big = Linear(1000, 1000)
    save(path, model, Adam(model.parameters()))
    replaced(path, "more.npy", npy((10_000_000,), data=bytes(80_000_000)))
    assert peak(lambda: load(path, Linear(2, 2))) < 2_000_000
    save(path, big, Adam(big.parameters()))
    assert peak(lambda: load(path, big)) < 1.3 * big.W.data.nbytes
    assert peak(lambda: refused(path, model, SGD(model.parameters(), 0.1))) < 2_000_000


def test_a_fortran_array_and_one_of_no_elements_come_back(tmp_path):
    class Two:
        def __init__(self):
            self.a = Tensor(np.asfortranarray(np.arange(6.0).reshape(2, 3)), requires_grad=True)
            self.b = Tensor(np.zeros((0, 3)), requires_grad=True)

        def parameters(self):
            return [self.a, self.b]

    one, two = Two(), Two()
    two.a.data[...] = 0
    save(tmp_path / "m", one)
    load(tmp_path / "m", two)
    np.testing.assert_array_equal(two.a.data, one.a.data)


# What a file says of itself, and of what it is saved


def test_two_entries_of_one_name_are_refused(tmp_path):
    """Readers differ in which of the two they take."""
    path = tmp_path / "m"
    saved(path)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("parameter/0.npy", npy((3, 4), data=bytes(96)))
    model = network(3)
    refused(path, model, Adam(model.parameters()), "two entries have one name")


@pytest.mark.parametrize(
    ("where", "model"),
    [
        (("format",), network(3)),
        (("parameters", 0), Sequential(Linear(2, 2, 0), Linear(2, 2, 0))),
        (("optimizer", "rule"), network(3)),
    ],
)
def test_the_text_of_a_file_is_quoted_on_one_line(tmp_path, where, model):
    path = tmp_path / "m"
    saved(path)

    def forge(header):
        for key in where[:-1]:
            header = header[key]
        header[where[-1]] = "x\n\x1b[31mall is well" + "!" * 10**5

    edited(path, forge)
    with pytest.raises(CheckpointError) as caught:
        load(path, model, Adam(model.parameters()))
    message = str(caught.value)
    assert r"x\n\x1b[31mall is well!!" in message
    assert message.isprintable()
    assert len(message) < 1200


class Own:
    def __init__(self, parameters):
        self.given = parameters

    def parameters(self):
        return self.given()


@pytest.mark.parametrize(
    ("given", "message"), [(lambda: [np.ones(3)], "a ndarray"), (lambda: None, "None"), (lambda: {"W": 1}, "'W'")]
)
def test_a_model_that_gives_no_tensors_is_named(tmp_path, given, message):
    with pytest.raises(TypeError, match=rf"parameters\(\) of the model, a Own, must give a list of Tensors.*{message}"):
        save(tmp_path / "m", Own(given))
    assert os.listdir(tmp_path) == []


def test_a_model_whose_parameters_are_a_generator(tmp_path):
    w, again = Tensor([1.0, 2.0], requires_grad=True), Tensor([0.0, 0.0], requires_grad=True)
    optimizer, other = Adam([w], 0.1), Adam([again], 0.2)
    (w * w).sum().backward()
    optimizer.step()
    save(tmp_path / "m", Own(lambda: (x for x in [w])), optimizer)
    load(tmp_path / "m", Own(lambda: (x for x in [again])), other)
    np.testing.assert_array_equal(again.data, w.data)
    np.testing.assert_equal(other.state_dict(), optimizer.state_dict())


# Errors of the system


def test_an_error_names_the_file_and_no_draft(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError) as caught:
        save(tmp_path / "no" / "m.npz", network())
    assert str(caught.value).endswith(f"'{tmp_path / 'no' / 'm.npz'}'")

    def full(file, **arrays):
        raise OSError(28, "No space left on device")  # the system's own error names no file

    monkeypatch.setattr("minigrad.storage.np.savez", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        save(tmp_path / "m.npz", network())
    assert caught.value.filename == str(tmp_path / "m.npz")
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_not_there_is_no_file(tmp_path):
    with pytest.raises(IsADirectoryError, match="name a file in it"):
        save(f"{tmp_path}/new/", network())
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="lists of users are Linux's")
def test_a_list_of_users_stays_and_its_bits_are_not_given_to_a_group(tmp_path):
    """Of rw for one user of a list the mode is 0660; as the mode of a file without the list it would be for a group."""
    path, everybody = tmp_path / "m", 0xFFFFFFFF
    save(path, network())
    rows = [(1, 6, everybody), (2, 6, 4321), (4, 0, everybody), (16, 6, everybody), (32, 0, everybody)]
    listed = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *row) for row in rows)
    try:
        os.setxattr(path, "system.posix_acl_access", listed)
    except OSError:
        pytest.skip("the file system has no such lists")
    save(path, network(1))
    assert os.getxattr(path, "system.posix_acl_access") == listed
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
