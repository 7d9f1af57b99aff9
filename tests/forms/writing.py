"""Results that are written into a tensor, which is an assignment to all of its elements: ``out=``."""

from tests.forms import Refused, split_forms

RIGHT = split_forms("""
    z = z * 1; np.exp(x, out=z); z * x
    z = z * 1; np.add(x, z, z); z
    z = z * 1; np.exp(x, where=mask, out=z); z
    z = z * 1; w = z * x; np.exp(x, out=z); w * z
    z = z * 1; np.exp(x, out=z) * z
    z = z * 1; np.add(y, 2.0, out=z); z
    z = z.T * 1; v = z.T; np.tanh(x, out=v); z
    p = p * 1; q = x * 1; np.divmod(x, p, out=(q, p)); q * p
    y = y * 1; np.sum(x, axis=0, out=y); y * y
    y = y * 1; np.sum(x, 0, None, y); y * y
    y = y * 1; np.max(x, 0, out=y); y
    y = y * 1; x.sum(0, out=y); y
    y = y * 1; np.add.reduce(x, out=y); y
    z = z * 1; np.cumsum(x, 1, out=z); z
    z = z * 1; x.clip(-1, 1, out=z); z
    z = z * 1; np.clip(x, -1, 1, z); z
    z = z * 1; np.take(x, [2, 1, 0], 1, z); z
    M = M * 1; np.dot(x.T, x, M); M
    M = M * 1; np.matmul(x.T, x, out=M); M
    M = M * 1; np.einsum('ij,ik', x, x, out=M); M
    z = z * 1; np.concatenate([x[:1], x[1:] * 2], out=z); z
    x = x * 1; x[x > 0] *= 3; x
    x = x * 1; x[x > 0] += s; x[x < z] -= z[x < z]; x
    x = x * 1; x[x > 0] = np.exp(x[x > 0]) * 2; x[x > 3] = 0.5; x
    x = x * 1; x[z[:, 0] > 0] *= y; x
    x = x * 1; k = x > z; x[k] = np.where(x[k] > 1, z[k] / 2, x[k]); x[~k] **= 2; x
    c = c * 1; c[x > 0, 1:3] *= 2; c[x < z, 0] += x[x < z]; c
    x = x * 1; x[x[:, 1] > 0, 1] = s; x
    c = c * 1; c[:, :, c[0, 0] > 0] = s; c[:, c[0] < 0] = 0.5; c
    x = x * 1; w = x[0]; w[y > 0] = 2 * y[y > 0]; x
    v = v * 1; v[np.argsort(v)[:2]] = 0; v
    v = v * 1; v[np.argmax(v)] *= 2; v
    v = v * 1; i = np.argsort(v); v[i] = v[::-1] * s; v
    v = v * 1; v[np.argsort(v)[[0, 1, 0]]] = y; v
    v = v * 1; np.add.at(v, np.argsort(y), y * s); np.subtract.at(v, np.argmax(v), s); v
    M = M * 1; M[np.argmax(M, axis=0), [0, 1, 2]] += y; M
    M = M * 1; M[np.argmax(y)] -= y; M[1:, np.argmin(y)] = s; M
""")

REFUSED = [
    Refused("np.exp(x, out=z); z", TypeError, "z[…] = … | no_grad() | z.copy()"),
    Refused("y = y * 1; np.exp(x, out=y)", ValueError, "broadcast | exp(x):(2, 3)"),
    Refused("z = z * 1; np.add(x, 1j, out=z)", TypeError, "multiply(z, 1)[…] | complex128"),
]
