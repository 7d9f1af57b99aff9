"""The two dialects that kernels are written in: CUDA C for a GPU, and plain C, in which a loop takes the grid's place.

A kernel is written once, in words that each dialect defines: EACH element of n, in any order; GROUPS, n of them, whose
LANES share a range between them and GATHER what they have found, of which the FIRST one writes the result, and SYNC,
waiting for each other; ADD to an
element that others may add to meanwhile. On the GPU a group is a row or column of threads in a block, blockDim.y of
them; blockDim.x groups lie side by side in it. In plain C a group has one lane: so what each element is computed
by is checked on any machine, and what threads do with each other only on a GPU.
"""

from __future__ import annotations

from collections.abc import Iterable

from minigrad.compiler.cuda.registry import C_TYPES, MATH, SUFFIXES

MOST_LANES = 1024  # threads of a block, and numbers in its shared memory

CUDA = f"""
#define KERNEL extern "C" __global__ void
#define HELPER static __device__ __forceinline__
#define INF64 __longlong_as_double(0x7ff0000000000000LL)
#define NAN64 __longlong_as_double(0x7ff8000000000000LL)
#define INF32 __int_as_float(0x7f800000)
#define NAN32 __int_as_float(0x7fc00000)
#define EACH(i, n) for (INDEX i = (INDEX)blockIdx.x * blockDim.x + threadIdx.x; i < (n); \\
    i += (INDEX)gridDim.x * blockDim.x)
#define SHARED __shared__ double shared[{MOST_LANES}];
#define GROUPS(o, n) for (INDEX o##_block = (INDEX)blockIdx.x * blockDim.x, o; \\
    o = o##_block + threadIdx.x, o##_block < (n); o##_block += (INDEX)gridDim.x * blockDim.x)
#define LIVE(o, n) (o < (n))
#define LANES(r, start, stop) for (INDEX r = (start) + threadIdx.y; r < (stop); r += blockDim.y)
#define FIRST (threadIdx.y == 0)
#define SYNC __syncthreads();
#define GATHER(s, meet) {{ \\
    decltype(s) *held = (decltype(s) *)shared; \\
    const int at = threadIdx.y * blockDim.x + threadIdx.x; \\
    __syncthreads(); \\
    held[at] = s; \\
    for (int half = blockDim.y >> 1; half; half >>= 1) {{ \\
        __syncthreads(); \\
        if (threadIdx.y < half) held[at] = meet(held[at], held[at + half * blockDim.x]); \\
    }} \\
    __syncthreads(); \\
    s = held[threadIdx.x]; \\
}}
HELPER void add64(double *p, double x) {{ atomicAdd(p, x); }}
HELPER void add32(float *p, float x) {{ atomicAdd(p, x); }}
HELPER void addi32(int *p, int x) {{ atomicAdd(p, x); }}
HELPER void addi64(long long *p, long long x) {{ atomicAdd((unsigned long long *)p, (unsigned long long)x); }}
"""

PLAIN = """
#include <math.h>
#include <stdbool.h>
#define KERNEL void
#define HELPER static inline
#define INF64 ((double)INFINITY)
#define NAN64 ((double)NAN)
#define INF32 INFINITY
#define NAN32 NAN
#define EACH(i, n) for (INDEX i = 0; i < (n); i++)
#define SHARED
#define GROUPS(o, n) for (INDEX o = 0; o < (n); o++)
#define LIVE(o, n) 1
#define LANES(r, start, stop) for (INDEX r = (start); r < (stop); r++)
#define FIRST 1
#define SYNC
#define GATHER(s, meet)
HELPER void add64(double *p, double x) { *p += x; }
HELPER void add32(float *p, float x) { *p += x; }
HELPER void addi32(int *p, int x) { *p += x; }
HELPER void addi64(long long *p, long long x) { *p += x; }
"""

FLOATING = """
HELPER T plus(T a, T b) { return a + b; }
HELPER T times(T a, T b) { return a * b; }
HELPER T larger(T a, T b) { return a > b || a != a ? a : b; }
HELPER T smaller(T a, T b) { return a < b || a != a ? a : b; }
HELPER T signum(T x) { return x != x ? x : (T)((x > 0) - (x < 0)); }
HELPER T step(T x, T at_zero) { return x != x ? x : x == 0 ? at_zero : (T)(x > 0); }
HELPER T logaddexp(T a, T b) {
    const T y = (a > b ? a : b) + C(log1p)(C(exp)(-C(fabs)(a - b)));
    return a == b ? a + (T)0.6931471805599453094 : y;
}
HELPER T logaddexp2(T a, T b) {
    const T y = (a > b ? a : b) + C(log1p)(C(exp2)(-C(fabs)(a - b))) * (T)1.4426950408889634074;
    return a == b ? a + 1 : y;
}
HELPER T left_over(T a, T b) {
    const T left = C(fmod)(a, b);
    if (b == 0) return left;
    if (left == 0) return C(copysign)(left, b);
    return (b < 0) != (left < 0) ? left + b : left;
}
HELPER T floored(T a, T b) {
    if (b == 0) return a / b;
    const T left = C(fmod)(a, b);
    T quotient = (a - left) / b;
    if (left != 0 && (b < 0) != (left < 0)) quotient -= 1;
    if (quotient == 0) return C(copysign)(quotient, a / b);
    const T whole = C(floor)(quotient);
    return quotient - whole > (T)0.5 ? whole + 1 : whole;
}
HELPER int exponent(T x) { int e = 0; C(frexp)(x, &e); return e; }
"""

WHOLE = """
HELPER T plus(T a, T b) { return (T)((U)a + (U)b); }
HELPER T minus(T a, T b) { return (T)((U)a - (U)b); }
HELPER T times(T a, T b) { return (T)((U)a * (U)b); }
HELPER T larger(T a, T b) { return a > b ? a : b; }
HELPER T smaller(T a, T b) { return a < b ? a : b; }
HELPER T signum(T x) { return (x > 0) - (x < 0); }
HELPER T size(T x) { return x < 0 ? minus(0, x) : x; }
HELPER T floored(T a, T b) {
    if (b == 0) return 0;
    if (b == -1) return minus(0, a);
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}
HELPER T left_over(T a, T b) {
    if (b == 0 || b == -1) return 0;
    const T left = a % b;
    return left != 0 && (left < 0) != (b < 0) ? left + b : left;
}
HELPER T left_of(T a, T b) { return b == 0 || b == -1 ? 0 : a % b; }
HELPER T raised(T a, T n) {
    T y = 1;
    for (; n > 0; n >>= 1, a = times(a, a)) if (n & 1) y = times(y, a);
    return y;
}
HELPER T moved_left(T a, T n) { return n < 0 || n >= (T)(8 * sizeof(T)) ? 0 : (T)((U)a << n); }
HELPER T moved_right(T a, T n) { return n < 0 || n >= (T)(8 * sizeof(T)) ? (a < 0 ? -1 : 0) : a >> n; }
HELPER T divisor(T a, T b) {
    a = size(a), b = size(b);
    while (b) { const T left = a % b; a = b; b = left; }
    return a;
}
HELPER T multiple(T a, T b) { const T d = divisor(a, b); return d ? size(times(a / d, b)) : 0; }
"""

TRUTH = """
HELPER bool plusb(bool a, bool b) { return a || b; }
HELPER bool timesb(bool a, bool b) { return a && b; }
HELPER bool largerb(bool a, bool b) { return a || b; }
HELPER bool smallerb(bool a, bool b) { return a && b; }
"""


def _write_helpers() -> str:
    """Write the helpers for each type, with its suffix."""
    parts = [TRUTH]
    for name, kind in C_TYPES.items():
        if name != "bool":
            text = FLOATING if name.startswith("float") else WHOLE
            names = [line.split("(")[0].split()[-1] for line in text.splitlines() if line.startswith("HELPER")]
            text = _with_suffix(text, names, SUFFIXES[name])
            math = f"C(name) name{'##f' if MATH.get(name) else ''}"
            parts.append(
                f"#define T {kind}\n#define U unsigned {kind}\n#define {math}\n{text}#undef T\n#undef U\n#undef C"
            )
    return "\n".join(parts)


def _with_suffix(text: str, names: Iterable[str], suffix: str) -> str:
    """Give each helper that is defined or called in some text its suffix."""
    for name in names:
        for before in " (=":
            text = text.replace(f"{before}{name}(", f"{before}{name}{suffix}(")
    return text


HELPERS = _write_helpers()


def write_module(kernels: Iterable[str], dialect: str = CUDA, wide: bool = False) -> str:
    """Give kernels as a module of a dialect; of arrays with 2³⁰ elements or more the places are ``wide``."""
    index = "long long" if wide else "int"
    return "\n".join([f"#define INDEX {index}", dialect, HELPERS, *kernels, ""])
