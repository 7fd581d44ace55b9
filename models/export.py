"""Export a training run: a model folder, and GGUF files in Q8_0 or F32."""

import argparse
from pathlib import Path

from recipe.export import export_folder, export_gguf


def main() -> None:
    """Read the command line and write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="folder of the training run")
    parser.add_argument("folder", type=Path, help="model folder to write")
    parser.add_argument("--q8_0", type=Path, help="GGUF file to write in Q8_0")
    parser.add_argument("--f32", type=Path, help="GGUF file to write in F32")
    options = parser.parse_args()
    export_folder(options.run, options.folder)
    for kind in ("q8_0", "f32"):
        if target := getattr(options, kind):
            export_gguf(options.folder, target, kind)


if __name__ == "__main__":
    main()
