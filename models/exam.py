"""Run exam files on a training folder in PyTorch, greedy: `passed N of M`, by kind, and what failed."""

import argparse
import json
from collections import Counter
from pathlib import Path

import torch

from recipe.generate import Generator
from recipe.grading import parsed_answer, passes, prompt_ids


def examine(generator: Generator, cases: list[dict]) -> tuple[Counter, Counter, list[str]]:
    """Passed and asked by kind, and a line for every failure."""
    passed, asked, failures = Counter(), Counter(), []
    for case in cases:
        answer = generator.answer(prompt_ids(generator.encoder, case["request"]))
        text, calls = parsed_answer(generator.encoder, answer)
        asked[case["kind"]] += 1
        if passes(case["expect"], text, calls):
            passed[case["kind"]] += 1
        else:
            failures.append(f"{case['id']}: {text!r} {calls if calls else ''}")
    return passed, asked, failures


def main() -> None:
    """Read the command line and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("exams", type=Path, nargs="+")
    parser.add_argument("--checkpoint", action="store_true", help="take checkpoint.pt instead of the exported weights")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    generator = (Generator.from_checkpoint if options.checkpoint else Generator.from_folder)(options.folder)
    for file in options.exams:
        passed, asked, failures = examine(generator, json.loads(file.read_text())["cases"])
        print(f"{file.name}: passed {passed.total()} of {asked.total()}")
        print("  " + ", ".join(f"{kind} {passed[kind]}/{asked[kind]}" for kind in asked))
        for failure in failures:
            print(f"  failed {failure}")


if __name__ == "__main__":
    main()
