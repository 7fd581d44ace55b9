"""Documents to batches: sorted by length, in blocks of almost equal length, each document from position 0."""

from collections.abc import Iterator
from random import Random

import torch
from torch import Tensor

from .encoder import Encoded, Encoder
from .mixture import documents
from .model import Blocks

# share of the read tokens that are trained on, and their weight: schemas and questions teach copying, answers matter
READ_SHARE, READ_WEIGHT = 0.25, 0.4
_WASTE = 0.1
_DRILLS = 0.03


class Batch:
    """Flat ids and positions, the blocks they form, and the chosen targets with their weights."""

    def __init__(self, encoded: list[Encoded], rng: Random):
        ids, positions, chosen, targets, weights = [], [], [], [], []
        self.blocks: Blocks = []
        for rows in _grouped(encoded):
            length = max(len(row.ids) for row in rows) - 1
            self.blocks.append((len(rows), length))
            for row in rows:
                for place in range(1, len(row.ids)):
                    weight = 1.0 if row.written[place] else READ_WEIGHT * (rng.random() < READ_SHARE)
                    if weight:
                        chosen.append(len(ids) + place - 1)
                        targets.append(row.ids[place])
                        weights.append(weight)
                ids += row.ids[:-1] + [0] * (length + 1 - len(row.ids))
                positions += range(length)
        self.ids, self.positions = torch.tensor(ids), torch.tensor(positions)
        self.chosen, self.targets = torch.tensor(chosen), torch.tensor(targets)
        self.weights = torch.tensor(weights)

    def to(self, device: torch.device) -> "Batch":
        """Move the tensors."""
        for name in ("ids", "positions", "chosen", "targets", "weights"):
            tensor: Tensor = getattr(self, name)
            setattr(self, name, tensor.to(device))
        return self


def _grouped(encoded: list[Encoded]) -> list[list[Encoded]]:
    """Runs of documents that waste little when padded to their longest."""
    groups: list[list[Encoded]] = []
    for row in sorted(encoded, key=lambda e: len(e.ids)):
        if groups and len(row.ids) <= len(groups[-1][0].ids) * (1 + _WASTE):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def batches(
    encoder: Encoder, seed: int, first: int, tokens: int, excluded: set[str], limit: int, stage: int
) -> Iterator[Batch]:
    """Batches of about `tokens` tokens from number `first` on; every number has its own seed, so training can resume."""
    number = first
    while True:
        rng = Random(f"{seed}-{number}")
        taken: list[Encoded] = []
        size = 0
        for sample in documents(f"{seed}-{number}", excluded, _DRILLS, stage):
            encoded = encoder.encode(sample)
            if len(encoded.ids) > limit:
                continue
            if size + len(encoded.ids) > tokens:
                break
            taken.append(encoded)
            size += len(encoded.ids)
        yield Batch(taken, rng)
        number += 1
