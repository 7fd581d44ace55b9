"""Starting weights that can already copy: layer 0 looks one and two tokens back, layer 1 continues what was seen before.

Such induction heads form by themselves in any language model, but only after many millions of tokens. Here two processor
cores must do, so they are written down. The residual stream is split into quarters: the token (two quarters), the tokens
before, and the prediction. Of every pair of query heads that share keys, the first follows the token before, the second
the one before that. Training is free to change all of it.
"""

import torch
from torch import Tensor

from .model import Attention, Shape, Transformer

_CONSTANT = 4.0
_LOOK_BACK = (2.6, 2.2, 1.9, 1.6)
_MATCH = 1.8
_COPY = (2.0, 1.5)
_BEFORE = (1.0, 0.7)
_READOUT = 0.06


@torch.no_grad()
def install(model: Transformer) -> None:
    """Overwrite embedding, output and the attention of the first two layers."""
    shape = model.shape
    if shape.n_heads != 2 * shape.n_kv_heads:
        raise ValueError("the circuits are written for two query heads to each key head")
    quarter = shape.dim // 4
    table = model.tok_embeddings.weight
    table.normal_(std=2**0.5)
    table[:, 2 * quarter :] = 0
    table[:, quarter] = _CONSTANT
    model.output.weight.mul_(0.1)
    model.output.weight[:, 3 * quarter :] = _READOUT * table[:, :quarter]
    share = quarter // shape.n_kv_heads
    turns = torch.Generator().manual_seed(5)
    for group in range(shape.n_kv_heads):
        # the second token back is kept apart from the first by a turn of its features
        turn = torch.linalg.qr(torch.randn(share, share, generator=turns))[0]
        _look_back(model.layers[0].attention, shape, group, turn)
        _continue(model.layers[1].attention, shape, group, turn)


def _look_back(attention: Attention, shape: Shape, group: int, turn: Tensor) -> None:
    """Attend one and two positions back, whatever stands there, and copy its token features."""
    frequencies = _frequencies(shape)
    constant, before = shape.dim // 4, shape.dim // 2
    keys, (first, second) = _rows(shape, group)
    attention.wk.weight[keys] = 0
    attention.wq.weight[first.start : second.stop] = 0
    for pair, amplitude in enumerate(_LOOK_BACK):
        step = amplitude * torch.stack((frequencies[pair].cos(), frequencies[pair].sin()))
        attention.wk.weight[keys.start + 2 * pair : keys.start + 2 * pair + 2, constant] = step
        attention.wq.weight[first.start + 2 * pair, constant] = amplitude
        attention.wq.weight[second.start + 2 * pair, constant] = step[0]
        attention.wq.weight[second.start + 2 * pair + 1, constant] = -step[1]
    share = shape.dim // 4 // shape.n_kv_heads
    _carry(attention, shape, group, before, (_BEFORE[0] * torch.eye(share), _BEFORE[1] * turn))


def _continue(attention: Attention, shape: Shape, group: int, turn: Tensor) -> None:
    """Attend to where the same tokens went before, and predict what stood there."""
    share = shape.dim // 4 // shape.n_kv_heads
    features = slice(group * share, (group + 1) * share)
    before = slice(shape.dim // 2 + features.start, shape.dim // 2 + features.stop)
    keys, (first, second) = _rows(shape, group)
    attention.wk.weight[keys] = 0
    attention.wq.weight[first.start : second.stop] = 0
    # slow rotary pairs only: they match at any distance
    slow = [
        2 * pair + side for pair in range(shape.head_dim // 2) if _frequencies(shape)[pair] < 0.008 for side in (0, 1)
    ]
    for place, row in enumerate(slow):
        attention.wk.weight[keys.start + row, before.start + place] = _MATCH
        attention.wq.weight[first.start + row, features.start + place] = _MATCH
        attention.wq.weight[second.start + row, before] = _MATCH * turn[place]
    _carry(attention, shape, group, 3 * shape.dim // 4, tuple(gain * torch.eye(share) for gain in _COPY))


def _carry(attention: Attention, shape: Shape, group: int, target: int, maps: tuple[Tensor, ...]) -> None:
    """Let a group's heads carry its share of the token features to a quarter of the stream."""
    share = shape.dim // 4 // shape.n_kv_heads
    features = slice(group * share, (group + 1) * share)
    keys, queries = _rows(shape, group)
    attention.wv.weight[keys] = 0
    attention.wv.weight[keys.start : keys.start + share, features] = torch.eye(share)
    for rows, mapped in zip(queries, maps, strict=True):
        attention.wo.weight[:, rows] = 0
        attention.wo.weight[target + features.start : target + features.stop, rows.start : rows.start + share] = mapped


def _rows(shape: Shape, group: int) -> tuple[slice, tuple[slice, slice]]:
    """The rows of a group's keys, and those of its two query heads."""
    size = shape.head_dim
    first = 2 * group * size
    return slice(group * size, (group + 1) * size), (slice(first, first + size), slice(first + size, first + 2 * size))


def _frequencies(shape: Shape) -> Tensor:
    return shape.rope_theta ** (-torch.arange(0, shape.head_dim, 2, dtype=torch.float32) / shape.head_dim)
