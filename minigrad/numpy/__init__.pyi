"""minigrad.numpy, of NumPy 2.4 for type checkers; written by ``python -m tests.generated``, not by hand."""

from collections.abc import Sequence
from typing import Any, overload

import numpy
from numpy import (
    False_ as False_,
    ScalarType as ScalarType,
    True_ as True_,
    __array_namespace_info__ as __array_namespace_info__,
    __version__ as __version__,
    abs as abs,
    acos as acos,
    acosh as acosh,
    all as all,
    allclose as allclose,
    any as any,
    arange as arange,
    argmax as argmax,
    argmin as argmin,
    argpartition as argpartition,
    argsort as argsort,
    argwhere as argwhere,
    array2string as array2string,
    array_equal as array_equal,
    array_equiv as array_equiv,
    array_repr as array_repr,
    array_str as array_str,
    asin as asin,
    asinh as asinh,
    asmatrix as asmatrix,
    atan as atan,
    atan2 as atan2,
    atanh as atanh,
    bartlett as bartlett,
    base_repr as base_repr,
    binary_repr as binary_repr,
    bincount as bincount,
    bitwise_count as bitwise_count,
    bitwise_invert as bitwise_invert,
    bitwise_left_shift as bitwise_left_shift,
    bitwise_not as bitwise_not,
    bitwise_right_shift as bitwise_right_shift,
    blackman as blackman,
    bmat as bmat,
    bool as bool,
    bool_ as bool_,
    broadcast as broadcast,
    broadcast_shapes as broadcast_shapes,
    busday_count as busday_count,
    busday_offset as busday_offset,
    busdaycalendar as busdaycalendar,
    byte as byte,
    bytes_ as bytes_,
    c_ as c_,
    can_cast as can_cast,
    cdouble as cdouble,
    char as char,
    character as character,
    clongdouble as clongdouble,
    common_type as common_type,
    complex128 as complex128,
    complex256 as complex256,
    complex64 as complex64,
    complexfloating as complexfloating,
    conj as conj,
    convolve as convolve,
    copyto as copyto,
    core as core,
    corrcoef as corrcoef,
    correlate as correlate,
    count_nonzero as count_nonzero,
    cov as cov,
    csingle as csingle,
    ctypeslib as ctypeslib,
    datetime64 as datetime64,
    datetime_as_string as datetime_as_string,
    datetime_data as datetime_data,
    diag_indices as diag_indices,
    diag_indices_from as diag_indices_from,
    diff as diff,
    digitize as digitize,
    double as double,
    dtype as dtype,
    dtypes as dtypes,
    e as e,
    ediff1d as ediff1d,
    einsum_path as einsum_path,
    emath as emath,
    empty as empty,
    empty_like as empty_like,
    errstate as errstate,
    euler_gamma as euler_gamma,
    exceptions as exceptions,
    eye as eye,
    f2py as f2py,
    fill_diagonal as fill_diagonal,
    finfo as finfo,
    flatiter as flatiter,
    flatnonzero as flatnonzero,
    flexible as flexible,
    float128 as float128,
    float16 as float16,
    float32 as float32,
    float64 as float64,
    floating as floating,
    format_float_positional as format_float_positional,
    format_float_scientific as format_float_scientific,
    from_dlpack as from_dlpack,
    frombuffer as frombuffer,
    fromfile as fromfile,
    fromfunction as fromfunction,
    fromiter as fromiter,
    frompyfunc as frompyfunc,
    fromregex as fromregex,
    fromstring as fromstring,
    gcd as gcd,
    generic as generic,
    genfromtxt as genfromtxt,
    get_include as get_include,
    get_printoptions as get_printoptions,
    getbufsize as getbufsize,
    geterr as geterr,
    geterrcall as geterrcall,
    gradient as gradient,
    half as half,
    hamming as hamming,
    hanning as hanning,
    histogram as histogram,
    histogram2d as histogram2d,
    histogram_bin_edges as histogram_bin_edges,
    histogramdd as histogramdd,
    identity as identity,
    iinfo as iinfo,
    index_exp as index_exp,
    indices as indices,
    inexact as inexact,
    inf as inf,
    info as info,
    int16 as int16,
    int32 as int32,
    int64 as int64,
    int8 as int8,
    int_ as int_,
    intc as intc,
    integer as integer,
    interp as interp,
    intersect1d as intersect1d,
    intp as intp,
    is_busday as is_busday,
    isclose as isclose,
    iscomplex as iscomplex,
    iscomplexobj as iscomplexobj,
    isdtype as isdtype,
    isfortran as isfortran,
    isin as isin,
    isnat as isnat,
    isreal as isreal,
    isrealobj as isrealobj,
    isscalar as isscalar,
    issubdtype as issubdtype,
    iterable as iterable,
    kaiser as kaiser,
    lcm as lcm,
    left_shift as left_shift,
    lexsort as lexsort,
    lib as lib,
    little_endian as little_endian,
    load as load,
    loadtxt as loadtxt,
    long as long,
    longdouble as longdouble,
    longlong as longlong,
    ma as ma,
    mask_indices as mask_indices,
    matrix as matrix,
    may_share_memory as may_share_memory,
    median as median,
    memmap as memmap,
    mgrid as mgrid,
    min_scalar_type as min_scalar_type,
    mintypecode as mintypecode,
    mod as mod,
    nan as nan,
    nanargmax as nanargmax,
    nanargmin as nanargmin,
    nancumprod as nancumprod,
    nancumsum as nancumsum,
    nanmax as nanmax,
    nanmean as nanmean,
    nanmedian as nanmedian,
    nanmin as nanmin,
    nanpercentile as nanpercentile,
    nanprod as nanprod,
    nanquantile as nanquantile,
    nanstd as nanstd,
    nansum as nansum,
    nanvar as nanvar,
    ndarray as ndarray,
    ndenumerate as ndenumerate,
    ndindex as ndindex,
    nditer as nditer,
    nested_iters as nested_iters,
    newaxis as newaxis,
    nonzero as nonzero,
    number as number,
    object_ as object_,
    ogrid as ogrid,
    ones as ones,
    ones_like as ones_like,
    packbits as packbits,
    partition as partition,
    percentile as percentile,
    pi as pi,
    place as place,
    poly as poly,
    poly1d as poly1d,
    polyadd as polyadd,
    polyder as polyder,
    polydiv as polydiv,
    polyfit as polyfit,
    polyint as polyint,
    polymul as polymul,
    polynomial as polynomial,
    polysub as polysub,
    polyval as polyval,
    pow as pow,
    printoptions as printoptions,
    promote_types as promote_types,
    put as put,
    put_along_axis as put_along_axis,
    putmask as putmask,
    quantile as quantile,
    r_ as r_,
    ravel_multi_index as ravel_multi_index,
    rec as rec,
    recarray as recarray,
    record as record,
    require as require,
    result_type as result_type,
    right_shift as right_shift,
    roots as roots,
    row_stack as row_stack,
    s_ as s_,
    save as save,
    savetxt as savetxt,
    savez as savez,
    savez_compressed as savez_compressed,
    sctypeDict as sctypeDict,
    searchsorted as searchsorted,
    set_printoptions as set_printoptions,
    setbufsize as setbufsize,
    setdiff1d as setdiff1d,
    seterr as seterr,
    seterrcall as seterrcall,
    setxor1d as setxor1d,
    shares_memory as shares_memory,
    short as short,
    show_config as show_config,
    show_runtime as show_runtime,
    signedinteger as signedinteger,
    single as single,
    sort as sort,
    sort_complex as sort_complex,
    str_ as str_,
    strings as strings,
    test as test,
    testing as testing,
    timedelta64 as timedelta64,
    trapezoid as trapezoid,
    tri as tri,
    tril_indices as tril_indices,
    tril_indices_from as tril_indices_from,
    triu_indices as triu_indices,
    triu_indices_from as triu_indices_from,
    true_divide as true_divide,
    typecodes as typecodes,
    typename as typename,
    typing as typing,
    ubyte as ubyte,
    ufunc as ufunc,
    uint as uint,
    uint16 as uint16,
    uint32 as uint32,
    uint64 as uint64,
    uint8 as uint8,
    uintc as uintc,
    uintp as uintp,
    ulong as ulong,
    ulonglong as ulonglong,
    union1d as union1d,
    unique as unique,
    unique_all as unique_all,
    unique_counts as unique_counts,
    unique_inverse as unique_inverse,
    unique_values as unique_values,
    unpackbits as unpackbits,
    unravel_index as unravel_index,
    unsignedinteger as unsignedinteger,
    ushort as ushort,
    vander as vander,
    vectorize as vectorize,
    void as void,
    zeros as zeros,
    zeros_like as zeros_like,
)

from minigrad.engine.tensor import Tensor

from minigrad.numpy import linalg as linalg
from minigrad.numpy import fft as fft
from minigrad.numpy import random as random

_Tensors = Tensor | Sequence[Tensor] | Sequence[Sequence[Tensor]]


class _Ufunc:
    nin: int
    nout: int
    identity: Any
    types: list[str]
    def reduce(self, array: Any, /, *args: Any, **kwargs: Any) -> Any: ...
    def accumulate(self, array: Any, /, *args: Any, **kwargs: Any) -> Any: ...
    def reduceat(self, array: Any, /, *args: Any, **kwargs: Any) -> Any: ...
    def outer(self, A: Any, B: Any, /, **kwargs: Any) -> Any: ...
    def at(self, a: Any, indices: Any, b: Any = ..., /) -> None: ...

class _Unary(_Ufunc):
    @overload
    def __call__(self, x: Tensor, /, *args: Any, **kwargs: Any) -> Tensor: ...
    @overload
    def __call__(self, x: Any, /, *args: Any, **kwargs: Any) -> Any: ...

class _Binary(_Ufunc):
    @overload
    def __call__(self, x1: Tensor, x2: Any, /, *args: Any, **kwargs: Any) -> Tensor: ...
    @overload
    def __call__(self, x1: Any, x2: Tensor, /, *args: Any, **kwargs: Any) -> Tensor: ...
    @overload
    def __call__(self, x1: Any, x2: Any, /, *args: Any, **kwargs: Any) -> Any: ...

absolute: _Unary
add: _Binary
@overload
def amax(a: _Tensors, axis: Any = ..., out: Any = ..., keepdims: Any = ..., initial: Any = ..., where: Any = ...) -> Tensor: ...
@overload
def amax(a: Any, axis: Any = ..., out: Any = ..., keepdims: Any = ..., initial: Any = ..., where: Any = ...) -> Any: ...
@overload
def amin(a: _Tensors, axis: Any = ..., out: Any = ..., keepdims: Any = ..., initial: Any = ..., where: Any = ...) -> Tensor: ...
@overload
def amin(a: Any, axis: Any = ..., out: Any = ..., keepdims: Any = ..., initial: Any = ..., where: Any = ...) -> Any: ...
@overload
def angle(z: _Tensors, deg: Any = ...) -> Tensor: ...
@overload
def angle(z: Any, deg: Any = ...) -> Any: ...
@overload
def append(arr: _Tensors, values: Any, axis: Any = ...) -> Tensor: ...
@overload
def append(arr: Any, values: _Tensors, axis: Any = ...) -> Tensor: ...
@overload
def append(arr: Any, values: Any, axis: Any = ...) -> Any: ...
@overload
def apply_along_axis(func1d: Any, axis: Any, arr: _Tensors, *args: Any, **kwargs: Any) -> Tensor: ...
@overload
def apply_along_axis(func1d: Any, axis: Any, arr: Any, *args: Any, **kwargs: Any) -> Any: ...
@overload
def apply_over_axes(func: Any, a: _Tensors, axes: Any) -> Tensor: ...
@overload
def apply_over_axes(func: Any, a: Any, axes: Any) -> Any: ...
arccos: _Unary
arccosh: _Unary
arcsin: _Unary
arcsinh: _Unary
arctan: _Unary
arctan2: _Binary
arctanh: _Unary
@overload
def around(a: _Tensors, decimals: Any = ..., out: Any = ...) -> Tensor: ...
@overload
def around(a: Any, decimals: Any = ..., out: Any = ...) -> Any: ...
@overload
def array(object: _Tensors, dtype: Any = ..., *, copy: Any = ..., order: Any = ..., subok: Any = ..., ndmin: Any = ..., ndmax: Any = ..., like: Any = ...) -> Tensor: ...
@overload
def array(object: Any, dtype: Any = ..., *, copy: Any = ..., order: Any = ..., subok: Any = ..., ndmin: Any = ..., ndmax: Any = ..., like: Any = ...) -> Any: ...
@overload
def array_split(ary: _Tensors, indices_or_sections: Any, axis: Any = ...) -> list[Tensor]: ...
@overload
def array_split(ary: Any, indices_or_sections: Any, axis: Any = ...) -> Any: ...
@overload
def asanyarray(a: _Tensors, dtype: Any = ..., order: Any = ..., *, device: Any = ..., copy: Any = ..., like: Any = ...) -> Tensor: ...
@overload
def asanyarray(a: Any, dtype: Any = ..., order: Any = ..., *, device: Any = ..., copy: Any = ..., like: Any = ...) -> Any: ...
@overload
def asarray(a: _Tensors, dtype: Any = ..., order: Any = ..., *, device: Any = ..., copy: Any = ..., like: Any = ...) -> Tensor: ...
@overload
def asarray(a: Any, dtype: Any = ..., order: Any = ..., *, device: Any = ..., copy: Any = ..., like: Any = ...) -> Any: ...
@overload
def asarray_chkfinite(a: _Tensors, dtype: Any = ..., order: Any = ...) -> Tensor: ...
@overload
def asarray_chkfinite(a: Any, dtype: Any = ..., order: Any = ...) -> Any: ...
@overload
def ascontiguousarray(a: _Tensors, dtype: Any = ..., *, like: Any = ...) -> Tensor: ...
@overload
def ascontiguousarray(a: Any, dtype: Any = ..., *, like: Any = ...) -> Any: ...
@overload
def asfortranarray(a: _Tensors, dtype: Any = ..., *, like: Any = ...) -> Tensor: ...
@overload
def asfortranarray(a: Any, dtype: Any = ..., *, like: Any = ...) -> Any: ...
@overload
def astype(x: _Tensors, dtype: Any, /, *, copy: Any = ..., device: Any = ...) -> Tensor: ...
@overload
def astype(x: Any, dtype: Any, /, *, copy: Any = ..., device: Any = ...) -> Any: ...
def atleast_1d(*arys: Any) -> Any: ...
def atleast_2d(*arys: Any) -> Any: ...
def atleast_3d(*arys: Any) -> Any: ...
@overload
def average(a: _Tensors, axis: Any = ..., weights: Any = ..., returned: Any = ..., *, keepdims: Any = ...) -> Tensor: ...
@overload
def average(a: Any, axis: Any = ..., weights: Any = ..., returned: Any = ..., *, keepdims: Any = ...) -> Any: ...
bitwise_and: _Binary
bitwise_or: _Binary
bitwise_xor: _Binary
@overload
def block(arrays: _Tensors) -> Tensor: ...
@overload
def block(arrays: Any) -> Any: ...
@overload
def broadcast_arrays(*args: _Tensors, subok: Any = ...) -> tuple[Tensor, ...]: ...
@overload
def broadcast_arrays(*args: Any, subok: Any = ...) -> Any: ...
@overload
def broadcast_to(array: _Tensors, shape: Any, subok: Any = ...) -> Tensor: ...
@overload
def broadcast_to(array: Any, shape: Any, subok: Any = ...) -> Any: ...
cbrt: _Unary
ceil: _Unary
@overload
def choose(a: _Tensors, choices: Any, out: Any = ..., mode: Any = ...) -> Tensor: ...
@overload
def choose(a: Any, choices: _Tensors, out: Any = ..., mode: Any = ...) -> Tensor: ...
@overload
def choose(a: Any, choices: Any, out: Any = ..., mode: Any = ...) -> Any: ...
@overload
def clip(a: _Tensors, a_min: Any = ..., a_max: Any = ..., out: Any = ..., *, min: Any = ..., max: Any = ..., **kwargs: Any) -> Tensor: ...
@overload
def clip(a: Any, a_min: Any = ..., a_max: Any = ..., out: Any = ..., *, min: Any = ..., max: Any = ..., **kwargs: Any) -> Any: ...
@overload
def column_stack(tup: _Tensors) -> Tensor: ...
@overload
def column_stack(tup: Any) -> Any: ...
@overload
def compress(condition: Any, a: _Tensors, axis: Any = ..., out: Any = ...) -> Tensor: ...
@overload
def compress(condition: Any, a: Any, axis: Any = ..., out: Any = ...) -> Any: ...
@overload
def concat(arrays: _Tensors, /, axis: Any = ..., out: Any = ..., *, dtype: Any = ..., casting: Any = ...) -> Tensor: ...
@overload
def concat(arrays: Any, /, axis: Any = ..., out: Any = ..., *, dtype: Any = ..., casting: Any = ...) -> Any: ...
@overload
def concatenate(arrays: _Tensors, /, axis: Any = ..., out: Any = ..., *, dtype: Any = ..., casting: Any = ...) -> Tensor: ...
@overload
def concatenate(arrays: Any, /, axis: Any = ..., out: Any = ..., *, dtype: Any = ..., casting: Any = ...) -> Any: ...
conjugate: _Unary
@overload
def copy(a: _Tensors, order: Any = ..., subok: Any = ...) -> Tensor: ...
@overload
def copy(a: Any, order: Any = ..., subok: Any = ...) -> Any: ...
copysign: _Binary
cos: _Unary
cosh: _Unary
@overload
def cross(a: _Tensors, b: Any, axisa: Any = ..., axisb: Any = ..., axisc: Any = ..., axis: Any = ...) -> Tensor: ...
@overload
def cross(a: Any, b: _Tensors, axisa: Any = ..., axisb: Any = ..., axisc: Any = ..., axis: Any = ...) -> Tensor: ...
@overload
def cross(a: Any, b: Any, axisa: Any = ..., axisb: Any = ..., axisc: Any = ..., axis: Any = ...) -> Any: ...
@overload
def cumprod(a: _Tensors, axis: Any = ..., dtype: Any = ..., out: Any = ...) -> Tensor: ...
@overload
def cumprod(a: Any, axis: Any = ..., dtype: Any = ..., out: Any = ...) -> Any: ...
@overload
def cumsum(a: _Tensors, axis: Any = ..., dtype: Any = ..., out: Any = ...) -> Tensor: ...
@overload
def cumsum(a: Any, axis: Any = ..., dtype: Any = ..., out: Any = ...) -> Any: ...
@overload
def cumulative_prod(x: _Tensors, /, *, axis: Any = ..., dtype: Any = ..., out: Any = ..., include_initial: Any = ...) -> Tensor: ...
@overload
def cumulative_prod(x: Any, /, *, axis: Any = ..., dtype: Any = ..., out: Any = ..., include_initial: Any = ...) -> Any: ...
@overload
def cumulative_sum(x: _Tensors, /, *, axis: Any = ..., dtype: Any = ..., out: Any = ..., include_initial: Any = ...) -> Tensor: ...
@overload
def cumulative_sum(x: Any, /, *, axis: Any = ..., dtype: Any = ..., out: Any = ..., include_initial: Any = ...) -> Any: ...
deg2rad: _Unary
degrees: _Unary
@overload
def delete(arr: _Tensors, obj: Any, axis: Any = ...) -> Tensor: ...
@overload
def delete(arr: Any, obj: Any, axis: Any = ...) -> Any: ...
@overload
def diag(v: _Tensors, k: Any = ...) -> Tensor: ...
@overload
def diag(v: Any, k: Any = ...) -> Any: ...
@overload
def diagflat(v: _Tensors, k: Any = ...) -> Tensor: ...
@overload
def diagflat(v: Any, k: Any = ...) -> Any: ...
@overload
def diagonal(a: _Tensors, offset: Any = ..., axis1: Any = ..., axis2: Any = ...) -> Tensor: ...
@overload
def diagonal(a: Any, offset: Any = ..., axis1: Any = ..., axis2: Any = ...) -> Any: ...
divide: _Binary
@overload
def divmod(x1: _Tensors, x2: Any, /) -> tuple[Tensor, ...]: ...
@overload
def divmod(x1: Any, x2: _Tensors, /) -> tuple[Tensor, ...]: ...
@overload
def divmod(x1: Any, x2: Any, /) -> Any: ...
@overload
def dot(a: _Tensors, b: Any, out: Any = ...) -> Tensor: ...
@overload
def dot(a: Any, b: _Tensors, out: Any = ...) -> Tensor: ...
@overload
def dot(a: Any, b: Any, out: Any = ...) -> Any: ...
@overload
def dsplit(ary: _Tensors, indices_or_sections: Any) -> list[Tensor]: ...
@overload
def dsplit(ary: Any, indices_or_sections: Any) -> Any: ...
@overload
def dstack(tup: _Tensors) -> Tensor: ...
@overload
def dstack(tup: Any) -> Any: ...
@overload
def einsum(subscripts: Any, operand: _Tensors, /, *operands: Any, out: Any = ..., optimize: Any = ...) -> Tensor: ...
@overload
def einsum(subscripts: Any, operand: Any, /, *operands: Any, out: Any = ..., optimize: Any = ...) -> Any: ...
equal: _Binary
exp: _Unary
exp2: _Unary
@overload
def expand_dims(a: _Tensors, axis: Any) -> Tensor: ...
@overload
def expand_dims(a: Any, axis: Any) -> Any: ...
expm1: _Unary
@overload
def extract(condition: Any, arr: _Tensors) -> Tensor: ...
@overload
def extract(condition: Any, arr: Any) -> Any: ...
fabs: _Unary
@overload
def fix(x: _Tensors, out: Any = ...) -> Tensor: ...
@overload
def fix(x: Any, out: Any = ...) -> Any: ...
@overload
def flip(m: _Tensors, axis: Any = ...) -> Tensor: ...
@overload
def flip(m: Any, axis: Any = ...) -> Any: ...
@overload
def fliplr(m: _Tensors) -> Tensor: ...
@overload
def fliplr(m: Any) -> Any: ...
@overload
def flipud(m: _Tensors) -> Tensor: ...
@overload
def flipud(m: Any) -> Any: ...
float_power: _Binary
floor: _Unary
floor_divide: _Binary
fmax: _Binary
fmin: _Binary
fmod: _Binary
@overload
def frexp(x: _Tensors, /) -> tuple[Tensor, ...]: ...
@overload
def frexp(x: Any, /) -> Any: ...
@overload
def full(shape: Any, fill_value: _Tensors, dtype: Any = ..., order: Any = ..., *, device: Any = ..., like: Any = ...) -> Tensor: ...
@overload
def full(shape: Any, fill_value: Any, dtype: Any = ..., order: Any = ..., *, device: Any = ..., like: Any = ...) -> Any: ...
@overload
def full_like(a: _Tensors, fill_value: Any, dtype: Any = ..., order: Any = ..., subok: Any = ..., shape: Any = ..., *, device: Any = ...) -> Tensor: ...
@overload
def full_like(a: Any, fill_value: _Tensors, dtype: Any = ..., order: Any = ..., subok: Any = ..., shape: Any = ..., *, device: Any = ...) -> Tensor: ...
@overload
def full_like(a: Any, fill_value: Any, dtype: Any = ..., order: Any = ..., subok: Any = ..., shape: Any = ..., *, device: Any = ...) -> Any: ...
def geomspace(start: Any, stop: Any, num: Any = ..., endpoint: Any = ..., dtype: Any = ..., axis: Any = ...) -> Any: ...
greater: _Binary
greater_equal: _Binary
heaviside: _Binary
@overload
def hsplit(ary: _Tensors, indices_or_sections: Any) -> list[Tensor]: ...
@overload
def hsplit(ary: Any, indices_or_sections: Any) -> Any: ...
@overload
def hstack(tup: _Tensors, *, dtype: Any = ..., casting: Any = ...) -> Tensor: ...
@overload
def hstack(tup: Any, *, dtype: Any = ..., casting: Any = ...) -> Any: ...
hypot: _Binary
@overload
def i0(x: _Tensors) -> Tensor: ...
@overload
def i0(x: Any) -> Any: ...
def imag(val: Any) -> Any: ...
@overload
def inner(a: _Tensors, b: Any, /) -> Tensor: ...
@overload
def inner(a: Any, b: _Tensors, /) -> Tensor: ...
@overload
def inner(a: Any, b: Any, /) -> Any: ...
@overload
def insert(arr: _Tensors, obj: Any, values: Any, axis: Any = ...) -> Tensor: ...
@overload
def insert(arr: Any, obj: Any, values: _Tensors, axis: Any = ...) -> Tensor: ...
@overload
def insert(arr: Any, obj: Any, values: Any, axis: Any = ...) -> Any: ...
invert: _Unary
isfinite: _Unary
isinf: _Unary
isnan: _Unary
@overload
def isneginf(x: _Tensors, out: Any = ...) -> Tensor: ...
@overload
def isneginf(x: Any, out: Any = ...) -> Any: ...
@overload
def isposinf(x: _Tensors, out: Any = ...) -> Tensor: ...
@overload
def isposinf(x: Any, out: Any = ...) -> Any: ...
@overload
def ix_(*args: _Tensors) -> tuple[Tensor, ...]: ...
@overload
def ix_(*args: Any) -> Any: ...
@overload
def kron(a: _Tensors, b: Any) -> Tensor: ...
@overload
def kron(a: Any, b: _Tensors) -> Tensor: ...
@overload
def kron(a: Any, b: Any) -> Any: ...
ldexp: _Binary
less: _Binary
less_equal: _Binary
def linspace(start: Any, stop: Any, num: Any = ..., endpoint: Any = ..., retstep: Any = ..., dtype: Any = ..., axis: Any = ..., *, device: Any = ...) -> Any: ...
log: _Unary
log10: _Unary
log1p: _Unary
log2: _Unary
logaddexp: _Binary
logaddexp2: _Binary
logical_and: _Binary
logical_not: _Unary
logical_or: _Binary
logical_xor: _Binary
def logspace(start: Any, stop: Any, num: Any = ..., endpoint: Any = ..., base: Any = ..., dtype: Any = ..., axis: Any = ...) -> Any: ...
@overload
def matmul(x1: _Tensors, x2: Any, /) -> Tensor: ...
@overload
def matmul(x1: Any, x2: _Tensors, /) -> Tensor: ...
@overload
def matmul(x1: Any, x2: Any, /) -> Any: ...
@overload
def matrix_transpose(x: _Tensors, /) -> Tensor: ...
@overload
def matrix_transpose(x: Any, /) -> Any: ...
@overload
def matvec(x1: _Tensors, x2: Any, /) -> Tensor: ...
@overload
def matvec(x1: Any, x2: _Tensors, /) -> Tensor: ...
@overload
def matvec(x1: Any, x2: Any, /) -> Any: ...
@overload
def max(a: _Tensors, axis: Any = ..., out: Any = ..., keepdims: Any = ..., initial: Any = ..., where: Any = ...) -> Tensor: ...
@overload
def max(a: Any, axis: Any = ..., out: Any = ..., keepdims: Any = ..., initial: Any = ..., where: Any = ...) -> Any: ...
maximum: _Binary
@overload
def mean(a: _Tensors, axis: Any = ..., dtype: Any = ..., out: Any = ..., keepdims: Any = ..., *, where: Any = ...) -> Tensor: ...
@overload
def mean(a: Any, axis: Any = ..., dtype: Any = ..., out: Any = ..., keepdims: Any = ..., *, where: Any = ...) -> Any: ...
@overload
def meshgrid(*xi: _Tensors, copy: Any = ..., sparse: Any = ..., indexing: Any = ...) -> tuple[Tensor, ...]: ...
@overload
def meshgrid(*xi: Any, copy: Any = ..., sparse: Any = ..., indexing: Any = ...) -> Any: ...
@overload
def min(a: _Tensors, axis: Any = ..., out: Any = ..., keepdims: Any = ..., initial: Any = ..., where: Any = ...) -> Tensor: ...
@overload
def min(a: Any, axis: Any = ..., out: Any = ..., keepdims: Any = ..., initial: Any = ..., where: Any = ...) -> Any: ...
minimum: _Binary
@overload
def modf(x: _Tensors, /) -> tuple[Tensor, ...]: ...
@overload
def modf(x: Any, /) -> Any: ...
@overload
def moveaxis(a: _Tensors, source: Any, destination: Any) -> Tensor: ...
@overload
def moveaxis(a: Any, source: Any, destination: Any) -> Any: ...
multiply: _Binary
@overload
def nan_to_num(x: _Tensors, copy: Any = ..., nan: Any = ..., posinf: Any = ..., neginf: Any = ...) -> Tensor: ...
@overload
def nan_to_num(x: Any, copy: Any = ..., nan: Any = ..., posinf: Any = ..., neginf: Any = ...) -> Any: ...
@overload
def ndim(a: _Tensors) -> int: ...
@overload
def ndim(a: Any) -> Any: ...
negative: _Unary
nextafter: _Binary
not_equal: _Binary
@overload
def outer(a: _Tensors, b: Any, out: Any = ...) -> Tensor: ...
@overload
def outer(a: Any, b: _Tensors, out: Any = ...) -> Tensor: ...
@overload
def outer(a: Any, b: Any, out: Any = ...) -> Any: ...
@overload
def pad(array: _Tensors, pad_width: Any, mode: Any = ..., **kwargs: Any) -> Tensor: ...
@overload
def pad(array: Any, pad_width: Any, mode: Any = ..., **kwargs: Any) -> Any: ...
@overload
def permute_dims(a: _Tensors, axes: Any = ...) -> Tensor: ...
@overload
def permute_dims(a: Any, axes: Any = ...) -> Any: ...
@overload
def piecewise(x: _Tensors, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Tensor: ...
@overload
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any: ...
positive: _Unary
power: _Binary
@overload
def prod(a: _Tensors, axis: Any = ..., dtype: Any = ..., out: Any = ..., keepdims: Any = ..., initial: Any = ..., where: Any = ...) -> Tensor: ...
@overload
def prod(a: Any, axis: Any = ..., dtype: Any = ..., out: Any = ..., keepdims: Any = ..., initial: Any = ..., where: Any = ...) -> Any: ...
@overload
def ptp(a: _Tensors, axis: Any = ..., out: Any = ..., keepdims: Any = ...) -> Tensor: ...
@overload
def ptp(a: Any, axis: Any = ..., out: Any = ..., keepdims: Any = ...) -> Any: ...
rad2deg: _Unary
radians: _Unary
@overload
def ravel(a: _Tensors, order: Any = ...) -> Tensor: ...
@overload
def ravel(a: Any, order: Any = ...) -> Any: ...
def real(val: Any) -> Any: ...
@overload
def real_if_close(a: _Tensors, tol: Any = ...) -> Tensor: ...
@overload
def real_if_close(a: Any, tol: Any = ...) -> Any: ...
reciprocal: _Unary
remainder: _Binary
@overload
def repeat(a: _Tensors, repeats: Any, axis: Any = ...) -> Tensor: ...
@overload
def repeat(a: Any, repeats: Any, axis: Any = ...) -> Any: ...
@overload
def reshape(a: _Tensors, /, shape: Any, order: Any = ..., *, copy: Any = ...) -> Tensor: ...
@overload
def reshape(a: Any, /, shape: Any, order: Any = ..., *, copy: Any = ...) -> Any: ...
@overload
def resize(a: _Tensors, new_shape: Any) -> Tensor: ...
@overload
def resize(a: Any, new_shape: Any) -> Any: ...
rint: _Unary
@overload
def roll(a: _Tensors, shift: Any, axis: Any = ...) -> Tensor: ...
@overload
def roll(a: Any, shift: Any, axis: Any = ...) -> Any: ...
@overload
def rollaxis(a: _Tensors, axis: Any, start: Any = ...) -> Tensor: ...
@overload
def rollaxis(a: Any, axis: Any, start: Any = ...) -> Any: ...
@overload
def rot90(m: _Tensors, k: Any = ..., axes: Any = ...) -> Tensor: ...
@overload
def rot90(m: Any, k: Any = ..., axes: Any = ...) -> Any: ...
@overload
def round(a: _Tensors, decimals: Any = ..., out: Any = ...) -> Tensor: ...
@overload
def round(a: Any, decimals: Any = ..., out: Any = ...) -> Any: ...
def select(condlist: Any, choicelist: Any, default: Any = ...) -> Any: ...
@overload
def shape(a: _Tensors) -> tuple[int, ...]: ...
@overload
def shape(a: Any) -> Any: ...
sign: _Unary
signbit: _Unary
sin: _Unary
@overload
def sinc(x: _Tensors) -> Tensor: ...
@overload
def sinc(x: Any) -> Any: ...
sinh: _Unary
@overload
def size(a: _Tensors, axis: Any = ...) -> int: ...
@overload
def size(a: Any, axis: Any = ...) -> Any: ...
spacing: _Unary
@overload
def split(ary: _Tensors, indices_or_sections: Any, axis: Any = ...) -> list[Tensor]: ...
@overload
def split(ary: Any, indices_or_sections: Any, axis: Any = ...) -> Any: ...
sqrt: _Unary
square: _Unary
@overload
def squeeze(a: _Tensors, axis: Any = ...) -> Tensor: ...
@overload
def squeeze(a: Any, axis: Any = ...) -> Any: ...
@overload
def stack(arrays: _Tensors, axis: Any = ..., out: Any = ..., *, dtype: Any = ..., casting: Any = ...) -> Tensor: ...
@overload
def stack(arrays: Any, axis: Any = ..., out: Any = ..., *, dtype: Any = ..., casting: Any = ...) -> Any: ...
@overload
def std(a: _Tensors, axis: Any = ..., dtype: Any = ..., out: Any = ..., ddof: Any = ..., keepdims: Any = ..., *, where: Any = ..., mean: Any = ..., correction: Any = ...) -> Tensor: ...
@overload
def std(a: Any, axis: Any = ..., dtype: Any = ..., out: Any = ..., ddof: Any = ..., keepdims: Any = ..., *, where: Any = ..., mean: Any = ..., correction: Any = ...) -> Any: ...
subtract: _Binary
@overload
def sum(a: _Tensors, axis: Any = ..., dtype: Any = ..., out: Any = ..., keepdims: Any = ..., initial: Any = ..., where: Any = ...) -> Tensor: ...
@overload
def sum(a: Any, axis: Any = ..., dtype: Any = ..., out: Any = ..., keepdims: Any = ..., initial: Any = ..., where: Any = ...) -> Any: ...
@overload
def swapaxes(a: _Tensors, axis1: Any, axis2: Any) -> Tensor: ...
@overload
def swapaxes(a: Any, axis1: Any, axis2: Any) -> Any: ...
@overload
def take(a: _Tensors, indices: Any, axis: Any = ..., out: Any = ..., mode: Any = ...) -> Tensor: ...
@overload
def take(a: Any, indices: Any, axis: Any = ..., out: Any = ..., mode: Any = ...) -> Any: ...
@overload
def take_along_axis(arr: _Tensors, indices: Any, axis: Any = ...) -> Tensor: ...
@overload
def take_along_axis(arr: Any, indices: Any, axis: Any = ...) -> Any: ...
tan: _Unary
tanh: _Unary
@overload
def tensordot(a: _Tensors, b: Any, axes: Any = ...) -> Tensor: ...
@overload
def tensordot(a: Any, b: _Tensors, axes: Any = ...) -> Tensor: ...
@overload
def tensordot(a: Any, b: Any, axes: Any = ...) -> Any: ...
def tile(A: Any, reps: Any) -> Any: ...
@overload
def trace(a: _Tensors, offset: Any = ..., axis1: Any = ..., axis2: Any = ..., dtype: Any = ..., out: Any = ...) -> Tensor: ...
@overload
def trace(a: Any, offset: Any = ..., axis1: Any = ..., axis2: Any = ..., dtype: Any = ..., out: Any = ...) -> Any: ...
@overload
def transpose(a: _Tensors, axes: Any = ...) -> Tensor: ...
@overload
def transpose(a: Any, axes: Any = ...) -> Any: ...
@overload
def tril(m: _Tensors, k: Any = ...) -> Tensor: ...
@overload
def tril(m: Any, k: Any = ...) -> Any: ...
def trim_zeros(filt: Any, trim: Any = ..., axis: Any = ...) -> Any: ...
@overload
def triu(m: _Tensors, k: Any = ...) -> Tensor: ...
@overload
def triu(m: Any, k: Any = ...) -> Any: ...
trunc: _Unary
@overload
def unstack(x: _Tensors, /, *, axis: Any = ...) -> tuple[Tensor, ...]: ...
@overload
def unstack(x: Any, /, *, axis: Any = ...) -> Any: ...
@overload
def unwrap(p: _Tensors, discont: Any = ..., axis: Any = ..., *, period: Any = ...) -> Tensor: ...
@overload
def unwrap(p: Any, discont: Any = ..., axis: Any = ..., *, period: Any = ...) -> Any: ...
@overload
def var(a: _Tensors, axis: Any = ..., dtype: Any = ..., out: Any = ..., ddof: Any = ..., keepdims: Any = ..., *, where: Any = ..., mean: Any = ..., correction: Any = ...) -> Tensor: ...
@overload
def var(a: Any, axis: Any = ..., dtype: Any = ..., out: Any = ..., ddof: Any = ..., keepdims: Any = ..., *, where: Any = ..., mean: Any = ..., correction: Any = ...) -> Any: ...
@overload
def vdot(a: _Tensors, b: Any, /) -> Tensor: ...
@overload
def vdot(a: Any, b: _Tensors, /) -> Tensor: ...
@overload
def vdot(a: Any, b: Any, /) -> Any: ...
@overload
def vecdot(x1: _Tensors, x2: Any, /) -> Tensor: ...
@overload
def vecdot(x1: Any, x2: _Tensors, /) -> Tensor: ...
@overload
def vecdot(x1: Any, x2: Any, /) -> Any: ...
@overload
def vecmat(x1: _Tensors, x2: Any, /) -> Tensor: ...
@overload
def vecmat(x1: Any, x2: _Tensors, /) -> Tensor: ...
@overload
def vecmat(x1: Any, x2: Any, /) -> Any: ...
@overload
def vsplit(ary: _Tensors, indices_or_sections: Any) -> list[Tensor]: ...
@overload
def vsplit(ary: Any, indices_or_sections: Any) -> Any: ...
@overload
def vstack(tup: _Tensors, *, dtype: Any = ..., casting: Any = ...) -> Tensor: ...
@overload
def vstack(tup: Any, *, dtype: Any = ..., casting: Any = ...) -> Any: ...
@overload
def where(condition: Any, x: _Tensors, y: Any = ..., /) -> Tensor: ...
@overload
def where(condition: Any, x: Any, y: _Tensors, /) -> Tensor: ...
@overload
def where(condition: Any, x: Any = ..., y: Any = ..., /) -> Any: ...
