"""minigrad.scipy.linalg, of SciPy 1.17 for type checkers; written by ``python -m tests.generated``."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

import numpy
from scipy.linalg import (
    LinAlgError as LinAlgError,
    LinAlgWarning as LinAlgWarning,
    bandwidth as bandwidth,
    block_diag as block_diag,
    cdf2rdf as cdf2rdf,
    cho_factor as cho_factor,
    cho_solve as cho_solve,
    cho_solve_banded as cho_solve_banded,
    cholesky as cholesky,
    cholesky_banded as cholesky_banded,
    circulant as circulant,
    clarkson_woodruff_transform as clarkson_woodruff_transform,
    companion as companion,
    convolution_matrix as convolution_matrix,
    coshm as coshm,
    cosm as cosm,
    cossin as cossin,
    det as det,
    dft as dft,
    diagsvd as diagsvd,
    eig as eig,
    eig_banded as eig_banded,
    eigh as eigh,
    eigh_tridiagonal as eigh_tridiagonal,
    eigvals as eigvals,
    eigvals_banded as eigvals_banded,
    eigvalsh as eigvalsh,
    eigvalsh_tridiagonal as eigvalsh_tridiagonal,
    expm_cond as expm_cond,
    expm_frechet as expm_frechet,
    fiedler as fiedler,
    fiedler_companion as fiedler_companion,
    find_best_blas_type as find_best_blas_type,
    fractional_matrix_power as fractional_matrix_power,
    funm as funm,
    get_blas_funcs as get_blas_funcs,
    get_lapack_funcs as get_lapack_funcs,
    hadamard as hadamard,
    hankel as hankel,
    helmert as helmert,
    hessenberg as hessenberg,
    hilbert as hilbert,
    inv as inv,
    invhilbert as invhilbert,
    invpascal as invpascal,
    ishermitian as ishermitian,
    issymmetric as issymmetric,
    khatri_rao as khatri_rao,
    ldl as ldl,
    leslie as leslie,
    logm as logm,
    lstsq as lstsq,
    lu as lu,
    lu_factor as lu_factor,
    lu_solve as lu_solve,
    matmul_toeplitz as matmul_toeplitz,
    matrix_balance as matrix_balance,
    norm as norm,
    null_space as null_space,
    ordqz as ordqz,
    orth as orth,
    orthogonal_procrustes as orthogonal_procrustes,
    pascal as pascal,
    pinv as pinv,
    pinvh as pinvh,
    polar as polar,
    qr as qr,
    qr_delete as qr_delete,
    qr_insert as qr_insert,
    qr_multiply as qr_multiply,
    qr_update as qr_update,
    qz as qz,
    rq as rq,
    rsf2csf as rsf2csf,
    schur as schur,
    signm as signm,
    sinhm as sinhm,
    sinm as sinm,
    solve as solve,
    solve_circulant as solve_circulant,
    solve_continuous_are as solve_continuous_are,
    solve_continuous_lyapunov as solve_continuous_lyapunov,
    solve_discrete_are as solve_discrete_are,
    solve_discrete_lyapunov as solve_discrete_lyapunov,
    solve_lyapunov as solve_lyapunov,
    solve_toeplitz as solve_toeplitz,
    solveh_banded as solveh_banded,
    subspace_angles as subspace_angles,
    svd as svd,
    svdvals as svdvals,
    tanhm as tanhm,
    tanm as tanm,
    toeplitz as toeplitz,
)

from minigrad.engine.tensor import Tensor

_Array = numpy.ndarray[Any, numpy.dtype[Any]]

@overload
def expm(A: Tensor) -> Tensor: ...
@overload
def expm(A: _Array) -> _Array: ...
@overload
def expm(A: Any) -> Any: ...
@overload
def sqrtm(A: Tensor) -> Tensor: ...
@overload
def sqrtm(A: _Array) -> _Array: ...
@overload
def sqrtm(A: Any) -> Any: ...
@overload
def solve_sylvester(a: Tensor, b: Any, q: Any) -> Tensor: ...
@overload
def solve_sylvester(a: Any, b: Tensor, q: Any) -> Tensor: ...
@overload
def solve_sylvester(a: Any, b: Any, q: Tensor) -> Tensor: ...
@overload
def solve_sylvester(a: _Array, b: _Array | complex, q: _Array | complex) -> _Array: ...
@overload
def solve_sylvester(a: Any, b: Any, q: Any) -> Any: ...
@overload
def solve_banded(l_and_u: Any, ab: Tensor, b: Any, overwrite_ab: Any = ..., overwrite_b: Any = ..., check_finite: Any = ...) -> Tensor: ...
@overload
def solve_banded(l_and_u: Any, ab: Any, b: Tensor, overwrite_ab: Any = ..., overwrite_b: Any = ..., check_finite: Any = ...) -> Tensor: ...
@overload
def solve_banded(l_and_u: Any, ab: _Array, b: _Array | complex, overwrite_ab: Any = ..., overwrite_b: Any = ..., check_finite: Any = ...) -> _Array: ...
@overload
def solve_banded(l_and_u: Any, ab: Any, b: Any, overwrite_ab: Any = ..., overwrite_b: Any = ..., check_finite: Any = ...) -> Any: ...
@overload
def solve_triangular(a: Tensor, b: Any, trans: Any = ..., lower: Any = ..., unit_diagonal: Any = ..., overwrite_b: Any = ..., check_finite: Any = ...) -> Tensor: ...
@overload
def solve_triangular(a: Any, b: Tensor, trans: Any = ..., lower: Any = ..., unit_diagonal: Any = ..., overwrite_b: Any = ..., check_finite: Any = ...) -> Tensor: ...
@overload
def solve_triangular(a: _Array, b: _Array | complex, trans: Any = ..., lower: Any = ..., unit_diagonal: Any = ..., overwrite_b: Any = ..., check_finite: Any = ...) -> _Array: ...
@overload
def solve_triangular(a: Any, b: Any, trans: Any = ..., lower: Any = ..., unit_diagonal: Any = ..., overwrite_b: Any = ..., check_finite: Any = ...) -> Any: ...
