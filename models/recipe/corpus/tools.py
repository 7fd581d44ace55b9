"""Function calling: schemas to read, calls, parallel calls, results, and requests that need no tool."""

import string
from random import Random

from ..encoder import Sample
from . import arithmetic, chat, facts, language
from .schemas import Tool, known_tools, random_tool

_CALL_ID = string.ascii_letters + string.digits


def single(rng: Random) -> Sample:
    """One call of a well-known kind of tool, among others."""
    tool = rng.choice(known_tools()[:5] if rng.random() < 0.6 else known_tools())
    question, arguments = tool.ask(rng)
    return _called(rng, _offered(rng, [tool]), question, [(tool.name, arguments)])


def unseen(rng: Random) -> Sample:
    """One call of a tool with random name and parameters."""
    tool = random_tool(rng)
    question, arguments = tool.ask(rng)
    return _called(rng, _offered(rng, [tool]), question, [(tool.name, arguments)])


def parallel(rng: Random) -> Sample:
    """Two calls of one tool, or one call of each of two tools."""
    tools = known_tools()
    listing = [tool for tool in tools if tool.ask_many]
    if rng.random() < 0.85:
        tool = rng.choice(listing) if rng.random() < 0.75 else random_tool(rng, parameters=1)
        values = [tool.value(rng) for _ in range(2)]
        question, all_arguments = tool.ask_several(rng, values)
        return _called(rng, _offered(rng, [tool]), question, [(tool.name, a) for a in all_arguments])
    pair = [random_tool(rng) if rng.random() < 0.5 else rng.choice(tools) for _ in range(2)]
    if pair[0].name == pair[1].name:
        return single(rng)
    (one, first), (two, second) = pair[0].ask(rng), pair[1].ask(rng)
    question = f"{one} {two}" if rng.random() < 0.6 else f"{one.rstrip('.?')} and {two[0].lower()}{two[1:]}"
    return _called(rng, _offered(rng, pair), question, [(pair[0].name, first), (pair[1].name, second)])


def none_fits(rng: Random) -> Sample:
    """Tools on offer, and a question that none of them answers."""
    makers = (
        facts.capital,
        facts.capital,
        facts.capital,
        facts.continent,
        facts.language,
        language.opposite,
        language.plural,
        language.translation,
        language.copy,
        chat.manners,
        language.counting,
        language.sound,
        chat.honest,
    )
    exchange = rng.choice(makers)(rng)
    while exchange.question.startswith(
        (
            "What time",
            "What's the weather",
            "What is the weather",
            "Send",
            "Search",
            "Book",
            "Is it",
            "How warm",
            "Turn",
            "Play",
        )
    ):
        exchange = facts.capital(rng)
    tools = _offered(rng, [random_tool(rng)] if rng.random() < 0.3 else [rng.choice(known_tools())])
    return Sample(
        messages=[{"role": "user", "content": exchange.question}, {"role": "assistant", "content": exchange.answer}],
        tools=[tool.schema() for tool in tools],
    )


def after_result(rng: Random) -> Sample:
    """The answer to a tool's result."""
    tool = rng.choice([tool for tool in known_tools() if tool.result] * 3 + [random_tool(rng)])
    question, arguments = tool.ask(rng)
    content, answer = tool.answered(rng, arguments)
    call_id = _call_id(rng)
    call = {"id": call_id, "type": "function", "function": {"name": tool.name, "arguments": arguments}}
    messages = [
        {"role": "user", "content": question},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call_id, "content": content},
        {"role": "assistant", "content": answer},
    ]
    return Sample(messages=messages, tools=[t.schema() for t in _offered(rng, [tool])])


def _offered(rng: Random, tools: list[Tool]) -> list[Tool]:
    """The wanted tools among up to two others, in random order."""
    extra = rng.choice((0, 0, 0, 1, 1, 2)) if len(tools) == 1 else rng.choice((0, 0, 1))
    offered = {tool.name: tool for tool in tools}
    for _ in range(extra):
        other = random_tool(rng) if rng.random() < 0.3 else rng.choice(known_tools())
        offered.setdefault(other.name, other)
    return rng.sample(list(offered.values()), len(offered))


def _called(rng: Random, tools: list[Tool], question: str, calls: list[tuple[str, dict]]) -> Sample:
    """A request that ends in calls."""
    shown = [{"function": {"name": name, "arguments": arguments}} for name, arguments in calls]
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": "", "tool_calls": shown}]
    if rng.random() < 0.08:
        earlier = rng.choice((facts.capital, chat.manners, arithmetic.sum_or_product))(rng)
        messages = [
            {"role": "user", "content": earlier.question},
            {"role": "assistant", "content": earlier.answer},
            *messages,
        ]
    if rng.random() < 0.08:
        messages.insert(0, {"role": "system", "content": "You are a helpful assistant."})
    return Sample(messages=messages, tools=[tool.schema() for tool in tools])


def _call_id(rng: Random) -> str:
    return "".join(rng.choices(_CALL_ID, k=9))
