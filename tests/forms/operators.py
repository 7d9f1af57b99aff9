"""Operators: between tensors, numbers, NumPy's scalars, arrays and lists; reflected, augmented, compared."""

from tests.forms import Refused, split_forms

RIGHT = [
    *split_forms("""
        x + z  x - z  x * z  x / z  p ** q  x // p * x  x % p  divmod(x, p)  M @ y  y @ M  M @ M
    """),
    *split_forms("""
        x + 2  x - 2  x * 2  x / 2  x ** 2  x // 2 * x  x % 2  divmod(x, 2)  p ** 2.5  x ** -1  x ** 0
    """),
    *split_forms("""
        2 + x  2 - x  2 * x  2 / x  2 ** x  2.3 // x * x  2.3 % x  divmod(2.3, x)  2.5 ** x  -1.5 * x
    """),
    *split_forms("""
        x + True  x * np.float64(2)  np.float64(2) * x  np.float64(2) ** x  x ** np.float64(2)  x ** np.int64(3)
    """),
    *split_forms("""
        np.float32(2) / x  x - np.int8(3)  x % np.float64(1.5)  np.float64(1.5) // x * x  x + s  s - x  s ** 2
    """),
    *split_forms("""
        x + A  A - x  A * x  A / x  A ** x  A % x  A // x * x  M @ A.T  A @ M  x / A  p ** A
    """),
    *split_forms("""
        x + [1, 2, 3]  [1, 2, 3] * x  x - [[1], [2]]  [4.0, 5.0, 6.0] / x  [1, 2, 3] @ M  M @ [1, 2, 3]
    """),
    *split_forms("""
        x + (1, 2, 3)  divmod([4.1, 5.2, 6.3], x)  p ** [1, 2, 3]  [1, 2, 3] ** x  x % [1.5, 2.5, 3.5]
    """),
    *split_forms("""
        +x  -x  abs(x)  x * (x > z)  x * (x >= 0)  x * (x < z)  x * (x <= 1)
    """),
    *split_forms("""
        x * (x == z)  x * (x != z)  x * (0 < x)  x * (A > x)  x * ~(x > 0)  x * ((x > 0) & (z > 0))
    """),
    *split_forms("""
        x * ((x > 0) | mask)  x * ((x > 0) ^ mask)  x * (mask & (x > 0))  x[x > 0]  x * (x > [1, 0, -1])
    """),
    *split_forms("""
        x = x * 1; x += z; x  x = x * 1; x -= 2; x  x = x * 1; x *= A; x  x = x * 1; x /= p; x
    """),
    *split_forms("""
        p = p * 1; p **= 2; p  x = x * 1; x //= p; x * z  x = x * 1; x %= p; x  M = M * 1; M @= M.T; M
    """),
    *split_forms("""
        y = y * 1; y += [1, 2, 3]; y  y = y * 1; y *= np.float64(3); y  a = np.ones((2, 3)); a = a + x; a * x
    """),
    *split_forms("""
        x + 1j  x * 1j  1j - x  x / (1 + 2j)  (x + 1j) ** 2  p ** 1j  abs(x + 1j * z)
    """),
    *split_forms("""
        sum(y)  sum([x, z])  max([s, 2 * s])  sum(a * a for a in y)  x[0] @ y  x @ y  c @ np.ones(4)
    """),
    *split_forms("""
        [a * 2 for a in x]  a, b = x; a * b  x if len(x) == 2 else z
    """),
    *split_forms("""
        np.float32(2) ** p  x - np.bool_(True)
    """),
]

REFUSED = [
    Refused("x + 'a'", TypeError, "add | 'a'"),
    Refused("x + None", TypeError, "add | None"),
    Refused("x << 1", TypeError, "left_shift"),
    Refused("x & z", TypeError, "bitwise_and"),
    Refused("~x", TypeError, "invert"),
    Refused("x @ x", ValueError, "matmul | inner sizes differ | Did you mean"),
    Refused("x @ 2", ValueError, "matmul"),
    Refused("float(s)", TypeError, "float() | .item()"),
    Refused("x += 1; x", TypeError, "+= | no_grad() | = x + "),
    Refused("x = x * 1; x += 1j; x", TypeError, "+= | complex128"),
    Refused("y = y * 1; y += x; y", ValueError, "+= | (2, 3)"),
]
