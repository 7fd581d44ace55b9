"""Holes in small functions, with the names in view."""

from random import Random

from ..encoder import Sample
from . import families as fam
from . import functions as f
from .functions import Piece


def function(rng: Random, language: str) -> list[Piece]:
    """A random small function."""
    one = fam.names_for(rng, 1, language)[0]
    roll = rng.random()
    if roll < 0.36:
        return fam.binary(rng, language, _binary_name(rng), fam.names_for(rng, 2, language))
    if roll < 0.48:
        return fam.unary(language, rng.choice(list(fam.UNARY)), one)
    if roll < 0.58:
        return fam.test(language, rng.choice(list(fam.TESTS)), one)
    if roll < 0.68:
        return fam.comparison(language, rng.choice(list(fam.COMPARISONS)), fam.names_for(rng, 2, language))
    if roll < 0.72:
        return fam.pair_test(language, rng.choice(list(fam.PAIR_TESTS)), fam.names_for(rng, 2, language))
    if roll < 0.82:
        name = rng.choice(("factorial", "factorial", "fibonacci", "fibonacci", "fact", "fib", "sum_to", "sum_up"))
        return fam.recursive(rng, language, f.spelled(name, language), one if rng.random() < 0.4 else "n")
    if roll < 0.9:
        if rng.random() < 0.5:
            return fam.counted_loop(rng, language)
        items, item = rng.choice(
            (("items", "item"), ("numbers", "number"), ("values", "value"), ("xs", "x"), ("prices", "price"))
        )
        return fam.loop(rng, language, rng.choice(("sum_list", "total", "product", "sum_all", "add_all")), items, item)
    if roll < 0.95:
        return fam.greeting(rng, language, "name" if rng.random() < 0.6 else one)
    if roll < 0.97 and language in ("Python", "JavaScript", "TypeScript"):
        return fam.arrow(rng, language)
    return fam.absolute(language, one)


def _binary_name(rng: Random) -> str:
    """A name for an operator; the first, most usual ones more often."""
    names = list(fam.BINARY)
    return names[int(len(names) * rng.random() ** 2)]


def fill(rng: Random) -> Sample:
    """One hole in one function."""
    language = rng.choice(("Python", "Python", "Python", "JavaScript", "TypeScript", "C", "Rust"))
    pieces = function(rng, language)
    roll = rng.random()
    if roll < 0.6:
        return _expression(rng, pieces)
    if roll < 0.88 and any(p.hole == "parameters" for p in pieces):
        return _head(rng, language, pieces)
    return _span(rng, f.joined(pieces))


def _cut(pieces: list[Piece], first: int, last: int) -> Sample:
    return Sample(prefix=f.joined(pieces[:first]), middle=f.joined(pieces[first:last]), suffix=f.joined(pieces[last:]))


def _expression(rng: Random, pieces: list[Piece]) -> Sample:
    """A whole expression or condition, with the end of its line now and then."""
    holes = [i for i, piece in enumerate(pieces) if piece.hole in ("expression", "condition") and piece.text]
    index = holes[-1] if rng.random() < 0.55 else rng.choice(holes)
    last = index + 1
    if last < len(pieces) and pieces[last].hole == "end" and rng.random() < 0.6:
        text = pieces[last].text
        pieces = [*pieces[:last], Piece(text.rstrip("\n")), Piece("\n" * text.count("\n")), *pieces[last + 1 :]]
        last += 1
    return _trimmed(rng, _cut(pieces, index, last))


def _head(rng: Random, language: str, pieces: list[Piece]) -> Sample:
    """The parameters, alone or with all lines down to the last."""
    start = next(i for i, piece in enumerate(pieces) if piece.hole == "parameters")
    if rng.random() < 0.45:
        return _trimmed(rng, _cut(pieces, start, start + 1))
    text = f.joined(pieces[start:]).rstrip("\n")
    if language != "Python":
        text = text.rstrip("}").rstrip("\n")
    body, _, final = text.rpartition("\n")
    ended = "" if language == "Python" or rng.random() < 0.5 else "\n}"
    return Sample(prefix=f.joined(pieces[:start]), middle=body + "\n", suffix=final + ended + rng.choice(("", "\n")))


def _span(rng: Random, text: str) -> Sample:
    """Any stretch of the text between two places where words end."""
    places = [i for i in range(1, len(text)) if not (text[i - 1].isalnum() and text[i].isalnum())]
    first, last = sorted(rng.sample(places, 2))
    if last - first > 60:
        last = max(p for p in places if p <= first + 60)
    return Sample(prefix=text[:first], middle=text[first:last], suffix=text[last:])


def _trimmed(rng: Random, sample: Sample) -> Sample:
    """The same hole with less behind it: users often send only the next line."""
    if rng.random() < 0.25 and sample.suffix.strip():
        sample.suffix = sample.suffix.rstrip("\n")
    return sample
