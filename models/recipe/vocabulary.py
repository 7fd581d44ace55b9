"""The tokenizer file: SentencePiece BPE in Mistral's v3 layout.

Letters, digits, punctuation and the space mark are merged apart from each other, so that a word keeps its ids wherever
it stands: after a space, a quote or an underscore. Copying from a schema into a call is then a copy of ids. Only
function words get a form with the space mark, and only JSON and code idioms are glued over punctuation.
"""

import io
import re
from collections import Counter
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as proto

from .encoder import CONTROL_PIECES, Sample, dumps
from .mixture import documents
from .tables import countries, draws, words

SIZE = 4160
_SPACED_WORDS = 420
_MARK = "▁"
_GLUE = """
[{"type": ▁{"type": ▁"function", ▁"function": ▁{"name": [{"name": ▁"name": ▁"description": ▁"parameters": ▁"object", ▁"properties": ▁{" ▁["
▁"string", ▁"number", ▁"integer", ▁"enum": ▁"required": ▁"arguments": ▁"id": {"content": ▁"call_id": {"temperature": ▁"unit": {"result": {"status":
▁"type": {" "} "}} "}}, "}}] "}}}, "}}}} "}, ", ": "] "]}}} "]}}}, "]}}}] "]}}}}, }} }}] }}, }, ], ], ▁" .", ▁- ▁+ ▁* ▁/ ▁% ▁= ▁== ▁=== ▁!= ▁!== ▁< ▁> ▁<= ▁{ ▁} ▁( ▁-> ▁=>
(" ") "); ); ): () (); () ++) += ▁+= ▁*= }; ``` ▁` `. ?? ▁&
▁▁ ▁▁▁ ▁▁▁▁ ▁▁▁▁▁▁▁▁
""".split()
_CHARACTERS = "àâäçèéêëîïôöùûüßœñóúíáÀÉÈÇÖÄÜ«»’“”–—€°×☺"


def copyable() -> set[str]:
    """Words that prompts draw at random: these keep one form everywhere."""
    lists = (draws.NAMES, draws.CITIES, draws.NOUNS, draws.ADJECTIVES, draws.VERBS, draws.PARAMETERS, draws.IDENTIFIERS)
    found = {word for listed in lists for word in listed}
    found |= {verb.capitalize() for verb in draws.VERBS}
    return found


def texts_of(sample: Sample) -> list[str]:
    """All text of a document."""
    if sample.messages:
        said = [str(m["content"]) for m in sample.messages]
        calls = [dumps(m["tool_calls"]) for m in sample.messages if "tool_calls" in m]
        return said + calls + ([dumps(sample.tools)] if sample.tools else [])
    return [sample.text or sample.prefix + sample.middle + sample.suffix]


def word_counts(count: int) -> tuple[Counter[str], Counter[str]]:
    """Runs of letters in generated documents, and those that follow a space or begin a text."""
    letters, spaced = Counter(), Counter()
    for sample, _ in zip(documents("vocabulary", set()), range(count), strict=False):
        for text in texts_of(sample):
            letters.update(re.findall(r"[^\W\d_]+", text))
            spaced.update(re.findall(r"(?:^|(?<= ))[^\W\d_]+", text))
    for word in copyable():
        letters[word] += 30
    for country in countries.COUNTRIES:
        letters.update(re.findall(r"[^\W\d_]+", f"{country.name} {country.capital} {country.languages}"))
    for entry in words.TRANSLATIONS:
        letters.update(re.findall(r"[^\W\d_]+", " ".join(entry.values())))
    return letters, spaced


def _merges(letters: Counter[str], size: int) -> list[str]:
    """BPE pieces over runs of letters, best first; rare words count almost as much as frequent ones."""
    rows = "\n".join(f"{word}\t{int(count**0.4 * 10)}" for word, count in sorted(letters.items()) if len(word) > 1)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(rows.split("\n")),
        input_format="tsv",
        model_writer=model,
        model_type="bpe",
        vocab_size=size,
        character_coverage=1.0,
        normalization_rule_name="identity",
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    trained = proto.ModelProto.FromString(model.getvalue())
    return [p.piece for p in trained.pieces if p.type == proto.ModelProto.SentencePiece.NORMAL and len(p.piece) > 1]


def _glue_pieces() -> list[str]:
    """Every idiom with the prefixes that lead to it, shortest first."""
    steps: list[str] = []
    for idiom in _GLUE:
        atoms = re.findall(r"[^\W\d_]+|.", idiom)
        steps += ["".join(atoms[:end]) for end in range(2, len(atoms) + 1)]
    return sorted(dict.fromkeys(steps), key=len)


def train(target: Path, count: int) -> None:
    """Write a tokenizer file learnt from `count` documents."""
    letters, spaced = word_counts(count)
    keep = copyable()
    frequent = [_MARK + w for w, _ in spaced.most_common(2000) if w not in keep and len(w) > 1][:_SPACED_WORDS]
    characters = [chr(code) for code in range(33, 127)] + list(_CHARACTERS) + [_MARK]
    glue = [piece for piece in _glue_pieces() if not piece.isalpha()]
    learnt = _merges(letters, SIZE)
    known = set(learnt[: SIZE - 1400])
    frequent = [piece for piece in frequent if piece[1:] in known]
    room = SIZE - 3 - len(CONTROL_PIECES) - 256 - len(characters) - len(glue) - len(frequent)
    merged = learnt[:room]
    merged += [f"[PAD{index}]" for index in range(room - len(merged))]
    _write(target, merged, [*glue, *frequent], characters)


def _write(target: Path, merged: list[str], late: list[str], characters: list[str]) -> None:
    """The model file: control pieces, bytes, merges, late merges, characters."""
    model = proto.ModelProto()
    kinds = proto.ModelProto.SentencePiece

    def add(piece: str, score: float, kind: int = kinds.NORMAL) -> None:
        model.pieces.add(piece=piece, score=score, type=kind)

    add("<unk>", 0, kinds.UNKNOWN)
    for piece in ("<s>", "</s>", *CONTROL_PIECES):
        add(piece, 0, kinds.CONTROL)
    for byte in range(256):
        add(f"<0x{byte:02X}>", 0, kinds.BYTE)
    for rank, piece in enumerate([*merged, *late, *characters]):
        add(piece, -rank, kinds.UNUSED if piece.startswith("[PAD") else kinds.NORMAL)
    trainer = model.trainer_spec
    trainer.model_type, trainer.vocab_size, trainer.byte_fallback = 2, len(model.pieces), True
    trainer.unk_id, trainer.bos_id, trainer.eos_id, trainer.pad_id = 0, 1, 2, -1
    normalizer = model.normalizer_spec
    normalizer.name, normalizer.add_dummy_prefix = "identity", True
    normalizer.remove_extra_whitespaces, normalizer.escape_whitespaces = False, True
    target.write_bytes(model.SerializeToString())
