"""Products and linear algebra: dot, einsum in both spellings, tensordot, decompositions, norms, Fourier transforms."""

from tests.forms import Refused, split_forms

S = "(M + M.T)"
P = "(M @ M.T + np.eye(3))"
RIGHT = [
    *split_forms("""
        np.dot(M, y)  np.dot(x, M)  np.dot(2, x)  np.dot(c, np.ones((4, 2)))  np.dot(c, c.transpose(0, 2, 1))
        np.dot(y, q)  np.dot(s, s)  np.dot(x, [1, 2, 3])  np.dot(A, M, out=None)  np.dot(a=x, b=M)
    """),
    *split_forms("""
        np.matmul(c, c.mT)  np.matmul(x, M, dtype=np.float32)  np.matmul(A, y)
        np.matmul(M, M, axes=[(0, 1), (1, 0), (0, 1)])  np.vdot(x, z)  np.vdot(x + 1j, z)  np.inner(x, z)
        np.inner(c, x @ np.ones((3, 4)))  np.inner(2, y)  np.outer(x, y)  np.outer(y, [1, 2])  np.kron(x, y)
        np.kron(M, [[1, 2]])  np.cross(x, y)  np.cross(x.T, z.T, axis=0)  np.cross(x, z, axisa=1, axisb=1, axisc=0)
    """),
    *split_forms("""
        np.tensordot(c, x, axes=([0, 1], [0, 1]))  np.tensordot(x, M, 1)  np.tensordot(x, y, axes=0)
        np.tensordot(c, c, axes=3)  np.vecdot(x, z)  np.vecdot(x.T, z.T, axis=0)  np.vecdot(x, z, keepdims=True)
        np.matvec(M, x)  np.vecmat(x, M)
    """),
    *split_forms("""
        np.einsum('ij,jk->ik', x, M)  np.einsum('ij,jk', x, M)  np.einsum('ii', M)  np.einsum('ii->i', M)
        np.einsum('ij->ji', x)  np.einsum('...j,j->...', c[..., :3], y)  np.einsum('i,j,k->ijk', y, v, q)
        np.einsum('ij,ij->', x, z, optimize=True)  np.einsum('ij,jk,kl->il', x, M, M, optimize='optimal')
        np.einsum('ij,jk', x, M, optimize='greedy')  np.einsum(x, [0, 1], M, [1, 2])
        np.einsum(x, [0, 1], M, [1, 2], [2, 0])  np.einsum(c, [..., 0])  np.einsum('ij,j', A, y)
        np.einsum('ij->i', x, dtype=np.float32, casting='same_kind')  np.einsum('ij,jk', x, M, out=None)
        np.einsum('ij,kj->ik', x, z, order='C')
        np.einsum('ij,jk,kl', x, M, M, optimize=['einsum_path', (0, 1), (0, 1)])  np.einsum('ij , jk -> ik', x, M)
        np.einsum('i,i', [1, 2, 3], y)
    """),
    *(
        f"np.linalg.norm(x{more})"
        for more in (
            "",
            ", 'fro'",
            ", 'nuc'",
            ", 1",
            ", 2",
            ", -2",
            ", np.inf",
            ", -np.inf",
            ", axis=1",
            ", 1, axis=0",
            ", 3, axis=1",
            ", -1, axis=1",
            ", np.inf, axis=-1",
            ", -np.inf, 0",
            ", axis=(0, 1)",
            ", keepdims=True",
            ", ord='fro', axis=(1, 0), keepdims=True",
        )
    ),
    *split_forms("""
        np.linalg.norm(y, 2)  np.linalg.norm(y, ord=0) * y  np.linalg.norm(c)
        np.linalg.vector_norm(c, axis=(0, 2), ord=3)  np.linalg.vector_norm(x, keepdims=True)
        np.linalg.matrix_norm(c, ord='nuc')  np.linalg.matrix_norm(M, keepdims=True, ord=2)  np.linalg.cond(M)
        np.linalg.cond(M, 1)  np.linalg.cond(M, 'fro')
    """),
    *(
        "np.linalg.inv(M)",
        "np.linalg.det(M)",
        "np.linalg.slogdet(M)",
        "np.linalg.slogdet(M).logabsdet",
        "np.linalg.solve(M, y)",
        "np.linalg.solve(M, x.T)",
        "np.linalg.solve(A[:, :2], x)",
        "np.linalg.pinv(x)",
        "np.linalg.pinv(x, rcond=1e-10)",
        f"np.linalg.pinv({S}, hermitian=True)",
        "np.linalg.lstsq(x.T, y)[0]",
        "np.linalg.lstsq(x.T, y, rcond=None)[1]",
        "np.linalg.tensorinv(M[:, :, None] * np.ones(1), ind=1)",
        "np.linalg.tensorsolve(M, y)",
    ),
    *(
        f"np.linalg.cholesky({P})",
        f"np.linalg.cholesky({P}, upper=True)",
        f"np.linalg.eigvalsh({S})",
        f"np.linalg.eigvalsh({S}, UPLO='U')",
        f"np.abs(np.linalg.eigh({S}).eigenvectors)",
        f"np.linalg.eigh({S})[0]",
        "np.linalg.eigvals(M).real",
        "np.abs(np.linalg.eig(M)[1])",
        "np.linalg.svd(x)[1]",
        "np.linalg.svd(x, compute_uv=False)",
        "np.abs(np.linalg.svd(x, full_matrices=False)[0])",
        "np.linalg.svdvals(x)",
        f"np.linalg.svd({S}, hermitian=True)[1]",
        "np.linalg.qr(x.T)",
        "np.linalg.qr(M, 'complete')",
        "np.linalg.qr(M, mode='r')",
        "np.linalg.qr(x)",
        "np.linalg.qr(M + 1j * M.T)",
    ),
    *split_forms("""
        np.linalg.matrix_power(M, 3)  np.linalg.matrix_power(M, n=-2)  np.linalg.matrix_power(M, 0) @ M
        np.linalg.multi_dot([x, M, y])  np.linalg.multi_dot([x, M, M], out=None)  np.linalg.outer(y, v)
        np.linalg.cross(x, y)  np.linalg.trace(M, offset=1)  np.linalg.diagonal(M, offset=-1)
        np.linalg.tensordot(x, M, axes=1)  np.linalg.vecdot(x, z, axis=0)  np.linalg.matmul(x, M)
        np.linalg.matrix_transpose(x)  x * np.linalg.matrix_rank(M)
    """),
    *(f"np.abs(np.fft.{f}(x))" for f in ("fft", "ifft", "rfft", "fft2", "ifft2", "fftn", "ifftn", "rfft2", "rfftn")),
    *split_forms("""
        np.abs(np.fft.fft(v, 4))  np.abs(np.fft.fft(x, n=5, axis=0, norm='ortho'))
        np.abs(np.fft.rfft(v, norm='forward'))  np.fft.irfft(y + 1j * q)  np.fft.irfft(y, n=5)  np.fft.irfft2(x)
        np.fft.irfftn(c, s=(3, 4), axes=(0, 1))  np.fft.hfft(y)  np.abs(np.fft.ihfft(v))  np.fft.fftshift(x)
        np.fft.ifftshift(x, axes=1)  np.abs(np.fft.fft2(c, s=(2, 3), axes=(0, 2)))  np.abs(np.fft.fft(x, out=None))
    """),
]

RIGHT += ["np.einsum('ij,jk', x, M, optimize=np.einsum_path('ij,jk', x, M)[0])"]

REFUSED = [
    Refused("np.dot(x, M, out=np.zeros((2, 3)))", TypeError, "np.dot | out | .data"),
    Refused("np.matmul(x, M, out=np.zeros((2, 3)))", TypeError, "np.matmul | out | .data"),
    Refused("np.einsum('ij,jk', x, M, out=np.zeros((2, 3)))", TypeError, "np.einsum | out | .data"),
    Refused("np.outer(y, y, out=np.zeros((3, 3)))", TypeError, "np.outer | out | .data"),
    Refused("np.trace(M, out=np.zeros(()))", TypeError, "np.trace | out | .data"),
    Refused("np.einsum('ij,jk', x)", ValueError, "einsum"),
    Refused("np.einsum('ij,jk', x, x)", ValueError, "einsum | lengths"),
    Refused("np.dot(x, x)", ValueError, "inner sizes differ | Did you mean x.T"),
    Refused("np.inner(x, M[:2, :2])", ValueError, "inner"),
    Refused("np.cross(x, v)", ValueError, "cross"),
    Refused("np.linalg.inv(x)", ValueError, "inv | square | pinv"),
    Refused("np.linalg.det(x)", ValueError, "det | square"),
    Refused("np.linalg.cholesky(-M)", ValueError, "cholesky"),
    Refused("np.linalg.norm(x, 3)", ValueError, "norm"),
    Refused("np.linalg.norm(c, 1)", ValueError, "norm"),
    Refused("np.linalg.solve(M, v)", ValueError, "solve"),
    Refused("np.linalg.qr(x, 'raw')", TypeError, "np.linalg.qr | mode='raw' | 'reduced'"),
    Refused("np.fft.fft(x, norm='no')", ValueError, "norm"),
]
