"""The whole recipe: tokenizer, training, export, loss curve, exams. Run it again after an interruption: it goes on.

The GGUF file is made by the program itself, so `npm install` comes first.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from recipe import vocabulary  # noqa: E402
from recipe.trial import cases  # noqa: E402

_SMOKE_STEPS = 20
# percent of the first stage's steps
_SECOND_STAGE = 68


def _script(name: str, *arguments: object) -> None:
    subprocess.run([sys.executable, HERE / name, *map(str, arguments)], check=True)


def main() -> None:
    """Read the command line and run every stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "run", type=Path, nargs="?", default=HERE / "build", help="folder for tokenizer, checkpoints and log"
    )
    parser.add_argument("--steps", type=int, default=1700)
    parser.add_argument("--tokens-per-step", type=int, default=3072)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--smoke", action="store_true", help=f"only {_SMOKE_STEPS} steps: shows that every stage runs")
    parser.add_argument(
        "--exam", type=Path, nargs="*", default=[], help="exam files; their requests stay out of the corpus"
    )
    options = parser.parse_args()
    options.run.mkdir(parents=True, exist_ok=True)
    tokenizer = options.run / "tokenizer.model.v3"
    if not tokenizer.exists():
        vocabulary.train(tokenizer, 12_000)
    trial = options.run / "trial.json"
    trial.write_text(json.dumps({"note": "our own second exam, same form as the first", "cases": cases(7)}, indent=1))
    exams = [*options.exam, trial, HERE / "outside.json"]
    steps = _SMOKE_STEPS if options.smoke else options.steps
    size = ("--tokens-per-step", options.tokens_per_step, "--threads", options.threads)
    _script("train.py", options.run, "--steps", steps, *size, "--exclude", *exams)
    second = steps + steps * _SECOND_STAGE // 100
    _script("train.py", options.run, "--steps", second, "--stage", 2, *size, "--exclude", *exams)
    folder = options.run / "mistral-demo"
    _script("export.py", options.run, folder, "--gguf", options.run / "mistral-demo-q8_0.gguf")
    _script("plot.py", options.run / "log.jsonl", options.run / "loss.svg")
    _script("exam.py", folder, *exams)


if __name__ == "__main__":
    main()
