"""What an expression may use: functions and constants by dotted name, methods and attributes of values, operators.

Everything here is pure or changes only a list that it is given: nothing reads a file, draws unseeded numbers, works in
place on a tensor or leads back to Python's own machinery. Names are data; `engine.runtime` looks up the torch ones.
"""

import ast

NAMESPACES = {"math": "math", "torch": "torch", "F": "torch.nn.functional"}
"""What the names of modules stand for in a source."""


def _members(namespace: str, names: str) -> frozenset[str]:
    return frozenset(f"{namespace}.{name}" for name in names.split())


BUILTINS = frozenset("abs bool float int len list max min print range round str sum tuple".split())

MATH = _members(
    "math",
    """
    acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh degrees dist erf erfc exp exp2 expm1 fabs
    floor fmod fsum gamma gcd hypot isclose isfinite isinf isnan isqrt ldexp lgamma log log10 log1p log2 modf pow
    radians remainder sin sinh sqrt tan tanh trunc
    """,
)

TORCH = (
    # of one value, element by element
    _members(
        "torch",
        """
        abs acos acosh angle asin asinh atan atanh bitwise_not ceil clamp conj cos cosh deg2rad erf erfc erfinv exp
        exp2 expm1 floor frac isfinite isinf isnan lgamma log log10 log1p log2 logical_not logit nan_to_num neg
        positive rad2deg real imag reciprocal relu round rsqrt sigmoid sign sin sinc sinh sqrt square tan tanh trunc
        """,
    )
    # of two or three values
    | _members(
        "torch",
        """
        add addcdiv addcmul allclose atan2 bitwise_and bitwise_or bitwise_xor copysign cross div dot eq equal
        floor_divide fmod ge gt heaviside hypot isclose le lerp logaddexp logical_and logical_or logical_xor lt
        maximum minimum mul ne pow remainder sub true_divide where xlogy
        """,
    )
    # products of matrices
    | _members("torch", "addmm baddbmm bmm det einsum inner inverse kron matmul mm mv outer tensordot trace")
    # along dimensions
    | _members(
        "torch",
        """
        all amax amin aminmax any argmax argmin argsort bincount bucketize cdist count_nonzero cummax cummin cumprod
        cumsum diff histc kthvalue logcumsumexp logsumexp max mean median min mode nanmean nansum norm numel prod
        quantile sort softmax log_softmax std std_mean sum topk unique var var_mean
        """,
    )
    # shape and order
    | _members(
        "torch",
        """
        atleast_1d atleast_2d atleast_3d block_diag broadcast_tensors broadcast_to cat chunk clone column_stack
        concat concatenate detach diag diag_embed diagonal dstack flatten flip fliplr flipud gather hsplit hstack
        index_select masked_select meshgrid moveaxis movedim narrow permute repeat_interleave reshape roll rot90
        scatter scatter_add select split squeeze stack swapaxes t take take_along_dim tensor_split tile transpose
        tril triu unbind unflatten unsqueeze vsplit vstack
        """,
    )
    # new tensors
    | _members(
        "torch",
        """
        arange complex eye full full_like linspace logspace ones ones_like polar tensor tril_indices triu_indices
        zeros zeros_like
        """,
    )
)

FUNCTIONAL = _members(
    "torch.nn.functional",
    """
    adaptive_avg_pool1d adaptive_avg_pool2d adaptive_max_pool1d adaptive_max_pool2d affine_grid avg_pool1d
    avg_pool2d binary_cross_entropy binary_cross_entropy_with_logits celu conv1d conv2d conv3d conv_transpose1d
    conv_transpose2d cosine_similarity cross_entropy elu fold gelu glu grid_sample group_norm hardsigmoid hardswish
    hardtanh huber_loss interpolate kl_div l1_loss layer_norm leaky_relu linear log_softmax logsigmoid max_pool1d
    max_pool2d mish mse_loss normalize one_hot pad pairwise_distance pixel_shuffle pixel_unshuffle relu relu6
    rms_norm scaled_dot_product_attention selu sigmoid silu smooth_l1_loss softmax softmin softplus softshrink
    softsign tanh tanhshrink threshold unfold
    """,
)

FUNCTIONS = BUILTINS | MATH | TORCH | FUNCTIONAL

CONSTANTS = (
    _members("math", "e inf nan pi tau")
    | _members("torch", "e inf nan pi")
    | _members(
        "torch",
        """
        bfloat16 bool complex64 complex128 double float float16 float32 float64 half int int8 int16 int32 int64 long
        short uint8
        """,
    )
)

TENSOR_METHODS = frozenset(
    """
    abs acos add all amax amin any argmax argmin argsort asin atan bfloat16 bmm bool broadcast_to ceil chunk clamp
    clone conj contiguous cos cosh cumprod cumsum detach diagonal diff dim div dot double eq erf exp expand
    expand_as expm1 flatten flip float floor fmod frac gather ge gt half index_select int isfinite isinf isnan item
    le lerp log log10 log1p log2 log_softmax logical_and logical_not logical_or logit logsumexp long lt masked_fill
    masked_select matmul max maximum mean median min minimum mm moveaxis movedim mul narrow ndimension ne neg norm
    numel outer permute pow prod quantile reciprocal relu remainder repeat repeat_interleave reshape roll rot90
    round rsqrt scatter select sigmoid sign sin sinh size softmax sort split sqrt square squeeze std sub sum
    swapaxes t tan tanh tensor_split tile to tolist topk transpose tril triu trunc type_as unbind unflatten unfold
    unsqueeze var view view_as where
    """.split()
)

LIST_METHODS = frozenset("append clear copy count extend index insert pop reverse".split())

TEXT_METHODS = frozenset("capitalize endswith join lower startswith strip title upper".split())

METHODS = TENSOR_METHODS | LIST_METHODS | TEXT_METHODS

ATTRIBUTES = frozenset("T device dtype imag mT ndim real shape".split())

KEYWORDS_REFUSED = frozenset({"out", "inplace"})
"""Keyword arguments that would make a pure function write into a tensor."""

MOST_ARGUMENTS = {
    "torch.norm": 4,
    "torch.tensordot": 3,
    **{
        f"torch.nn.functional.{name}": most
        for name, most in {
            **dict.fromkeys(("hardsigmoid", "hardswish", "mish", "relu", "relu6", "selu", "silu"), 1),
            **dict.fromkeys(("celu", "elu", "leaky_relu"), 2),
            **dict.fromkeys(("hardtanh", "threshold"), 3),
            "normalize": 4,
        }.items()
    },
}
"""How many arguments a function takes by position before the one that would make it write into a tensor."""

REASONS = {
    "format": "format can reach attributes; write an f-string",
    "torch.rand": "unseeded random numbers would differ at every run; use a seeded noise source",
    "torch.randn": "unseeded random numbers would differ at every run; use a seeded noise source",
    "torch.load": "an expression may not read files; use a tensor file as a source",
    "numpy": "tensors stay tensors here; tolist() gives Python numbers",
}
"""Why often-tried names are left out, and what to do instead."""

BINARY: dict[type[ast.operator], str] = {
    ast.Add: "operator.add",
    ast.Sub: "operator.sub",
    ast.Mult: "operator.mul",
    ast.Div: "operator.truediv",
    ast.FloorDiv: "operator.floordiv",
    ast.Mod: "operator.mod",
    ast.Pow: "operator.pow",
    ast.MatMult: "operator.matmul",
    ast.LShift: "operator.lshift",
    ast.RShift: "operator.rshift",
    ast.BitAnd: "operator.and_",
    ast.BitOr: "operator.or_",
    ast.BitXor: "operator.xor",
}
UNARY: dict[type[ast.unaryop], str] = {
    ast.USub: "operator.neg",
    ast.UAdd: "operator.pos",
    ast.Invert: "operator.invert",
}
COMPARISON: dict[type[ast.cmpop], str] = {
    ast.Eq: "operator.eq",
    ast.NotEq: "operator.ne",
    ast.Lt: "operator.lt",
    ast.LtE: "operator.le",
    ast.Gt: "operator.gt",
    ast.GtE: "operator.ge",
}
UNSUPPORTED: dict[type[ast.expr], str] = {
    ast.Lambda: "a lambda inside an expression",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.NamedExpr: "an assignment",
    ast.Dict: "a dictionary",
    ast.Set: "a set",
    ast.Await: "await",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
}
