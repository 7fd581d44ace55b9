"""Compare the program's engine with PyTorch: greedy answers and the logits after the prompt, on an F32 export.

Needs a built program (`npm run build`) and the folder of a finished recipe run.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import torch

from recipe.export import convert
from recipe.generate import Generator
from recipe.grading import prompt_ids
from recipe.trial import cases

HERE = Path(__file__).parent
_PROMPTS, _MAX_TOKENS, _TOLERANCE = 50, 48, 1e-3


def engine_answers(folder: Path, prompts: list[list[int]]) -> list[dict]:
    """What the program's engine says to the prompts."""
    with tempfile.TemporaryDirectory() as place:
        model, asked, answered = (Path(place) / name for name in ("f32.gguf", "asked.json", "answered.json"))
        convert(folder, model, "F32")
        asked.write_text(json.dumps({"prompts": prompts, "maxTokens": _MAX_TOKENS}))
        subprocess.run(["node", HERE / "equivalence.js", model, asked, answered], check=True)
        return json.loads(answered.read_text())["answers"]


def main() -> None:
    """Read the command line, compare, fail on the first difference that matters."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="model folder as the recipe exports it")
    options = parser.parse_args()
    torch.set_num_threads(1)
    generator = Generator.from_folder(options.folder)
    drawn = cases(11)
    requests = [case["request"] for case in drawn[:: len(drawn) // _PROMPTS][:_PROMPTS]]
    prompts = [prompt_ids(generator.encoder, request) for request in requests]
    same, largest = 0, 0.0
    for prompt, answer in zip(prompts, engine_answers(options.folder, prompts), strict=True):
        expected = generator.answer(prompt, _MAX_TOKENS)
        same += answer["ids"] == expected
        logprobs = torch.log_softmax(generator.logits(prompt)[-1].double(), -1)
        if len(answer["logprobs"]) != generator.encoder.size:
            raise SystemExit("the engine did not report the whole vocabulary")
        largest = max(largest, max(abs(float(logprobs[token]) - value) for token, value in answer["logprobs"]))
    print(f"greedy answers equal: {same} of {len(prompts)}")
    print(f"largest difference of a logit after the prompt: {largest:.2e}")
    if same < len(prompts) or largest > _TOLERANCE:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
