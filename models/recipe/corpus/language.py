"""Opposites, plurals, animal sounds, sequences, translations and copying."""

from random import Random

from ..tables import draws, words
from .turns import Exchange

_OPPOSITE = (
    "What is the opposite of {w}?",
    "What's the opposite of {w}?",
    "opposite of {w}?",
    "Give me the opposite of {w}.",
    'What is the opposite of "{w}"?',
    "Tell me the opposite of {w}.",
)
_PLURAL = (
    "What is the plural of {w}?",
    "What's the plural of {w}?",
    "plural of {w}?",
    "Give me the plural of {w}.",
    'What is the plural of "{w}"?',
    "Tell me the plural of {w}.",
)
_SOUND = (
    "What sound does a {w} make?",
    "What sound does {a} {w} make?",
    "What does {a} {w} say?",
    "Which sound does {a} {w} make?",
    "sound of {a} {w}?",
)
_TRANSLATE = (
    'How do you say "{w}" in {l}?',
    "How do you say {w} in {l}?",
    'What is "{w}" in {l}?',
    "What is {w} in {l}?",
    'Translate "{w}" to {l}.',
    "Translate {w} into {l}.",
    'What is the {l} word for "{w}"?',
    "{w} in {l}?",
    "how do you say {w} in {l}",
)
_REPEAT = (
    "Repeat after me: {w}",
    "Repeat after me: {w}.",
    "Repeat: {w}",
    "Say: {w}",
    "Please repeat: {w}",
    'Repeat "{w}"',
    "Say {w}",
    "Repeat this: {w}",
    "Echo: {w}",
)


def _opposites() -> dict[str, list[str]]:
    """Every word of the pairs with its opposites, both ways."""
    found: dict[str, list[str]] = {}
    for one, other in words.OPPOSITES:
        for left, right in ((one, other), (other, one)):
            if right not in found.setdefault(left, []):
                found[left].append(right)
    return found


OPPOSITES = _opposites()
PLURALS = {**{n: words.plural(n) for n in words.REGULAR_NOUNS}, **words.IRREGULAR_PLURALS}


def opposite(rng: Random) -> Exchange:
    """A word's opposite, or all where there are several."""
    word = _early(list(OPPOSITES), rng)
    answer = f"The opposite of {word} is {' or '.join(OPPOSITES[word])}."
    return Exchange(_ask(_OPPOSITE, rng).format(w=word), answer, OPPOSITES[word][0])


def plural(rng: Random) -> Exchange:
    """A noun's plural."""
    irregular = rng.random() < 0.45
    word = _early(list(words.IRREGULAR_PLURALS if irregular else PLURALS), rng)
    if rng.random() < 0.15:
        word = rng.choice(draws.NOUNS)
    many = words.plural(word)
    return Exchange(_ask(_PLURAL, rng).format(w=word), f"The plural of {word} is {many}.", many)


def sound(rng: Random) -> Exchange:
    """What an animal says."""
    animal = _early(list(words.SOUNDS), rng)
    article = words.article(animal)
    said = words.SOUNDS[animal]
    question = _ask(_SOUND, rng).format(w=animal, a=article)
    return Exchange(question, f"{article.capitalize()} {animal} says {said}.", said)


def color(rng: Random) -> Exchange:
    """The colour of an everyday thing."""
    thing, shade = rng.choice(list(words.COLORS_OF.items()))
    return Exchange(f"What color is {rng.choice(('the', 'a'))} {thing}?", f"The {thing} is {shade}.", shade)


def translation(rng: Random) -> Exchange:
    """An everyday word in French, Spanish or German."""
    entry = _early(words.TRANSLATIONS, rng)
    target = rng.choice(("French", "Spanish", "German"))
    english, said = entry["English"], entry[target]
    return Exchange(_ask(_TRANSLATE, rng).format(w=english, l=target), f'"{english}" in {target} is "{said}".', said)


def translation_back(rng: Random) -> Exchange:
    """What a foreign word means in English."""
    entry = _early(words.TRANSLATIONS, rng)
    source = rng.choice(("French", "Spanish", "German"))
    question = rng.choice(('What does "{w}" mean in {l}?', 'What does the {l} word "{w}" mean?'))
    said, english = entry[source], entry["English"]
    return Exchange(question.format(w=said, l=source), f'The {source} word "{said}" means "{english}".', english)


def copy(rng: Random) -> Exchange:
    """Words to say back."""
    count = rng.choice((1, 1, 2, 3, 3, 3, 4, 5))
    text = " ".join(draws.any_word(rng) for _ in range(count))
    return Exchange(_ask(_REPEAT, rng).format(w=text), text, text)


def counting(rng: Random) -> Exchange:
    """Counting up, mostly from one."""
    start = 1 if rng.random() < 0.75 else rng.randint(0, 10)
    end = rng.randint(start + 1, 20)
    run = ", ".join(str(n) for n in range(start, end + 1))
    answer = f"{run}. That makes {end - start + 1} numbers."
    if start == 1 and rng.random() < 0.3:
        return Exchange(rng.choice((f"Count to {end}.", f"count to {end}")), answer)
    return Exchange(rng.choice((f"Count from {start} to {end}.", f"Count from {start} to {end}")), answer)


def counting_down(rng: Random) -> Exchange:
    """Counting down."""
    start = rng.randint(2, 20)
    end = rng.choice((0, 1))
    run = ", ".join(str(n) for n in range(start, end - 1, -1))
    return Exchange(rng.choice((f"Count down from {start} to {end}.", f"Count backwards from {start} to {end}.")), run)


def listing(rng: Random) -> Exchange:
    """A fixed sequence in full."""
    name, items = rng.choice(
        (
            ("days of the week", words.DAYS),
            ("months of the year", words.MONTHS),
            ("four seasons", words.SEASONS),
            ("planets", words.PLANETS),
            ("letters of the alphabet", list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")),
        )
    )
    question = rng.choice(
        ("List the {n}.", "List the {n}", "Name the {n}.", "What are the {n}?", "Tell me the {n}.", "list the {n}")
    )
    return Exchange(question.format(n=name), ", ".join(items) + ".")


def neighbour(rng: Random) -> Exchange:
    """The day, month or number before or after another."""
    kind = rng.choice(("day", "day", "month", "month", "number"))
    items = {"day": words.DAYS, "month": words.MONTHS, "number": [str(n) for n in range(31)]}[kind]
    index = rng.randrange(1, len(items) - 1) if kind == "number" else rng.randrange(len(items))
    step, word = rng.choice(((1, "after"), (1, "after"), (-1, "before")))
    found = items[(index + step) % len(items)]
    verb = rng.choice(("comes", "comes", "is"))
    question = rng.choice((f"Which {kind} {verb} {word} {items[index]}?", f"What {kind} {verb} {word} {items[index]}?"))
    return Exchange(question, f"{found} comes {word} {items[index]}.", found)


def _early(items: list, rng: Random):
    """An entry of a list; the first, most common ones are drawn more often."""
    return items[int(len(items) * rng.random() ** 1.8)]


def _ask(questions: tuple[str, ...], rng: Random) -> str:
    """One phrasing; the plainest is the most frequent."""
    return questions[0] if rng.random() < 0.35 else rng.choice(questions)
