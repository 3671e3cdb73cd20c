"""One table: tiny inputs for every kind, in the order of the catalogue, and the params they go with."""

from typing import Any

import torch
from msgspec import Struct


class Example(Struct, frozen=True):
    """Arguments for a node, its params where they are not the defaults, and the kinds of its children."""

    inputs: tuple[Any, ...]
    params: dict[str, Any] = {}
    children: tuple[str, ...] = ()


def of(*inputs: Any, **params: Any) -> Example:
    """An example; a list stands for normally distributed numbers in that shape."""
    random = torch.Generator().manual_seed(0)
    made = (torch.randn(x, generator=random) if isinstance(x, list) else x for x in inputs)
    return Example(tuple(made), params)


def frame(*children: str, inputs: tuple[list[int], ...] = ([2, 3, 3],), **params: Any) -> Example:
    """An example of a frame with these leaves."""
    example = of(*inputs, **params)
    return Example(example.inputs, example.params, children)


ANY = [2, 3, 4, 5]
PICTURE = [2, 3, 8, 6]
SMALL = {"in_channels": 4, "out_channels": 6}
CLASSES = torch.tensor([2, 0])
IDS = torch.tensor([[1, 4, 0], [9, 9, 3]])
NORM = {"num_features": 3}
WHOLES = torch.arange(6).reshape(2, 3)
CHANCES = torch.tensor([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
QKV = ([2, 5, 8], [2, 7, 8], [2, 7, 8])
CONTEXT = {"context": "c", "key": "k"}

EXAMPLES: dict[str, tuple[Example, ...]] = {
    "Chain": (frame(), frame("Sin", "Cos")),
    "Sum": (frame("Sin", "Cos"),),
    "Residual": (frame("Sin", "Cos"),),
    "Parallel": (frame("Sin", "Cos"),),
    "Distribute": (frame("Sin", "Cos", inputs=([2, 3], [4])),),
    "Passthrough": (frame("Sin", "Cos"),),
    "Concatenate": (frame("Sin", "Cos"), frame("Sin", "Cos", dim=-1)),
    "Matmul": (frame("Sin", "Transpose"),),
    "UseContext": (of(ANY, **CONTEXT), of(ANY, **CONTEXT, compose="lambda k: k * 2")),
    "SetContext": (of(ANY, **CONTEXT), of(3, **CONTEXT)),
    "Lambda": (of(ANY), of(ANY, ANY, func="lambda x, y: (x + y, x.shape[0])")),
    "Return": (of(ANY), of(2.5)),
    "Breakpoint": (of(ANY), of(ANY, 3.0, enabled=False)),
    "Identity": (of(ANY), of(2.5)),
    "GetArg": (of(ANY), of([1], [2], 3.0, index=-2), of([1], 3.0, index=1)),
    "Parameter": (of(ANY), of(ANY, dims=[3, 2]), of([4], dims=5)),
    "Converter": (
        of([2, 3]),
        of([2, 3], WHOLES),
        of(WHOLES, set_dtype=False),
        of(torch.ones(2).half(), set_device=False),
    ),
    "Linear": (of([64]), of([2, 5, 4], in_features=4, out_features=3, bias=False)),
    "Bilinear": (of([2, 64], [2, 64]), of([2, 3], [2, 4], in1_features=3, in2_features=4, out_features=5, bias=False)),
    "Embedding": (of(IDS), of(IDS, num_embeddings=10, embedding_dim=4)),
    "Conv2d": (
        of(PICTURE),
        of([1, 4, 8, 6], **SMALL, kernel_size=[3, 5], stride=2, padding=[1, 2], groups=2, padding_mode="reflect"),
        of([1, 4, 8, 6], **SMALL, kernel_size=2, dilation=[2, 1], use_bias=False),
    ),
    "ConvTranspose2d": (
        of(PICTURE),
        of([1, 4, 3, 5], **SMALL, kernel_size=[4, 3], stride=2, padding=1, output_padding=1, groups=2),
        of([1, 4, 3, 5], **SMALL, dilation=2, use_bias=False),
    ),
    "Conv1d": (of([2, 3, 9]), of([2, 4, 9], **SMALL, stride=2, padding=1, padding_mode="circular", bias=False)),
    "ConvTranspose1d": (of([2, 3, 9]), of([2, 4, 9], **SMALL, stride=3, output_padding=2)),
    "Conv3d": (of([1, 3, 4, 5, 6]), of([1, 4, 4, 5, 6], **SMALL, kernel_size=[1, 2, 3], groups=2)),
    "Unfold": (of(PICTURE), of(PICTURE, kernel_size=[2, 3], stride=2, padding=1)),
    "Fold": (of([2, 27, 36]), of([1, 8, 6], output_size=[4, 6], kernel_size=2, stride=2)),
    "LayerNorm": (
        of([2, 64]),
        of(ANY, normalized_shape=[4, 5], eps=0.1),
        of(ANY, normalized_shape=5, elementwise_affine=False),
        of(ANY, normalized_shape=5, bias=False),
    ),
    "LayerNorm2d": (of([2, 64, 3, 4]), of(PICTURE, channels=3, eps=0.5)),
    "GroupNorm": (
        of([2, 64, 3]),
        of([2, 6, 4, 5], channels=6, num_groups=3),
        of(PICTURE, channels=3, num_groups=1, affine=False),
    ),
    "InstanceNorm2d": (
        of([2, 64, 3, 4]),
        of(PICTURE, **NORM, eps=0.1),
        of(PICTURE, **NORM, affine=True, track_running_stats=True),
    ),
    "BatchNorm1d": (of([2, 64]), of([2, 3, 5], **NORM, affine=False), of([2, 3], **NORM, track_running_stats=False)),
    "BatchNorm2d": (of([2, 64, 3, 4]), of(PICTURE, **NORM, affine=False), of(PICTURE, **NORM, momentum=0.0)),
    "RMSNorm": (of([2, 64]), of(ANY, normalized_shape=[4, 5], eps=0.1), of([5], normalized_shape=5)),
    "ReLU": (of(ANY),),
    "SiLU": (of(ANY),),
    "GELU": (of(ANY), of(ANY, approximate="tanh")),
    "GeLU": (of(ANY), of(ANY, approximation="tanh"), of(ANY, approximation="sigmoid")),
    "GLU": (
        of([2, 3, 8]),
        *(of([2, 3, 8], activation=a) for a in ("GeLU(tanh)", "GeLU(sigmoid)", "SiLU", "ReLU", "Sigmoid")),
    ),
    "Sigmoid": (of(ANY),),
    "Tanh": (of(ANY),),
    "Softmax": (of(ANY), of(ANY, dim=1)),
    "LogSoftmax": (of(ANY), of(ANY, dim=1)),
    "LeakyReLU": (of(ANY), of(ANY, negative_slope=0.3)),
    "PReLU": (of(ANY), of(ANY, num_parameters=3, init=0.1)),
    "ELU": (of(ANY), of(ANY, alpha=2.0)),
    "CELU": (of(ANY), of(ANY, alpha=2.0)),
    "SELU": (of(ANY),),
    "Mish": (of(ANY),),
    "Softplus": (of(ANY), of(ANY, beta=2.0, threshold=1.0)),
    "Hardswish": (of(ANY),),
    "Hardtanh": (of(ANY), of(ANY, min_val=0.0, max_val=0.5)),
    "ScaledDotProductAttention": (
        of(*QKV),
        of(*QKV, num_heads=4),
        of(*QKV, num_heads=2, is_optimized=False),
        of(*QKV, num_heads=2, slice_size=2),
        of(*QKV, num_heads=2, is_optimized=False, slice_size=2),
        of(*QKV, num_heads=2, is_causal=True),
    ),
    "MultiheadAttention": (
        of([2, 5, 64], [2, 7, 64], [2, 7, 64]),
        of([5, 2, 8], [7, 2, 3], [7, 2, 4], embed_dim=8, num_heads=2, kdim=3, vdim=4, batch_first=False),
        of(*QKV, embed_dim=8, num_heads=2, bias=False, add_bias_kv=True, add_zero_attn=True),
    ),
    "MultiLinear": (
        of([2, 64]),
        of([2, 5, 3], input_dim=3, output_dim=4, inner_dim=6, num_layers=3),
        of([2, 6], input_dim=3, output_dim=4, inner_dim=6, num_layers=1),
    ),
    "Attention": (
        of([2, 5, 64], [2, 7, 64], [2, 7, 64]),
        of([2, 5, 8], [2, 7, 3], [2, 7, 4], embedding_dim=8, num_heads=2, key_embedding_dim=3, value_embedding_dim=4),
        of(*QKV, embedding_dim=8, num_heads=4, inner_dim=12, use_bias=False, is_optimized=False),
    ),
    "SelfAttention": (
        of([2, 5, 64]),
        of([2, 5, 8], embedding_dim=8, inner_dim=12, num_heads=2, use_bias=False, is_causal=True),
    ),
    "SelfAttention2d": (of([2, 64, 4, 3]), of([2, 8, 4, 3], channels=8, num_heads=2, use_bias=False)),
    "Downsample": (
        of([2, 64, 8, 6]),
        of([2, 4, 9, 6], channels=4, scale_factor=3, padding=1, register_shape=False),
    ),
    "Upsample": (of([2, 64, 4, 3]), of([2, 4, 4, 3], channels=4, upsample_factor=2)),
    "LSTM": (
        of([2, 5, 64]),
        of([5, 2, 3], input_size=3, hidden_size=4, num_layers=2, bidirectional=True, batch_first=False),
        of([2, 5, 3], input_size=3, hidden_size=4, bias=False),
    ),
    "GRU": (
        of([2, 5, 64]),
        of([5, 2, 3], input_size=3, hidden_size=4, num_layers=2, bidirectional=True, batch_first=False),
        of([2, 5, 3], [1, 2, 4], input_size=3, hidden_size=4, bias=False),
    ),
    "MaxPool2d": (
        of(PICTURE),
        of(PICTURE, kernel_size=[3, 2], stride=[2, 1], padding=1, ceil_mode=True),
        of(PICTURE, dilation=2, return_indices=True),
    ),
    "MaxPool1d": (
        of([2, 3, 9]),
        of([2, 3, 9], kernel_size=3, stride=2, padding=1, ceil_mode=True),
        of([2, 3, 9], dilation=2, return_indices=True),
    ),
    "AvgPool2d": (
        of(PICTURE),
        of(PICTURE, kernel_size=[3, 2], stride=2, padding=1, count_include_pad=False),
        of(PICTURE, kernel_size=3, ceil_mode=True, divisor_override=2),
    ),
    "AvgPool1d": (of([2, 3, 9]), of([2, 3, 9], kernel_size=3, stride=2, padding=1, count_include_pad=False)),
    "AdaptiveAvgPool2d": (of(PICTURE), of(PICTURE, output_size=[2, 3])),
    "AdaptiveMaxPool2d": (of(PICTURE), of(PICTURE, output_size=[2, 3], return_indices=True)),
    "ReflectionPad2d": (of(PICTURE), of(PICTURE, padding=3)),
    "ReplicationPad2d": (of(PICTURE), of(PICTURE, padding=[1, 0, 9, 2])),
    "CircularPad2d": (of(PICTURE), of(PICTURE, padding=[1, 0, 3, 2])),
    "ZeroPad2d": (of(PICTURE), of(PICTURE, padding=[-1, 0, 9, 2])),
    "ConstantPad2d": (of(PICTURE), of(PICTURE, padding=[1, -2, 3, 2], value=0.5)),
    "Dropout": (of(ANY), of(ANY, p=1.0)),
    "Dropout2d": (of(PICTURE), of(PICTURE, p=1.0)),
    "Flatten": (of(ANY), of(ANY, start_dim=1, end_dim=2)),
    "Unflatten": (of([2, 12], (3, 4)), of([2, 12], (2, -1), dim=-1)),
    "Reshape": (of(ANY), of(ANY, shape=[5, -1])),
    "Transpose": (of(ANY), of(ANY, dim0=-1, dim1=0)),
    "Permute": (of(ANY), of([2, 3, 4], dims=[2, 0, -2])),
    "Squeeze": (of([2, 1, 3]), of([2, 3, 1], dim=-1), of(ANY)),
    "Unsqueeze": (of(ANY), of(ANY, dim=-1)),
    "Slicing": (
        of(ANY),
        of(ANY, dim=1, start=1),
        of(ANY, dim=-1, start=-4, end=-1, step=2),
        of(ANY, dim=2, start=-9, end=99),
        of(ANY, dim=3, end=0),
        of(ANY, dim=3, start=4, end=2),
    ),
    "Multiply": (of(ANY), of(ANY, scale=0.5, bias=-1.0), of(3, scale=0.1)),
    "Sin": (of(ANY),),
    "Cos": (of(ANY),),
    "CosineSimilarity": (of(ANY, ANY), of([5], [5], dim=0, eps=0.1)),
    "Blur": (of(PICTURE), of(PICTURE, radius=1, sigma=0.5)),
    "Grayscale": (of(PICTURE), of(PICTURE, channels="1")),
    "Resize": (of([1, 1, 4, 4]), *(of(PICTURE, height=3, width=5, mode=m) for m in ("nearest", "bicubic", "area"))),
    "Grid": (of(PICTURE), of([5, 1, 4, 3], columns=2, gap=2, fill=0.5), of([1, 3, 2, 2], columns=3, gap=0)),
    "Interpolate": (of(PICTURE, (4, 9)), of(PICTURE, (16, 6)), of(PICTURE, 1.5), of([1, 2, 5], (8,))),
    "PixelShuffle": (of([1, 8, 3, 2]), of([1, 9, 3, 2], upscale_factor=3)),
    "FourierFilter": (of(PICTURE), of(PICTURE, scale=0.5, threshold=2)),
    "PixelUnshuffle": (of(PICTURE), of([1, 2, 3, 6], downscale_factor=3)),
    "MSELoss": (of(ANY, ANY), of(ANY, ANY, reduction="none")),
    "L1Loss": (of(ANY, ANY), of(ANY, ANY, reduction="sum")),
    "SmoothL1Loss": (of(ANY, ANY), of(ANY, ANY, beta=0.5, reduction="none")),
    "CrossEntropyLoss": (
        of([2, 3], CLASSES),
        of([2, 3], CHANCES, label_smoothing=0.1),
        of([2, 3], CLASSES, ignore_index=0, reduction="none"),
    ),
    "NLLLoss": (of([2, 3], CLASSES), of([2, 3], CLASSES, ignore_index=0, reduction="none")),
    "BCEWithLogitsLoss": (of([2, 3], CHANCES), of([2, 3], CHANCES, reduction="none")),
    "KLDivLoss": (of([2, 3], CHANCES), of([2, 3], [2, 3], log_target=True, reduction="none")),
    "Foreign": (
        of(ANY, constructor="torch.nn:Tanh"),
        of(ANY, constructor="torch.nn:TransformerEncoderLayer", path="norm1", arguments='{"d_model": 5, "nhead": 1}'),
    ),
    "Sample": (
        frame("Sin"),
        frame("Sin", solver="Euler", schedule="cosine", prediction="v", steps=3, clip=1.0),
        frame("Sin", solver="LCM", steps=2, condition="c.k", unconditional=1.0),
    ),
    "Target": (of(ANY), of(2.5)),
    "ZeroLinear": (of([64]), of([2, 5, 4], in_features=4, out_features=3, bias=False)),
    "ZeroConv2d": (
        of(PICTURE),
        of([1, 4, 8, 6], **SMALL, kernel_size=[3, 5], stride=2, padding=[1, 2], groups=2, padding_mode="reflect"),
        *(of(PICTURE, padding=1, padding_mode=mode) for mode in ("replicate", "circular")),
    ),
}
