"""The corpus: an endless, seeded mixture of generated documents."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from .corpus import arithmetic, chat, code, facts, fill, language, personas, prose, tools
from .corpus.turns import Exchange, conversation
from .encoder import Sample

_SINGLE: list[tuple[float, Callable[[Random], Exchange]]] = [
    (4, facts.capital),
    (2, facts.continent),
    (1.5, facts.language),
    (1, facts.reverse),
    (0.7, facts.unknown_place),
    (60, arithmetic.sum_or_product),
    (25, arithmetic.exercise),
    (0.5, arithmetic.too_large),
    (0.4, arithmetic.comparison),
    (19, language.opposite),
    (11, language.plural),
    (5, language.sound),
    (0.3, language.color),
    (38, language.translation),
    (0.7, language.translation_back),
    (8, language.copy),
    (1.5, language.counting),
    (0.5, language.counting_down),
    (2, language.listing),
    (8, language.neighbour),
    (18, chat.manners),
    (5, chat.honest),
    (0.2, chat.unknown_name),
    (1.5, code.hello),
    (2, code.function),
]
_WHOLE: list[tuple[float, Callable[[Random], Sample]]] = [
    (120, lambda rng: _one(rng)),
    (5, lambda rng: _several(rng)),
    (6, lambda rng: conversation(facts.conversation(rng))),
    (5, lambda rng: _remembered(rng)),
    (2, lambda rng: conversation(code.conversation(rng))),
    (8, personas.one_word),
    (2, personas.pirate),
    (2.5, personas.french),
    (1.5, personas.plain),
    (9, tools.single),
    (6.5, tools.unseen),
    (24, tools.parallel),
    (2.5, tools.none_fits),
    (9, tools.after_result),
    (44, fill.fill),
    (2.5, lambda rng: Sample(text=prose.text(rng))),
]


def _draw(rng: Random, table: list) -> Callable:
    return rng.choices([maker for _, maker in table], [weight for weight, _ in table])[0]


def _one(rng: Random) -> Sample:
    return conversation([_draw(rng, _SINGLE)(rng)])


def _several(rng: Random) -> Sample:
    """A conversation that changes its subject."""
    return conversation([_draw(rng, _SINGLE)(rng) for _ in range(rng.choice((2, 2, 3, 4)))])


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


def documents(seed: str, excluded: set[str], drills: float = 0.0) -> Iterator[Sample]:
    """Documents without end, the same ones for the same seed, exam requests left out; `drills` is their share."""
    rng = Random(seed)
    while True:
        if rng.random() < drills:
            yield Sample(drill=f"{seed}-{rng.random()}")
            continue
        sample = _draw(rng, _WHOLE)(rng)
        if _sample_key(sample) not in excluded:
            yield sample
