"""Greedy generation in PyTorch with a key-value cache."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from .encoder import EOS, Encoder
from .model import Shape, Transformer, rotation


class Generator:
    """A model with its tokenizer, one prompt at a time."""

    def __init__(self, model: Transformer, encoder: Encoder):
        self.model, self.encoder = model.eval(), encoder

    @classmethod
    def from_folder(cls, folder: Path) -> "Generator":
        """Load params.json, consolidated.safetensors and tokenizer.model.v3 in 32-bit floats."""
        shape = Shape(**json.loads((folder / "params.json").read_text()))
        model = Transformer(shape)
        model.load_state_dict({name: w.float() for name, w in load_file(folder / "consolidated.safetensors").items()})
        return cls(model, Encoder(folder / "tokenizer.model.v3"))

    @classmethod
    def from_checkpoint(cls, folder: Path) -> "Generator":
        """Load the averaged weights of a training run."""
        encoder = Encoder(folder / "tokenizer.model.v3")
        model = Transformer(Shape(vocab_size=encoder.size))
        model.load_state_dict(torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True)["average"])
        return cls(model, encoder)

    @torch.inference_mode()
    def logits(self, ids: list[int]) -> Tensor:
        """Logits (tokens, vocabulary) of a whole sequence."""
        hidden = self.model(torch.tensor(ids), torch.arange(len(ids)), [(1, len(ids))])
        return self.model.output(hidden)

    @torch.inference_mode()
    def answer(self, ids: list[int], max_tokens: int = 96) -> list[int]:
        """Greedy continuation, end of sequence excluded."""
        cache: list[tuple[Tensor, Tensor]] = []
        token = self._read(ids, cache)
        answer: list[int] = []
        while token != EOS and len(answer) < max_tokens:
            answer.append(token)
            token = self._advance(token, len(ids) + len(answer) - 1, cache)
        return answer

    def _read(self, ids: list[int], cache: list[tuple[Tensor, Tensor]]) -> int:
        model, blocks = self.model, [(1, len(ids))]
        turn = rotation(model.shape, torch.arange(len(ids)))
        x = model.tok_embeddings(torch.tensor(ids))
        for layer in model.layers:
            q, k, v = layer.before(x, turn)
            cache.append((k, v))
            x = layer.after(x, layer.attention.mix(q, k, v, blocks))
        return int(model.output(model.norm(x[-1])).argmax())

    def _advance(self, token: int, position: int, cache: list[tuple[Tensor, Tensor]]) -> int:
        model = self.model
        turn = rotation(model.shape, torch.tensor([position]))
        x = model.tok_embeddings(torch.tensor([token]))
        for index, layer in enumerate(model.layers):
            q, k, v = layer.before(x, turn)
            cache[index] = (torch.cat((cache[index][0], k)), torch.cat((cache[index][1], v)))
            x = layer.after(x, layer.attention.continued(q, *cache[index]))
        return int(model.output(model.norm(x[-1])).argmax())
