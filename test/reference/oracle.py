# mistral-common itself, asked from a test: a line of JSON in, a line of JSON out.
#   {"file": tekken.json or *.model.vN, "as": "v2", "kind": "chat" or "fim", "request": {...}, "max": 10, "mode": "serving"}
#   {"tokens": [...]} or {"error": the class of the refusal}; the first line out is {"version": of mistral-common}.
# "as" makes a tekken file one of a version that mistral-common reads from SentencePiece alone.
import json
import sys
from importlib.metadata import version

from mistral_common.protocol.fim.request import FIMRequest
from mistral_common.protocol.instruct.normalize import get_normalizer
from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.protocol.instruct.validator import ValidationMode, get_validator
from mistral_common.tokens.tokenizers import instruct
from mistral_common.tokens.tokenizers.base import TokenizerVersion
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
from mistral_common.tokens.tokenizers.tekken import Tekkenizer

# Where it fails without a class of its own, the nearest of its classes stands.
CLASSES = {"ValueError": "InvalidAssistantMessageException", "AssertionError": "TokenizerException"}
opened = {}


def open_tokenizer(file, as_version, mode):
    key = (file, as_version, mode)
    if key not in opened:
        opened[key] = read_tokenizer(file, as_version, mode)
    return opened[key]


def read_tokenizer(file, as_version, mode):
    if as_version is None:
        return MistralTokenizer.from_file(file, mode=mode)
    tokenizer = Tekkenizer.from_file(file)
    tokenizer._version = TokenizerVersion(as_version)
    builder = tokenizer.model_settings_builder
    return MistralTokenizer(
        getattr(instruct, "InstructTokenizer" + as_version.upper())(tokenizer),
        validator=get_validator(tokenizer.version, mode=mode),
        request_normalizer=get_normalizer(tokenizer.version, builder),
    )


def answer(question):
    request = question["request"]
    mode = ValidationMode(question.get("mode") or "test")
    tokenizer = open_tokenizer(question["file"], question.get("as"), mode)
    if question["kind"] == "fim":
        return tokenizer.encode_fim(FIMRequest(**request)).tokens
    if mode == ValidationMode.serving:
        request = {"model": "m", **request}
    return tokenizer.encode_chat_completion(ChatCompletionRequest(**request), question.get("max")).tokens


print(json.dumps({"version": version("mistral-common")}), flush=True)
for line in sys.stdin:
    try:
        print(json.dumps({"tokens": answer(json.loads(line))}), flush=True)
    except Exception as error:  # every failure is an answer
        name = type(error).__name__
        print(json.dumps({"error": CLASSES.get(name, name)}), flush=True)
