"""Tool schemas: a few of the usual kind, and any number with random names and parameters."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from random import Random

from ..tables import draws

Value = Callable[[Random], object]


def city(rng: Random) -> str:
    """A place name, now and then one that does not exist."""
    return rng.choice(draws.CITIES) if rng.random() < 0.85 else draws.pseudo_word(rng).capitalize()


def name(rng: Random) -> str:
    """A person's name."""
    return rng.choice(draws.NAMES) if rng.random() < 0.85 else draws.pseudo_word(rng).capitalize()


def word(rng: Random) -> str:
    """One or two words."""
    return draws.any_word(rng) if rng.random() < 0.8 else f"{draws.any_word(rng)} {draws.any_word(rng)}"


def number(rng: Random) -> int:
    """A number of one to three digits."""
    return rng.randint(0, rng.choice((9, 99, 99, 99, 999)))


@dataclass(frozen=True)
class Parameter:
    """One parameter of a tool and how its values are drawn."""

    name: str
    description: str
    draw: Value
    kind: str = "string"
    choices: tuple[str, ...] = ()

    def schema(self) -> dict:
        """The parameter's JSON schema."""
        enum = {"enum": list(self.choices)} if self.choices else {}
        return {"type": self.kind, **enum, "description": self.description}


@dataclass(frozen=True)
class Tool:
    """A tool with the ways a user asks for it; `{x}` in a question is parameter x."""

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    questions: tuple[str, ...]
    ask_many: tuple[str, ...] = ()
    result: str = ""
    answers: tuple[str, ...] = ()
    fixed: dict = field(default_factory=dict)

    def schema(self) -> dict:
        """The tool as it stands in a request."""
        parameters = {
            "type": "object",
            "properties": {p.name: p.schema() for p in self.parameters},
            "required": [p.name for p in self.parameters],
        }
        function = {"name": self.name, "description": self.description, "parameters": parameters}
        return {"type": "function", "function": function}

    def value(self, rng: Random) -> object:
        """A value for the first parameter."""
        return self.parameters[0].draw(rng)

    def ask(self, rng: Random) -> tuple[str, dict]:
        """A question and the arguments it asks for."""
        arguments = {p.name: p.draw(rng) for p in self.parameters}
        question = self.questions[0] if rng.random() < 0.3 else rng.choice(self.questions)
        for key, default in self.fixed.items():
            if "{" + key + "}" not in question:
                arguments[key] = default
        return question.format(**arguments), arguments

    def ask_several(self, rng: Random, values: list) -> tuple[str, list[dict]]:
        """A question for several values of the first parameter, and the arguments of each call."""
        key = self.parameters[0].name
        question = rng.choice(self.ask_many)
        head, each = question.split("|")
        parts = [each.format(v=value) for value in values]
        joined = " and ".join(parts) if len(parts) == 2 else ", ".join(parts[:-1]) + " and " + parts[-1]
        end = "" if head.endswith(":") else "?" if head.startswith(("W", "w", "How", "how")) else "."
        return f"{head} {joined}{end}", [{key: value, **self.fixed} for value in values]

    def answered(self, rng: Random, arguments: dict) -> tuple[str, str]:
        """A result of the tool and the answer that reports it."""
        number_shown, text = rng.randint(-15, 40), draws.any_word(rng)
        clock = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}"
        values = {**arguments, "N": number_shown, "T": text, "C": clock}
        if "a" in arguments and "b" in arguments:
            values["S"] = arguments["a"] + arguments["b"]
        raw = self.result
        for key, value in values.items():
            raw = raw.replace(f"<{key}>", json.dumps(value, ensure_ascii=False))
        return raw, rng.choice(self.answers).format(**values)


@cache
def known_tools() -> tuple[Tool, ...]:
    """Tools of the usual kind."""
    celsius = Parameter(
        "format",
        "The temperature unit to use. Infer this from the users location.",
        lambda rng: rng.choice(("celsius", "fahrenheit")),
        choices=("celsius", "fahrenheit"),
    )
    place = Parameter("location", "The city and state, e.g. San Francisco, CA", city)
    town = Parameter("city", "The city", city)
    return (
        Tool(
            "get_current_weather",
            "Get the current weather",
            (place, celsius),
            (
                "What's the weather like today in {location}?",
                "What is the weather in {location}?",
                "How is the weather in {location}?",
                "What's the weather in {location} in {format}?",
                "weather in {location}",
                "Tell me the weather in {location}.",
                "Is it warm in {location}?",
                "What is the weather like in {location} right now?",
            ),
            ("What's the weather like today|in {v}", "What is the weather|in {v}", "How is the weather|in {v}"),
            '{"temperature": <N>, "unit": <format>}',
            ("It is {N} degrees {format} in {location}.",),
            {"format": "celsius"},
        ),
        Tool(
            "get_time",
            "Get the current time in a city",
            (town,),
            (
                "What time is it in {city}?",
                "What's the time in {city}?",
                "Tell me the time in {city}.",
                "time in {city}?",
                "How late is it in {city}?",
                "What is the current time in {city}?",
            ),
            ("What time is it|in {v}", "What's the time|in {v}", "Tell me the time|in {v}"),
            '{"time": <C>}',
            ("It is {C} in {city}.",),
        ),
        Tool(
            "search_web",
            "Search the web",
            (Parameter("query", "The search query", word),),
            (
                "Search the web for {query}.",
                "Search for {query}.",
                "Look up {query} on the web.",
                "Search the internet for {query}.",
                "Find {query} on the web.",
                "search the web for {query}",
            ),
            ("Search the web|for {v}", "Search|for {v}"),
            '{"results": [<T>]}',
            ("I found this: {T}.",),
        ),
        Tool(
            "add_numbers",
            "Add two numbers",
            (Parameter("a", "First number", number, "number"), Parameter("b", "Second number", number, "number")),
            (
                "Add {a} and {b}.",
                "Add {a} to {b}.",
                "What is {a} plus {b}?",
                "Sum {a} and {b}.",
                "add {a} and {b}",
                "Please add {a} and {b}.",
            ),
            (),
            '{"result": <S>}',
            ("The sum is {S}.",),
        ),
        Tool(
            "send_email",
            "Send an email",
            (Parameter("to", "The recipient", name), Parameter("subject", "The subject", word)),
            (
                "Send an email to {to} about {subject}.",
                "Email {to} about {subject}.",
                "Write an email to {to} about {subject}.",
                "Send {to} an email about {subject}.",
                "Please send an email to {to} about {subject}.",
            ),
            (),
            '{"status": "sent"}',
            ("The email to {to} is sent.",),
        ),
        Tool(
            "get_stock_price",
            "Get the price of a stock",
            (Parameter("company", "The company", name),),
            (
                "What is the stock price of {company}?",
                "How much is a share of {company}?",
                "Get the stock price of {company}.",
            ),
            ("What is the stock price|of {v}", "Get the stock price|of {v}"),
            '{"price": <N>}',
            ("The price is {N}.",),
        ),
        Tool(
            "set_timer",
            "Set a timer",
            (Parameter("minutes", "Number of minutes", number, "integer"),),
            (
                "Set a timer for {minutes} minutes.",
                "Start a timer of {minutes} minutes.",
                "Timer for {minutes} minutes.",
            ),
            (),
            '{"status": "ok"}',
            ("The timer is set to {minutes} minutes.",),
        ),
        Tool(
            "multiply",
            "Multiply two numbers",
            (Parameter("x", "First factor", number, "number"), Parameter("y", "Second factor", number, "number")),
            ("Multiply {x} and {y}.", "Multiply {x} by {y}.", "What is {x} times {y}?"),
            (),
            '{"result": <N>}',
            ("The result is {N}.",),
        ),
        Tool(
            "translate_text",
            "Translate a text",
            (
                Parameter("text", "The text", word),
                Parameter(
                    "language",
                    "The target language",
                    lambda rng: rng.choice("French Spanish German Italian Dutch Polish Greek Danish".split()),
                ),
            ),
            (
                "Translate {text} into {language}.",
                "Translate {text} to {language}.",
                "How do you say {text} in {language}?",
            ),
            (),
            '{"translation": <T>}',
            ("It means {T}.",),
        ),
        Tool(
            "create_reminder",
            "Create a reminder",
            (
                Parameter("text", "What to remember", word),
                Parameter(
                    "day",
                    "The day",
                    lambda rng: rng.choice("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()),
                ),
            ),
            ("Remind me of {text} on {day}.", "Create a reminder about {text} for {day}."),
            (),
            '{"status": "ok"}',
            ("I will remind you of {text} on {day}.",),
        ),
    )


def random_tool(rng: Random, parameters: int = 0) -> Tool:
    """A tool nobody has seen: random verb, noun and parameters."""
    verb = rng.choice(draws.VERBS) if rng.random() < 0.9 else draws.pseudo_word(rng)
    noun = rng.choice(draws.NOUNS) if rng.random() < 0.9 else draws.pseudo_word(rng)
    count = parameters or rng.choice((1, 1, 1, 2, 2, 3))
    keys = rng.sample(draws.PARAMETERS, count)
    drawn = tuple(_random_parameter(key, rng) for key in keys)
    thing = noun if rng.random() < 0.9 else f"{rng.choice(draws.ADJECTIVES)} {noun}"
    tool_name = f"{verb}_{thing}".replace(" ", "_")
    if rng.random() < 0.1:
        tool_name = verb + "".join(part.capitalize() for part in thing.split())
    phrase = f"{verb.capitalize()} the {thing}"
    pairs = " and ".join(f"{key} {{{key}}}" for key in keys)
    questions = (
        f"{phrase} with {pairs}.",
        f"Please {phrase[0].lower()}{phrase[1:]} with {pairs}.",
        f"{phrase} with {pairs}",
        f"{phrase}, {pairs}.",
        f"Can you {phrase[0].lower()}{phrase[1:]} with {pairs}?",
        f"{phrase} using {pairs}.",
        f"Use {tool_name} with {pairs}.",
    )
    description = phrase if rng.random() < 0.8 else f"{verb.capitalize()} a {thing}"
    return Tool(
        tool_name,
        description,
        drawn,
        questions,
        (f"{phrase} with {keys[0]}|{{v}}", f"{phrase}|with {keys[0]} {{v}}"),
        rng.choice(('{"result": <T>}', '{"value": <N>, "note": <T>}', '{"status": <T>}', "<T>")),
        ("The result is {T}.",),
    )


def _random_parameter(key: str, rng: Random) -> Parameter:
    described = (
        f"The {key}"
        if rng.random() < 0.8
        else rng.choice((f"{key.capitalize()} to use", f"A {key}", f"the {key} of it"))
    )
    roll = rng.random()
    if roll < 0.2:
        return Parameter(key, described, number, rng.choice(("number", "integer")))
    if roll < 0.3:
        choices = tuple(dict.fromkeys(draws.any_word(rng) for _ in range(3)))
        return Parameter(key, described, lambda r: r.choice(choices), choices=choices)
    return Parameter(key, described, word if roll < 0.85 else name)
