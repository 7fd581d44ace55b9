"""Requests to token ids in Mistral's v3 SentencePiece format, with a training weight per token."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from sentencepiece import SentencePieceProcessor

CONTROL_PIECES = (
    "[INST]",
    "[/INST]",
    "[TOOL_CALLS]",
    "[AVAILABLE_TOOLS]",
    "[/AVAILABLE_TOOLS]",
    "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]",
    "[IMG]",
    "[PREFIX]",
    "[MIDDLE]",
    "[SUFFIX]",
)
BOS, EOS = 1, 2
FIRST_MERGE = 3 + len(CONTROL_PIECES) + 256
CONTROL_IDS = {piece: 3 + index for index, piece in enumerate(CONTROL_PIECES)}

Message = dict[str, object]


@dataclass
class Sample:
    """One training document: a conversation, a hole to fill, plain text, or a drill (its seed)."""

    messages: list[Message] = field(default_factory=list)
    tools: list[dict] = field(default_factory=list)
    prefix: str = ""
    suffix: str = ""
    middle: str = ""
    text: str = ""
    drill: str = ""


@dataclass
class Encoded:
    """Token ids, and for each whether the model writes it (True) or reads it (False)."""

    ids: list[int]
    written: list[bool]


def dumps(value: object) -> str:
    """JSON in the form the reference puts into prompts."""
    return json.dumps(value, ensure_ascii=False)


def parsed(content: str) -> object:
    """The JSON value of a tool result, or its text when it is none."""
    try:
        return json.loads(content)
    except json.JSONDecodeError:
        return content


class Encoder:
    """The v3 template over one tokenizer file."""

    def __init__(self, tokenizer_file: Path):
        self._processor = SentencePieceProcessor(model_file=str(tokenizer_file))
        self.size = self._processor.get_piece_size()

    def plain(self, text: str) -> list[int]:
        """Ids of plain text; control pieces in it stay text."""
        return self._processor.encode(text) if text else []

    def decode(self, ids: list[int]) -> str:
        """Text of ids; control ids print nothing."""
        return self._processor.decode(ids)

    def piece(self, token: int) -> str:
        """The vocabulary entry of one id."""
        return self._processor.id_to_piece(token)

    def encode(self, sample: Sample) -> Encoded:
        """Encode a whole training document, end of sequence included."""
        if sample.messages:
            return self._conversation(sample.messages, sample.tools)
        if sample.drill:
            return self._drill(Random(sample.drill))
        if sample.text:
            ids = self.plain(sample.text)
            return Encoded([BOS, *ids, EOS], [False] + [True] * (len(ids) + 1))
        head = self.fill_in_prompt(sample.prefix, sample.suffix)
        tail = [*self._continuation(sample.middle), EOS]
        return Encoded(head + tail, [False] * len(head) + [True] * len(tail))

    def fill_in_prompt(self, prefix: str, suffix: str) -> list[int]:
        """Prompt ids of a fill-in-the-middle request; the suffix carries no leading space mark."""
        marked = [CONTROL_IDS["[SUFFIX]"], *self._continuation(suffix), CONTROL_IDS["[PREFIX]"]]
        return [BOS, *marked, *self.plain(prefix)]

    def prompt(self, messages: list[Message], tools: list[dict]) -> list[int]:
        """Prompt ids of a conversation that the model is to answer."""
        return self._conversation(messages, tools).ids

    def base_prompt(self, text: str) -> list[int]:
        """Prompt ids of a plain continuation."""
        return [BOS, *self.plain(text)]

    def _drill(self, rng: Random) -> Encoded:
        """Random pieces, then quotations from them: what follows a quotation's first piece can be known."""
        run = [rng.randrange(FIRST_MERGE, self.size) for _ in range(rng.randint(6, 24))]
        ids, written = [BOS, *run], [False] * (len(run) + 1)
        for _ in range(rng.randint(2, 4)):
            start = rng.randrange(len(run) - 3)
            quoted = run[start : start + rng.randint(3, 10)]
            ids += quoted
            written += [False] + [True] * (len(quoted) - 1)
        return Encoded(ids, written)

    def _continuation(self, text: str) -> list[int]:
        """Ids of text that goes on in mid-line, without a leading space mark."""
        return self.plain("☺" + text)[2:]

    def _conversation(self, messages: list[Message], tools: list[dict]) -> Encoded:
        system = "\n\n".join(str(m["content"]) for m in messages if m["role"] == "system")
        turns = [m for m in messages if m["role"] != "system"]
        last_user = max(index for index, m in enumerate(turns) if m["role"] == "user")
        plain_history = not system and not tools
        ids, written = [BOS], [False]
        for index, message in enumerate(turns):
            if index == last_user and tools:
                part = self._wrapped("AVAILABLE_TOOLS", dumps(tools))
                ids += part
                written += [False] * len(part)
            part = self._message(message, system if index == last_user else "")
            answers = message["role"] == "assistant" and (plain_history or index > last_user)
            ids += part
            written += [answers] * len(part)
        return Encoded(ids, written)

    def _wrapped(self, name: str, text: str) -> list[int]:
        return [CONTROL_IDS[f"[{name}]"], *self.plain(text), CONTROL_IDS[f"[/{name}]"]]

    def _message(self, message: Message, system: str) -> list[int]:
        content = str(message.get("content") or "")
        if message["role"] == "user":
            return self._wrapped("INST", f"{system}\n\n{content}" if system else content)
        if message["role"] == "tool":
            result = {"content": parsed(content), "call_id": message["tool_call_id"]}
            return self._wrapped("TOOL_RESULTS", dumps(result))
        if calls := message.get("tool_calls"):
            return [CONTROL_IDS["[TOOL_CALLS]"], *self.plain(dumps([_call(c) for c in calls])), EOS]
        return [*self.plain(content.rstrip(" ")), EOS]


def _call(call: dict) -> dict:
    """A tool call as it stands in the prompt."""
    arguments = call["function"]["arguments"]
    shown = {
        "name": call["function"]["name"],
        "arguments": json.loads(arguments) if isinstance(arguments, str) else arguments,
    }
    return {**shown, "id": call["id"]} if call.get("id") else shown
