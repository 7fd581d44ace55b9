"""Plain text for continuation without instructions."""

from random import Random

from ..tables import draws, words
from ..tables.countries import COUNTRIES
from . import facts

_TEST_KINDS = (
    "test",
    "great test",
    "small test",
    "simple test",
    "short test",
    "third test",
    "first test",
    "second test",
    "new test",
    "good test",
)
_OPENINGS = (
    "This is a {k} of the model.",
    "This is a {k}.",
    "This is another {k}.",
    "This is another {k}, and it works well.",
    "This is a {k}, mistral AI is very good at testing.",
    "This is a {k} and the answer is simple.",
    "This is a {k} of a small model.",
    "This is only a {k}.",
    "Here is a {k} for you.",
    "This is a {k}, so please be patient.",
    "This was a {k}.",
    "We start with a {k}.",
)
_TESTING = (
    "It shows that the words follow each other in good order.",
    "It shows how a small model writes text.",
    "The model reads a few words and goes on.",
    "Every word comes from the words before it.",
    "A test is a good way to see if things work.",
    "If the text makes sense, the test is passed.",
    "We run the test again and again until it works.",
    "The result of the test is good.",
    "A good test is short and clear.",
    "After the test we look at the result.",
    "The next test will be a little longer.",
    "Nobody knows the answer before the test is done.",
    "Some tests are easy and some tests are hard.",
    "When the test is over, everybody can go home.",
    "The teacher reads the test and smiles.",
)
_STORY = (
    "Once upon a time there was a {a} {n} near the {p}.",
    "{name} lived in a small house in {city}.",
    "{name} had a {a} {n} in the garden.",
    "One day {name} found a {a} {n} under a {p}.",
    "Every morning {name} walked to the {p} with a {n}.",
    "In the evening the {n} was {a} again.",
    "The {n} was very {a}, and {name} was happy.",
    "{name} said that the {n} was too {a}.",
    "{name} and {other} looked at the {n} for a long time.",
    "Then {other} came from {city} and brought a {a} {n}.",
    "They put the {n} next to the {p} and went home.",
    "Nobody knew where the {a} {n} came from.",
    "It was {day}, and the weather was good.",
    "On {day} they went to {city} together.",
    "The sun was warm and the sky was blue.",
    "At night the stars were bright over the {p}.",
    "{name} wrote a letter to {other} about the {n}.",
    "In {month} the days are longer than before.",
    "The road to {city} was long and quiet.",
    "They were tired, but they were happy.",
    "And so the day came to an end.",
    "{other} laughed and gave the {n} back.",
)


def tests(rng: Random) -> str:
    """A paragraph about tests."""
    opening = rng.choice(_OPENINGS).format(k=rng.choice(_TEST_KINDS))
    return " ".join([opening, *rng.sample(_TESTING, rng.randint(2, 6))])


def story(rng: Random) -> str:
    """A few sentences about people and things."""
    name, other = rng.sample(draws.NAMES, 2)
    noun, place = rng.sample(draws.NOUNS, 2)
    values = {"name": name, "other": other, "n": noun, "p": place}
    sentences = rng.sample(_STORY, rng.randint(3, 7))
    return " ".join(
        s.format(
            a=rng.choice(draws.ADJECTIVES),
            city=rng.choice(draws.CITIES),
            day=rng.choice(words.DAYS),
            month=rng.choice(words.MONTHS),
            **values,
        )
        for s in sentences
    )


def geography(rng: Random) -> str:
    """What a book for children might say about countries."""
    sentences = []
    for country in rng.sample(COUNTRIES, rng.randint(1, 3)):
        sentences += rng.sample(
            [facts.capital_answer(country), facts.continent_answer(country), facts.language_answer(country)],
            rng.randint(1, 3),
        )
    return " ".join(sentences)


def text(rng: Random) -> str:
    """Any of the above."""
    return rng.choice((tests, tests, story, story, geography))(rng)
