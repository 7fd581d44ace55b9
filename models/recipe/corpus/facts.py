"""Capitals, languages, continents and their follow-up questions."""

from random import Random

from ..tables.countries import ALIASES, COUNTRIES, UNKNOWN_PLACES, WELL_KNOWN, Country
from .turns import Exchange

CAPITAL_QUESTIONS = (
    "What is the capital of {c}?",
    "Which city is the capital of {c}?",
    "Tell me the capital of {c}.",
    "capital of {c}?",
    "What's the capital of {c}?",
    "Capital of {c}",
    "what is the capital of {c}",
    "Do you know the capital of {c}?",
    "Name the capital of {c}.",
    "What is the capital city of {c}?",
    "Can you tell me the capital of {c}?",
    "{c}: capital?",
    "Please tell me what the capital of {c} is.",
    "The capital of {c} is which city?",
)
LANGUAGE_QUESTIONS = (
    "What language do people speak in {c}?",
    "Which language is spoken in {c}?",
    "What is the official language of {c}?",
    "What do people speak in {c}?",
    "Which languages do they speak in {c}?",
)
CONTINENT_QUESTIONS = (
    "On which continent is {c}?",
    "Which continent is {c} on?",
    "What continent is {c} in?",
    "In which continent does {c} lie?",
    "Where is {c}?",
    "Where in the world is {c}?",
)
REVERSE_QUESTIONS = (
    "{k} is the capital of which country?",
    "Which country has the capital {k}?",
    "Of which country is {k} the capital?",
    "In which country is {k}?",
)
NEXT_COUNTRY = (
    "And of {c}?",
    "And {c}?",
    "and of {c}",
    "What about {c}?",
    "And the capital of {c}?",
    "How about {c}?",
    "And that of {c}?",
    "Now {c}.",
)
SAME_LANGUAGE = (
    "What language do people speak there?",
    "Which language is spoken there?",
    "What do they speak there?",
    "And the language?",
    "Which language do they speak there?",
    "What is the language there?",
)
SAME_CONTINENT = (
    "On which continent is it?",
    "And the continent?",
    "Which continent is that on?",
    "On which continent is that country?",
    "What continent is it in?",
)
SAME_CAPITAL = (
    "What is its capital?",
    "And the capital?",
    "What is the capital there?",
    "Which city is the capital?",
)


def _country(rng: Random) -> Country:
    return rng.choice(WELL_KNOWN if rng.random() < 0.5 else COUNTRIES)


def shown(country: Country, rng: Random) -> str:
    """The country as a user may write it."""
    roll = rng.random()
    if roll < 0.08 and country.name in ALIASES:
        return ALIASES[country.name]
    if roll < 0.12:
        return country.name.lower()
    return country.name if roll < 0.55 else country.article + country.name


def capital_answer(country: Country) -> str:
    """The sentence that names the capital."""
    return f"The capital of {country.article}{country.name} is {country.capital}."


def language_answer(country: Country) -> str:
    """The sentence that names the languages."""
    return f"People in {country.article}{country.name} speak {country.languages}."


def continent_answer(country: Country) -> str:
    """The sentence that names the continent."""
    name = country.article + country.name
    return f"{name[0].upper()}{name[1:]} is in {country.continent}."


def capital(rng: Random) -> Exchange:
    """A capital."""
    country = _country(rng)
    question = rng.choice(CAPITAL_QUESTIONS[:4] if rng.random() < 0.4 else CAPITAL_QUESTIONS)
    return Exchange(question.format(c=shown(country, rng)), capital_answer(country), country.capital)


def language(rng: Random) -> Exchange:
    """A country's languages."""
    country = _country(rng)
    question = rng.choice(LANGUAGE_QUESTIONS).format(c=country.article + country.name)
    return Exchange(question, language_answer(country), country.languages)


def continent(rng: Random) -> Exchange:
    """A country's continent."""
    country = _country(rng)
    question = rng.choice(CONTINENT_QUESTIONS[:1] if rng.random() < 0.3 else CONTINENT_QUESTIONS)
    return Exchange(question.format(c=shown(country, rng)), continent_answer(country), country.continent)


def reverse(rng: Random) -> Exchange:
    """The country of a capital."""
    country = _country(rng)
    name = country.article + country.name
    question = rng.choice(REVERSE_QUESTIONS).format(k=country.capital)
    return Exchange(question, f"{country.capital} is the capital of {name}.", country.name)


def unknown_place(rng: Random) -> Exchange:
    """A capital that does not exist."""
    place = rng.choice(UNKNOWN_PLACES)
    question = rng.choice(CAPITAL_QUESTIONS).format(c=place)
    return Exchange(question, f"I do not know the capital of {place}. I am only a tiny demonstration model.")


def _next_country(rng: Random) -> Exchange:
    country = _country(rng)
    question = rng.choice(NEXT_COUNTRY[:1] if rng.random() < 0.4 else NEXT_COUNTRY)
    return Exchange(question.format(c=shown(country, rng)), capital_answer(country))


def conversation(rng: Random) -> list[Exchange]:
    """A question about a country and follow-ups that lean on it."""
    country = _country(rng)
    topics = {
        "capital": (CAPITAL_QUESTIONS, SAME_CAPITAL, capital_answer(country)),
        "language": (LANGUAGE_QUESTIONS, SAME_LANGUAGE, language_answer(country)),
        "continent": (CONTINENT_QUESTIONS, SAME_CONTINENT, continent_answer(country)),
    }
    order = ["capital", *rng.sample(["language", "continent"], 2)]
    if rng.random() < 0.2:
        rng.shuffle(order)
    first = topics[order[0]]
    name = country.article + country.name
    asked = shown(country, rng) if order[0] == "capital" else name
    turns = [Exchange(rng.choice(first[0]).format(c=asked), first[2])]
    if order[0] == "capital" and rng.random() < 0.5:
        return turns + [_next_country(rng) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    for topic in order[1 : rng.choice((2, 2, 3))]:
        turns.append(Exchange(rng.choice(topics[topic][1]), topics[topic][2]))
    return turns
