"""The corpus: an endless, seeded mixture of generated documents."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from .corpus import arithmetic, chat, code, facts, fill, language, personas, prose, tools
from .corpus.turns import Exchange, conversation
from .encoder import Sample

_SINGLE: list[tuple[float, Callable[[Random], Exchange]]] = [
    (17, facts.capital),
    (6, facts.continent),
    (5, facts.language),
    (2, facts.reverse),
    (1, facts.unknown_place),
    (50, arithmetic.sum_or_product),
    (25, arithmetic.exercise),
    (1, arithmetic.too_large),
    (0.6, arithmetic.comparison),
    (17, language.opposite),
    (11, language.plural),
    (5, language.sound),
    (0.4, language.color),
    (34, language.translation),
    (0.8, language.translation_back),
    (9, language.copy),
    (1.7, language.counting),
    (0.6, language.counting_down),
    (2, language.listing),
    (8, language.neighbour),
    (14, chat.manners),
    (14, chat.honest),
    (0.4, chat.unknown_name),
    (2, code.hello),
    (2.5, code.function),
]


def _itself(rng: Random) -> Sample:
    return conversation([chat.itself(rng)])


_WHOLE: list[tuple[float, Callable[[Random], Sample]]] = [
    (120, lambda rng: _one(rng)),
    (1, _itself),
    (6, lambda rng: _several(rng, rng.choice((2, 2, 3, 4)))),
    (0.4, lambda rng: _several(rng, rng.randint(8, 24))),
    (9, lambda rng: conversation(facts.conversation(rng))),
    (5, lambda rng: _remembered(rng)),
    (2, lambda rng: conversation(code.conversation(rng))),
    (8, personas.one_word),
    (2, personas.pirate),
    (2.5, personas.french),
    (1.5, personas.plain),
    (10, tools.single),
    (12, tools.unseen),
    (14, tools.parallel),
    (4, tools.none_fits),
    (6, tools.after_result),
    (38, fill.fill),
    (2.5, lambda rng: Sample(text=prose.text(rng))),
]


# what the first stage leaves weak, drawn this many times as often in the second
_SECOND_STAGE = {_itself: 16, tools.parallel: 12, personas.one_word: 1.6, tools.single: 1.5}


def _draw(rng: Random, table: list) -> Callable:
    return rng.choices([maker for _, maker in table], [weight for weight, _ in table])[0]


def _one(rng: Random) -> Sample:
    return conversation([_draw(rng, _SINGLE)(rng)])


def _several(rng: Random, turns: int) -> Sample:
    """A conversation that changes its subject."""
    return conversation([_draw(rng, _SINGLE)(rng) for _ in range(turns)])


def _remembered(rng: Random) -> Sample:
    """Something told, other talk in between, and its recall."""
    told, recalled = (chat.introduction if rng.random() < 0.75 else chat.liking)(rng)
    between = [_draw(rng, _SINGLE)(rng) for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3)))]
    before = [Exchange("Hello!", "Hello! How can I help you?")] if rng.random() < 0.15 else []
    return conversation([*before, told, *between, recalled])


def held_out(exam_files: list[Path]) -> set[str]:
    """The keys of every request in the exam files."""
    keys = set()
    for file in exam_files:
        for case in json.loads(file.read_text())["cases"]:
            keys.add(request_key(case["request"]))
    return keys


def request_key(request: dict) -> str:
    """What makes a request the same as another: its words, not its tools or call ids."""
    if "messages" in request:
        return json.dumps([(m["role"], m.get("content") or "") for m in request["messages"]])
    return json.dumps([request["prompt"], request.get("suffix")])


def _sample_key(sample: Sample) -> str:
    if sample.messages:
        return request_key({"messages": sample.messages[:-1]})
    return request_key({"prompt": sample.prefix, "suffix": sample.suffix})


def documents(seed: str, excluded: set[str], drills: float = 0.0, stage: int = 1) -> Iterator[Sample]:
    """Documents without end, the same ones for the same seed, exam requests left out; `drills` is their share."""
    rng = Random(seed)
    table = _WHOLE if stage == 1 else [(weight * _SECOND_STAGE.get(maker, 1), maker) for weight, maker in _WHOLE]
    while True:
        if rng.random() < drills:
            yield Sample(drill=f"{seed}-{rng.random()}")
            continue
        sample = _draw(rng, table)(rng)
        if _sample_key(sample) not in excluded:
            yield sample
