"""A question with its answer: the unit that conversations are made of."""

from dataclasses import dataclass

from ..encoder import Message, Sample


@dataclass
class Exchange:
    """What the user says, what the model answers, and the answer's core where one word is asked for."""

    question: str
    answer: str
    core: str = ""


def conversation(exchanges: list[Exchange], system: str = "", tools: list[dict] | None = None) -> Sample:
    """Exchanges as a request with its final answer."""
    messages: list[Message] = [{"role": "system", "content": system}] if system else []
    for exchange in exchanges:
        messages.append({"role": "user", "content": exchange.question})
        messages.append({"role": "assistant", "content": exchange.answer})
    return Sample(messages=messages, tools=tools or [])
