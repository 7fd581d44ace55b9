"""A training run to a model folder as mistral-inference reads it, and that folder to GGUF through the program."""

import json
import shutil
import subprocess
import zlib
from pathlib import Path

import torch
from safetensors.torch import save_file

from .generate import Generator

_PROGRAM = Path(__file__).parents[2] / "bin" / "mistral.js"


def export_folder(run: Path, target: Path) -> None:
    """Write params.json, consolidated.safetensors (bf16) and tokenizer.model.v3 from a run's averaged weights."""
    target.mkdir(parents=True, exist_ok=True)
    model = Generator.from_checkpoint(run).model
    weights = {name: w.to(torch.bfloat16).contiguous() for name, w in model.state_dict().items()}
    save_file(weights, target / "consolidated.safetensors")
    (target / "params.json").write_text(json.dumps(model.shape.params(), indent=2) + "\n")
    shutil.copy(run / "tokenizer.model.v3", target)


def write_checksum(file: Path) -> None:
    """Write FILE.crc32, which the program checks its shipped model against."""
    file.with_name(f"{file.name}.crc32").write_text(f"{zlib.crc32(file.read_bytes()):08x}\n")


def convert(folder: Path, target: Path, quantisation: str) -> None:
    """Write a model folder as GGUF with `mistral convert`; the program must be built."""
    options = ("--quant", quantisation, "--out", target, "--force")
    subprocess.run(["node", _PROGRAM, "convert", folder, *options], check=True)
