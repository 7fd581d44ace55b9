"""Draw the loss curve of a training log."""

import argparse
import json
from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402


def main() -> None:
    """Read the log, write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path)
    parser.add_argument("picture", type=Path)
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.log.read_text().splitlines()]
    tokens = [row["tokens"] / 1e6 for row in rows]
    figure, axes = pyplot.subplots(figsize=(7, 3.5))
    axes.plot(tokens, [row["loss"] for row in rows], linewidth=0.8)
    axes.set_yscale("log")
    axes.set_xlabel("tokens trained on (millions)")
    axes.set_ylabel("loss per weighted token (nats)")
    axes.grid(alpha=0.3)
    figure.tight_layout()
    pyplot.rcParams["svg.hashsalt"] = "loss"
    figure.savefig(options.picture, metadata={"Date": None})


if __name__ == "__main__":
    main()
