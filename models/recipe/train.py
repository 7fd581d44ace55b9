"""The training loop: warm-up, constant rate, linear decay; resumable, with a moving average of the weights."""

import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn import functional as F

from . import circuits
from .batches import Batch, batches
from .encoder import Encoder
from .mixture import held_out
from .model import Shape, Transformer
from .muon import Muon


@dataclass
class Plan:
    """How long and how fast to train."""

    steps: int
    tokens_per_step: int = 3072
    micro_tokens: int = 1536
    decay_share: float = 0.3
    warmup: int = 60
    matrix_rate: float = 0.012
    embedding_rate: float = 0.012
    readout_rate: float = 0.003
    average: float = 0.99
    seed: int = 1
    stage: int = 1
    save_every: int = 25


def rate(plan: Plan, step: int) -> float:
    """The share of the full learning rate at a step."""
    left = (plan.steps - step) / max(1.0, plan.steps * plan.decay_share)
    return min(1.0, (step + 1) / plan.warmup, max(left, 0.01))


def device() -> torch.device:
    """A GPU when there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def loss_of(model: Transformer, batch: Batch) -> torch.Tensor:
    """Weighted sum of the cross entropies of one batch."""
    kind = batch.ids.device.type
    with torch.autocast(kind, torch.bfloat16, enabled=kind == "cuda"):
        hidden = model(batch.ids, batch.positions, batch.blocks)
        logits = model.output(hidden[batch.chosen])
    losses = F.cross_entropy(logits.float(), batch.targets, reduction="none")
    return (losses * batch.weights).sum()


class Run:
    """Model, optimizers and average in a folder of checkpoints."""

    def __init__(self, folder: Path, plan: Plan):
        self.folder, self.plan, self.device = folder, plan, device()
        self.encoder = Encoder(folder / "tokenizer.model.v3")
        self.model = Transformer(Shape(vocab_size=self.encoder.size))
        self.model.initialize(plan.seed)
        circuits.install(self.model)
        self.model.to(self.device)
        self.average = {name: w.detach().clone() for name, w in self.model.named_parameters()}
        named = dict(self.model.named_parameters())
        embedding = named.pop("tok_embeddings.weight")
        matrices = [named.pop(name) for name in list(named) if named[name].ndim == 2 and name.startswith("layers.")]
        tables = [
            {"params": [embedding], "full": plan.embedding_rate},
            {"params": list(named.values()), "full": plan.readout_rate},
        ]
        muon = [{"params": matrices, "full": plan.matrix_rate}]
        self.optimizers = [Muon(muon), torch.optim.AdamW(tables, betas=(0.9, 0.95), weight_decay=0.0)]
        self.step, self.tokens, self.seconds = 0, 0, 0.0

    @property
    def checkpoint(self) -> Path:
        """Where the state is kept."""
        return self.folder / "checkpoint.pt"

    def resume(self) -> None:
        """Go on from the last checkpoint, if any."""
        if not self.checkpoint.exists():
            return
        state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average = state["average"]
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.step, self.tokens, self.seconds = state["step"], state["tokens"], state["seconds"]

    def save(self) -> None:
        """Write the state; an interruption leaves the previous one whole."""
        state = {
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "step": self.step,
            "tokens": self.tokens,
            "seconds": self.seconds,
        }
        part = self.checkpoint.with_suffix(".part")
        torch.save(state, part)
        part.replace(self.checkpoint)

    def learn(self, parts: list[Batch]) -> float:
        """One step over micro-batches; returns the mean loss."""
        weight = sum(float(part.weights.sum()) for part in parts)
        total = 0.0
        for part in parts:
            loss = loss_of(self.model, part.to(self.device)) / weight
            loss.backward()
            total += loss.item()
        share = rate(self.plan, self.step)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["full"] * share
            optimizer.step()
            optimizer.zero_grad()
        blend = 1 - min(self.plan.average, (self.step + 1) / (self.step + 10))
        for name, weights in self.model.named_parameters():
            self.average[name].lerp_(weights.detach(), blend)
        self.step += 1
        self.tokens += sum(len(part.ids) for part in parts)
        return total


def train(folder: Path, plan: Plan, exams: list[Path]) -> None:
    """Train to the end of the plan, from the last checkpoint in `folder`."""
    run = Run(folder, plan)
    run.resume()
    parts = max(1, plan.tokens_per_step // plan.micro_tokens)
    excluded = held_out(exams)
    limit = run.model.shape.max_seq_len
    source = batches(run.encoder, plan.seed, run.step * parts, plan.micro_tokens, excluded, limit, plan.stage)
    stop: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stop.append(number))
    with (folder / "log.jsonl").open("a") as log:
        while run.step < plan.steps and not stop:
            _wait_while_paused()
            started = time.monotonic()
            loss = run.learn([next(source) for _ in range(parts)])
            run.seconds += time.monotonic() - started
            line = {"step": run.step, "loss": round(loss, 4), "tokens": run.tokens, "seconds": round(run.seconds)}
            log.write(json.dumps(line) + "\n")
            log.flush()
            if run.step % plan.save_every == 0 or run.step == plan.steps or stop:
                run.save()


def _wait_while_paused() -> None:
    """Sleep while the file named by MODEL_PAUSE_FILE exists, so that other work can have the machine."""
    flag = os.environ.get("MODEL_PAUSE_FILE")
    while flag and Path(flag).exists():
        time.sleep(2)
