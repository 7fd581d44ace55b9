"""The transformer, in Mistral's architecture and with its tensor names."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Shape:
    """The contents of params.json."""

    dim: int = 512
    n_layers: int = 4
    head_dim: int = 32
    hidden_dim: int = 384
    n_heads: int = 8
    n_kv_heads: int = 4
    norm_eps: float = 1e-5
    vocab_size: int = 4160
    rope_theta: float = 1e6
    max_seq_len: int = 1024

    def params(self) -> dict:
        """As written to params.json."""
        return asdict(self)


# rows and padded length of each block of equally long documents, in the order of the flat batch
Blocks = Sequence[tuple[int, int]]
Rotation = tuple[Tensor, Tensor]


def rotation(shape: Shape, positions: Tensor, device: torch.device | None = None) -> Rotation:
    """Cosines and sines of the rotary embedding, (tokens, 1, head_dim / 2) each."""
    exponents = torch.arange(0, shape.head_dim, 2, dtype=torch.float32, device=device) / shape.head_dim
    angles = positions[:, None].float() * (shape.rope_theta**-exponents)[None, :]
    return angles.cos()[:, None, :], angles.sin()[:, None, :]


def rotated(x: Tensor, turn: Rotation) -> Tensor:
    """Rotate interleaved pairs of (tokens, heads, head_dim), as the reference does with complex numbers."""
    even, odd = x.unflatten(-1, (-1, 2)).unbind(-1)
    cos, sin = turn
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


class Attention(nn.Module):
    """Grouped-query causal attention."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        width, narrow = shape.n_heads * shape.head_dim, shape.n_kv_heads * shape.head_dim
        self.wq = nn.Linear(shape.dim, width, bias=False)
        self.wk = nn.Linear(shape.dim, narrow, bias=False)
        self.wv = nn.Linear(shape.dim, narrow, bias=False)
        self.wo = nn.Linear(width, shape.dim, bias=False)

    def project(self, x: Tensor, turn: Rotation) -> tuple[Tensor, Tensor, Tensor]:
        """Rotated queries and keys, and values: (tokens, heads, head_dim)."""
        split = (-1, self.shape.head_dim)
        q, k, v = self.wq(x).unflatten(-1, split), self.wk(x).unflatten(-1, split), self.wv(x).unflatten(-1, split)
        return rotated(q, turn), rotated(k, turn), v

    def mix(self, q: Tensor, k: Tensor, v: Tensor, blocks: Blocks) -> Tensor:
        """Attend within each document of each block."""
        sizes = [rows * length for rows, length in blocks]
        mixed = []
        parts = zip(blocks, q.split(sizes), k.split(sizes), v.split(sizes), strict=True)
        for (rows, length), *qkv in parts:
            heads = [part.view(rows, length, -1, self.shape.head_dim).transpose(1, 2) for part in qkv]
            out = F.scaled_dot_product_attention(*heads, is_causal=True, enable_gqa=True)
            mixed.append(out.transpose(1, 2).reshape(rows * length, -1))
        return torch.cat(mixed)

    def continued(self, q: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """One new token over all cached keys and values (length, kv heads, head_dim)."""
        heads = [part.transpose(0, 1)[None] for part in (q, keys, values)]
        return F.scaled_dot_product_attention(*heads, enable_gqa=True)[0].transpose(0, 1).flatten(-2)


class FeedForward(nn.Module):
    """SwiGLU."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.w1 = nn.Linear(shape.dim, shape.hidden_dim, bias=False)
        self.w2 = nn.Linear(shape.hidden_dim, shape.dim, bias=False)
        self.w3 = nn.Linear(shape.dim, shape.hidden_dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.w2(F.silu(self.w1(x)) * self.w3(x))


class Layer(nn.Module):
    """Attention and feed-forward with residual connections."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.attention = Attention(shape)
        self.feed_forward = FeedForward(shape)
        self.attention_norm = nn.RMSNorm(shape.dim, eps=shape.norm_eps)
        self.ffn_norm = nn.RMSNorm(shape.dim, eps=shape.norm_eps)

    def before(self, x: Tensor, turn: Rotation) -> tuple[Tensor, Tensor, Tensor]:
        """What comes before the attention itself."""
        return self.attention.project(self.attention_norm(x), turn)

    def after(self, x: Tensor, mixed: Tensor) -> Tensor:
        """What comes after it."""
        x = x + self.attention.wo(mixed)
        return x + self.feed_forward(self.ffn_norm(x))


class Transformer(nn.Module):
    """Token ids to hidden states; `output` turns those into logits where they are wanted."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.tok_embeddings = nn.Embedding(shape.vocab_size, shape.dim)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.n_layers))
        self.norm = nn.RMSNorm(shape.dim, eps=shape.norm_eps)
        self.output = nn.Linear(shape.dim, shape.vocab_size, bias=False)

    def initialize(self, seed: int) -> None:
        """Random weights, small where they write into the residual stream."""
        torch.manual_seed(seed)
        for name, weight in self.named_parameters():
            if weight.ndim == 2:
                scale = 0.2 if name.endswith(("wo.weight", "w2.weight")) else 0.7
                nn.init.normal_(weight, std=scale * weight.shape[1] ** -0.5)

    def forward(self, ids: Tensor, positions: Tensor, blocks: Blocks) -> Tensor:
        """Hidden states (tokens, dim) of a flat batch of documents in blocks."""
        turn = rotation(self.shape, positions, ids.device)
        x = self.tok_embeddings(ids)
        for layer in self.layers:
            q, k, v = layer.before(x, turn)
            x = layer.after(x, layer.attention.mix(q, k, v, blocks))
        return self.norm(x)
