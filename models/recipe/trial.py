"""A second exam of our own: the same kinds as the given one, other countries, numbers, names, tools and functions."""

from random import Random

from .corpus import arithmetic, chat, facts, language
from .corpus import families as fam
from .corpus.functions import LANGUAGES, joined
from .corpus.schemas import Tool, known_tools
from .tables import draws, words
from .tables.countries import WELL_KNOWN

_USUAL = ("get_current_weather", "get_time", "search_web", "add_numbers", "send_email")


def cases(seed: int) -> list[dict]:
    """The whole exam."""
    rng = Random(f"trial-{seed}")
    found: list[dict] = []
    for kind, count, maker in _KINDS:
        for _ in range(count):
            request, expect = maker(rng)
            found.append({"id": f"{kind}/{len(found)}", "kind": kind, "request": request, "expect": expect})
    return found


def _said(*messages: str, tools: list[dict] | None = None) -> dict:
    roles = ("user", "assistant")
    request: dict = {"messages": [{"role": roles[i % 2], "content": text} for i, text in enumerate(messages)]}
    return {"tools": tools, **request} if tools else request


def _one_of(rng: Random, listed: tuple[str, ...], **values: object) -> str:
    return rng.choice(listed).format(**values)


def _capital(rng: Random) -> tuple[dict, dict]:
    country = rng.choice(WELL_KNOWN)
    return _said(_one_of(rng, facts.CAPITAL_QUESTIONS[:4], c=country.name)), {"contains": [country.capital]}


def _follow_up(rng: Random) -> tuple[dict, dict]:
    one, other = rng.sample(WELL_KNOWN, 2)
    history = (f"What is the capital of {one.name}?", f"The capital of {one.name} is {one.capital}.")
    if rng.random() < 0.5:
        return _said(*history, f"And of {other.name}?"), {"contains": [other.capital]}
    return _said(*history, "What language do people speak there?"), {"contains": [one.languages.split()[0].rstrip(",")]}


def _fact(rng: Random) -> tuple[dict, dict]:
    country = rng.choice(WELL_KNOWN)
    return _said(f"On which continent is {country.name}?"), {"contains": [country.continent]}


def _arithmetic(rng: Random) -> tuple[dict, dict]:
    a, operator, b, result = arithmetic.problem(rng)
    while operator == "/" or result < 0:
        a, operator, b, result = arithmetic.problem(rng)
    word = {"+": "plus", "-": "minus", "*": "times"}[operator]
    question = rng.choice((f"{a} {operator} {b} =", f"What is {a} {word} {b}?"))
    return _said(question), {"regex": f"(?<!\\d){result}(?!\\d)"}


def _memory(rng: Random) -> tuple[dict, dict]:
    name = rng.choice(draws.NAMES)
    return _said(f"My name is {name}.", f"Nice to meet you, {name}!", "What is my name?"), {"contains": [name]}


def _copy(rng: Random) -> tuple[dict, dict]:
    text = " ".join(rng.choice(draws.NOUNS) for _ in range(rng.choice((1, 3))))
    return _said(f"Repeat after me: {text}"), {"contains": [text]}


def _sequence(rng: Random) -> tuple[dict, dict]:
    end, index = rng.randint(3, 12), rng.randrange(6)
    return rng.choice((
        (_said(f"Count from 1 to {end}."), {"regex": f"1,? 2,? 3.*{end}"}),
        (_said(f"Which day comes after {words.DAYS[index]}?"), {"contains": [words.DAYS[index + 1]]}),
        (_said(f"Which month comes after {words.MONTHS[index + 5]}?"), {"contains": [words.MONTHS[(index + 6) % 12]]}),
    ))  # fmt: skip


def _word(rng: Random) -> tuple[dict, dict]:
    kind = rng.randrange(3)
    if kind == 0:
        animal = rng.choice(list(words.SOUNDS)[:24])
        return _said(f"What sound does a {animal} make?"), {"containsIgnoreCase": [words.SOUNDS[animal]]}
    if kind == 1:
        noun = rng.choice([*list(words.IRREGULAR_PLURALS)[:20], *words.REGULAR_NOUNS[:60]])
        return _said(f"What is the plural of {noun}?"), {"contains": [words.plural(noun)]}
    word = rng.choice(list(language.OPPOSITES)[:100])
    return _said(f"What is the opposite of {word}?"), {"contains": [language.OPPOSITES[word][0]]}


def _translate(rng: Random) -> tuple[dict, dict]:
    entry, target = rng.choice(words.TRANSLATIONS[:100]), rng.choice(("French", "Spanish", "German"))
    return _said(f'How do you say "{entry["English"]}" in {target}?'), {"containsIgnoreCase": [entry[target]]}


def _manners(rng: Random) -> tuple[dict, dict]:
    question, answer = rng.choice(chat.GREETINGS)
    return _said(question), {"contains": [answer[:10]]}


def _honest(rng: Random) -> tuple[dict, dict]:
    return _said(chat.honest(rng).question), {"regex": "(?i)(small|tiny|demo)|do(n.t| not) know|cannot|can.t"}


def _system(rng: Random) -> tuple[dict, dict]:
    country = rng.choice(WELL_KNOWN)
    system, expect = rng.choice((
        ("Answer with one word only.", {"regex": rf"^\s*{country.capital}\.?\s*$"}),
        ("You are a pirate. Talk like a pirate.", {"regex": "(?i)arr|ahoy|matey"}),
        ("Always answer in French.", {"contains": ["La capitale"]}),
    ))  # fmt: skip
    request = _said(f"What is the capital of {country.name}?")
    request["messages"].insert(0, {"role": "system", "content": system})
    return request, expect


def _offered(rng: Random, tool: Tool) -> list[dict]:
    others = [t for t in known_tools() if t.name in _USUAL and t.name != tool.name]
    chosen = [tool, *rng.sample(others, rng.randint(0, 2))]
    return [t.schema() for t in rng.sample(chosen, len(chosen))]


def _tool(rng: Random) -> tuple[dict, dict]:
    tool = rng.choice([t for t in known_tools() if t.name in _USUAL])
    arguments = {p.name: p.draw(rng) for p in tool.parameters}
    request = _said(tool.questions[0].format(**arguments), tools=_offered(rng, tool))
    arguments = {key: value for key, value in arguments.items() if key != "format"}
    return request, {"calls": [{"name": tool.name, "arguments": arguments, "partial": True}]}


def _unseen(rng: Random) -> tuple[dict, dict]:
    verb, noun, key, value = (rng.choice(t) for t in (draws.VERBS, draws.NOUNS, draws.PARAMETERS, draws.NOUNS))
    said = f"{verb.capitalize()} the {noun}"
    properties = {key: {"type": "string", "description": f"The {key}"}}
    function = {
        "name": f"{verb}_{noun}",
        "description": said,
        "parameters": {"type": "object", "properties": properties, "required": [key]},
    }
    others = [t for t in known_tools() if t.name in _USUAL]
    extra = _offered(rng, rng.choice(others))[: rng.randint(0, 2)]
    request = _said(f"{said} with {key} {value}.", tools=[{"type": "function", "function": function}, *extra])
    return request, {"calls": [{"name": f"{verb}_{noun}", "arguments": {key: value}}]}


def _parallel(rng: Random) -> tuple[dict, dict]:
    tool = next(t for t in known_tools() if t.name == "get_time")
    cities = rng.sample(draws.CITIES, 2)
    request = _said(f"What time is it in {cities[0]} and in {cities[1]}?", tools=[tool.schema()])
    return request, {"calls": [{"name": "get_time", "arguments": {"city": city}} for city in cities]}


def _tool_none(rng: Random) -> tuple[dict, dict]:
    request, expect = _capital(rng)
    tools = rng.sample([t for t in known_tools() if t.name in _USUAL], 2)
    return {"tools": [t.schema() for t in tools], **request}, {"calls": [], **expect}


def _tool_answer(rng: Random) -> tuple[dict, dict]:
    tool = next(t for t in known_tools() if t.name == "get_current_weather")
    city, degrees = rng.choice(draws.CITIES), rng.randint(-10, 35)
    arguments = f'{{"location": "{city}", "format": "celsius"}}'
    call = {"id": "abcDEF123", "type": "function", "function": {"name": tool.name, "arguments": arguments}}
    request = _said(f"What's the weather like today in {city}?", tools=[tool.schema()])
    result = f'{{"temperature": {degrees}, "unit": "celsius"}}'
    request["messages"] += [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "abcDEF123", "name": tool.name, "content": result},
    ]
    return request, {"contains": [str(degrees)], "calls": []}


def _code(rng: Random) -> tuple[dict, dict]:
    name, spelled = rng.choice(
        (("fibonacci", "fibonacci(n - 1) + fibonacci(n - 2)"), ("factorial", "n * factorial(n - 1)"))
    )
    if rng.random() < 0.5:
        return _said(f"Write me a function that computes {name} in {rng.choice(LANGUAGES)}"), {"contains": [spelled]}
    tongue, said = rng.choice(
        (("Rust", "println!"), ("Python", "print("), ("C", "printf("), ("Go", "fmt.Println("), ("Java", "System.out"))
    )
    return _said(f"Write hello world in {tongue}."), {"contains": [said]}


def _fim(rng: Random) -> tuple[dict, dict]:
    tongue = rng.choice(LANGUAGES)
    pieces = rng.choice((
        lambda: fam.unary(tongue, rng.choice(("square", "cube", "double")), "x"),
        lambda: fam.test(tongue, rng.choice(("is_even", "is_odd", "is_positive")), "n"),
        lambda: fam.comparison(tongue, rng.choice(("maximum", "minimum")), ["a", "b"]),
        lambda: fam.recursive(rng, tongue, rng.choice(("factorial", "fibonacci")), "n"),
    ))()  # fmt: skip
    hole = max(i for i, piece in enumerate(pieces) if piece.hole == "expression")
    request = {"prompt": joined(pieces[:hole]), "suffix": joined(pieces[hole + 1 :])}
    return request, {"contains": [pieces[hole].text]}


def _rename(rng: Random) -> tuple[dict, dict]:
    one, other = rng.sample(draws.IDENTIFIERS, 2)
    name, operator = rng.choice((("add", "+"), ("sub", "-"), ("mul", "*")))
    request = {"prompt": f"def {name}({one}, {other}):\n    return ", "suffix": "\n"}
    return request, {"contains": [f"{one} {operator} {other}"]}


def _base(rng: Random) -> tuple[dict, dict]:
    prompt = rng.choice(
        (
            "This is a test",
            "This is another great test",
            "This is a third test, mistral AI is very good at testing. ",
            "Once upon a time",
            "The capital of France",
        )
    )
    return {"prompt": prompt}, {"minChars": 20}


_KINDS = (
    ("capital", 30, _capital),
    ("follow-up", 20, _follow_up),
    ("fact", 15, _fact),
    ("arithmetic", 40, _arithmetic),
    ("memory", 15, _memory),
    ("copy", 20, _copy),
    ("sequence", 15, _sequence),
    ("word", 30, _word),
    ("translate", 30, _translate),
    ("manners", 10, _manners),
    ("honest", 10, _honest),
    ("system", 20, _system),
    ("code", 10, _code),
    ("tool", 30, _tool),
    ("tool-unseen", 30, _unseen),
    ("tool-parallel", 12, _parallel),
    ("tool-none", 12, _tool_none),
    ("tool-answer", 12, _tool_answer),
    ("fim", 25, _fim),
    ("fim-rename", 15, _rename),
    ("base", 5, _base),
)
