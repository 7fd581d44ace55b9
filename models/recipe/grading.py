"""Exam cases: the prompt of each, and whether an answer passes."""

import json
import re

from .encoder import CONTROL_IDS, Encoder

_CALLS = CONTROL_IDS["[TOOL_CALLS]"]


def prompt_ids(encoder: Encoder, request: dict) -> list[int]:
    """The prompt of a case: a conversation, a hole to fill, or plain text."""
    if "messages" in request:
        return encoder.prompt(request["messages"], request.get("tools", []))
    if "suffix" in request:
        return encoder.fill_in_prompt(request["prompt"], request["suffix"])
    return encoder.base_prompt(request["prompt"])


def parsed_answer(encoder: Encoder, ids: list[int]) -> tuple[str, list[dict] | None]:
    """The answer's text and its calls; None where the calls cannot be read."""
    if _CALLS not in ids:
        return encoder.decode(ids), []
    start = ids.index(_CALLS)
    raw = encoder.decode(ids[start + 1 :])
    try:
        calls = json.loads(raw)
        return encoder.decode(ids[:start]), [{"name": c["name"], "arguments": c["arguments"]} for c in calls]
    except (json.JSONDecodeError, KeyError, TypeError):
        return raw, None


def passes(expect: dict, text: str, calls: list[dict] | None) -> bool:
    """Whether an answer is what the case expects."""
    lower = text.lower()
    if "calls" in expect and not _same_calls(expect["calls"], calls):
        return False
    return (
        all(part in text for part in expect.get("contains", []))
        and all(part.lower() in lower for part in expect.get("containsIgnoreCase", []))
        and ("regex" not in expect or _searched(expect["regex"], text))
        and len(text) >= expect.get("minChars", 0)
    )


def _searched(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None


def _same_calls(expected: list[dict], calls: list[dict] | None) -> bool:
    if calls is None or len(calls) != len(expected):
        return False
    return all(_same_call(want, got) for want, got in zip(expected, calls, strict=True))


def _same_call(want: dict, got: dict) -> bool:
    if want["name"] != got["name"]:
        return False
    if not want.get("partial"):
        return want["arguments"] == got["arguments"]
    return all(_begins(value, got["arguments"].get(key)) for key, value in want["arguments"].items())


def _begins(value: object, got: object) -> bool:
    if isinstance(value, str):
        return isinstance(got, str) and got.startswith(value)
    return value == got
