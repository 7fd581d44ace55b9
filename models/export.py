"""Export a training run: a model folder, and with --gguf a Q8_0 file made of it by the program's own converter."""

import argparse
from pathlib import Path

from recipe.export import convert, export_folder, write_checksum


def main() -> None:
    """Read the command line and write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="folder of the training run")
    parser.add_argument("folder", type=Path, help="model folder to write; its name becomes the model's")
    parser.add_argument("--gguf", type=Path, help="GGUF file to write in Q8_0, with its checksum beside it (after `npm run build`)")
    options = parser.parse_args()
    export_folder(options.run, options.folder)
    if options.gguf:
        convert(options.folder, options.gguf, "Q8_0")
        write_checksum(options.gguf)


if __name__ == "__main__":
    main()
