"""Training on a cluster of Dask's: rows in blocks on workers, parameters and updates here (extra ``cluster``).

``minigrad.fit(…, client=client)`` is the way in. ``blocks`` are rows that a worker reads itself, from arrays, ``.npy``
files, a Zarr group or columns of ``parquet`` files; ``holder`` is what a worker has, an actor: the model, its gradients
as code, its blocks; ``messages`` are what it is asked and answers; ``draws`` are random numbers by rows, whoever has
them; ``workers`` says what workers run, ``calls`` how they are called; ``crew`` is all of them together, who has which
block and who calls whom, and another in the place of one that is lost. It imports ``ops``, ``engine``, ``extras`` and,
on a worker that computes by code, ``compiler``.

Of k workers a step takes 2k messages: to each the parameters and the numbers of its blocks, and from each the sums of
its gradients. Where there are more than a few, they form a tree: each calls some others, and answers with their sums in
its own. A sum that has not come in counts for nothing, whatever its worker had done; the blocks of a worker that is
lost go to the others, which read them from their source, and are computed with the same parameters.
"""

from minigrad.cluster.parquet import Parquet

__all__ = ["Parquet"]
