"""``minigrad train``: a model of a user's file, on rows in files, here or on the workers of a cluster."""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

from minigrad.app.userfile import UserError, model_of
from minigrad.cluster.blocks import find_rows
from minigrad.cluster.parquet import Parquet, is_parquet
from minigrad.extras import require

TIMEOUT = 10  # seconds to reach a scheduler in


def add_train(commands: Any) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "train",
        help="train a model of your own on rows in files, here or on Dask's workers",
        description="Train what FILE.py:function returns, (model, loss, optimizer), on rows in files.",
    )
    parser.add_argument("target", metavar="FILE.py:function", help="returns (model, loss, optimizer)")
    where = "X.npy T.npy, a Zarr group with arrays X and T, or a .parquet file; workers must see them by the same names"
    parser.add_argument("--data", nargs="+", required=True, metavar="PATH", help=where)
    named = "the column of T in a Parquet file (default: the last), all others being X's; several for several outputs"
    parser.add_argument("--target", action="append", dest="columns", metavar="COLUMN", help=named)
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a cluster, tcp://host:8786 (default: this process)")
    parser.add_argument("--epochs", type=int, default=10, help="how often to go through all rows (default: 10)")
    parser.add_argument("--batch-size", type=int, help="rows of an update (default: all)")
    parser.add_argument("--compile", choices=("numpy", "native"), help="compute by code")
    parser.add_argument("-o", "--out", type=Path, help="checkpoint after each epoch, .npz or .safetensors")
    parser.add_argument("--resume", type=Path, help="checkpoint to go on from")


def run_train(arguments: argparse.Namespace) -> int:
    """Train, and print the loss of each epoch."""
    data = _find_data(arguments.data, arguments.columns)
    if arguments.out is not None and not arguments.out.parent.is_dir():
        raise UserError(f"the folder {str(arguments.out.parent)!r} does not exist; make it first")
    model, loss, optimizer = model_of(arguments.target)
    rows = find_rows(data)  # what is wrong with them, before anybody is asked to compute
    with _connected(arguments.scheduler) as client:
        callbacks: list[Any] = [_print_epoch]
        if arguments.out is not None or arguments.resume is not None:
            saving = import_module("minigrad.callbacks").ModelCheckpoint
            callbacks.append(saving(arguments.out or arguments.resume))
        history = import_module("minigrad.training").fit(
            model,
            loss,
            optimizer,
            data if client is not None else rows.first(rows.count),
            arguments.epochs,
            arguments.batch_size,
            progress=False,
            compile=arguments.compile or False,
            callbacks=callbacks,
            resume=arguments.resume,
            client=client,
        )
    return 130 if history.interrupted else 0


def _find_data(paths: list[str], target: list[str] | None) -> Any:
    """Give what find_rows takes."""
    if len(paths) > 2:
        raise UserError(f"--data takes X.npy and T.npy, or one Zarr group or Parquet file, not {len(paths)} paths")
    if target is not None and (len(paths) == 2 or not is_parquet(paths[0])):
        raise UserError(f"--target names columns of a Parquet file, and {' and '.join(paths)} is none")
    if len(paths) == 2:
        return tuple(paths)
    return paths[0] if target is None else Parquet(paths[0], target)


def _print_epoch(training: Any) -> None:
    history = training.history
    print(f"epoch {training.epoch:3}  loss {history.loss[-1]:.6g}  {history.seconds[-1]:.2f} s", flush=True)


def _connected(address: str | None) -> Any:
    """Give a client of the scheduler, to be left again; none without an address."""
    if address is None:
        return nullcontext()
    try:
        return require("distributed", "cluster").Client(address, timeout=TIMEOUT)
    except (OSError, ValueError) as error:
        raise UserError(
            f"the scheduler {address} cannot be reached ({error}). Start one with: dask scheduler; and workers with: "
            f"dask worker {address}"
        ) from error
