"""Train the demonstration model in a folder that holds its tokenizer; resumes where it stopped."""

import argparse
from pathlib import Path

import torch

from recipe.train import Plan, train


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=1700)
    parser.add_argument("--tokens-per-step", type=int, default=3072)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stage", type=int, choices=(1, 2), default=1, help="the second draws more of what stays weak")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--exclude", type=Path, nargs="*", default=[], help="exam files whose requests stay out")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    plan = Plan(steps=options.steps, tokens_per_step=options.tokens_per_step, seed=options.seed, stage=options.stage)
    train(options.folder, plan, options.exclude)


if __name__ == "__main__":
    main()
