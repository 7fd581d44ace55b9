"""A training run to a model folder as mistral-inference reads it, and to a GGUF file."""

import json
import shutil
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType, GGUFWriter, TokenType
from safetensors.torch import load_file, save_file
from sentencepiece import SentencePieceProcessor

from .encoder import CONTROL_IDS
from .generate import Generator

NAME = "mistral-demo"
_TYPES = {"f32": GGMLQuantizationType.F32, "q8_0": GGMLQuantizationType.Q8_0}
_FILE_TYPES = {"f32": gguf.LlamaFileType.ALL_F32, "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0}
_TENSORS = {
    "tok_embeddings": "token_embd",
    "norm": "output_norm",
    "output": "output",
    "attention.wq": "attn_q",
    "attention.wk": "attn_k",
    "attention.wv": "attn_v",
    "attention.wo": "attn_output",
    "attention_norm": "attn_norm",
    "ffn_norm": "ffn_norm",
    "feed_forward.w1": "ffn_gate",
    "feed_forward.w2": "ffn_down",
    "feed_forward.w3": "ffn_up",
}
# for other programs; our own engine renders token ids itself
CHAT_TEMPLATE = """\
{%- set parts = namespace(system='', last_user=0) -%}
{%- for m in messages if m.role == 'system' -%}
{%- set parts.system = parts.system + m.content + '\\n\\n' -%}
{%- endfor -%}
{%- set turns = messages | rejectattr('role', 'equalto', 'system') | list -%}
{%- for m in turns if m.role == 'user' -%}{%- set parts.last_user = turns.index(m) -%}{%- endfor -%}
{{- bos_token -}}
{%- for m in turns -%}
{%- if m.role == 'user' -%}
{%- if loop.index0 == parts.last_user and tools -%}
{{- '[AVAILABLE_TOOLS]' + (tools | tojson) + '[/AVAILABLE_TOOLS]' -}}
{%- endif -%}
{{- '[INST]' + (parts.system if loop.index0 == parts.last_user else '') + m.content + '[/INST]' -}}
{%- elif m.role == 'tool' -%}
{%- set value = m.content if m.content[:1] in ['{', '['] else (m.content | tojson) -%}
{{- '[TOOL_RESULTS]{"content": ' + value + ', "call_id": "' + m.tool_call_id + '"}[/TOOL_RESULTS]' -}}
{%- elif m.tool_calls -%}
{{- '[TOOL_CALLS][' -}}
{%- for c in m.tool_calls -%}
{%- set given = c.function.arguments -%}
{%- set arguments = given if given is string else (given | tojson) -%}
{{- '{"name": "' + c.function.name + '", "arguments": ' + arguments + ', "id": "' + c.id + '"}' -}}
{{- ', ' if not loop.last -}}
{%- endfor -%}
{{- ']' + eos_token -}}
{%- else -%}
{{- m.content + eos_token -}}
{%- endif -%}
{%- endfor -%}
"""


def export_folder(run: Path, target: Path) -> None:
    """Write params.json, consolidated.safetensors (bf16) and tokenizer.model.v3 from a run's averaged weights."""
    target.mkdir(parents=True, exist_ok=True)
    model = Generator.from_checkpoint(run).model
    weights = {name: w.to(torch.bfloat16).contiguous() for name, w in model.state_dict().items()}
    save_file(weights, target / "consolidated.safetensors")
    (target / "params.json").write_text(json.dumps(model.shape.params(), indent=2) + "\n")
    shutil.copy(run / "tokenizer.model.v3", target)


def export_gguf(folder: Path, target: Path, kind: str) -> None:
    """Write a model folder as GGUF of kind `f32` or `q8_0`; norms stay in 32 bits."""
    shape = json.loads((folder / "params.json").read_text())
    writer = GGUFWriter(target, "llama")
    writer.add_name(NAME)
    writer.add_license("apache-2.0")
    writer.add_file_type(_FILE_TYPES[kind])
    writer.add_block_count(shape["n_layers"])
    writer.add_context_length(shape["max_seq_len"])
    writer.add_embedding_length(shape["dim"])
    writer.add_feed_forward_length(shape["hidden_dim"])
    writer.add_head_count(shape["n_heads"])
    writer.add_head_count_kv(shape["n_kv_heads"])
    writer.add_key_length(shape["head_dim"])
    writer.add_value_length(shape["head_dim"])
    writer.add_rope_dimension_count(shape["head_dim"])
    writer.add_layer_norm_rms_eps(shape["norm_eps"])
    writer.add_rope_freq_base(shape["rope_theta"])
    writer.add_vocab_size(shape["vocab_size"])
    _add_vocabulary(writer, folder / "tokenizer.model.v3")
    for name, weight in load_file(folder / "consolidated.safetensors").items():
        data = weight.float().numpy()
        wanted = _TYPES[kind] if data.ndim == 2 else GGMLQuantizationType.F32
        packed = data if wanted == GGMLQuantizationType.F32 else gguf.quants.quantize(data, wanted)
        writer.add_tensor(_tensor_name(name), np.ascontiguousarray(packed), raw_dtype=wanted)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_vocabulary(writer: GGUFWriter, file: Path) -> None:
    pieces = SentencePieceProcessor(model_file=str(file))
    ids = range(pieces.get_piece_size())
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([pieces.id_to_piece(i) for i in ids])
    writer.add_token_scores([pieces.get_score(i) for i in ids])
    writer.add_token_types([_token_type(pieces, i) for i in ids])
    writer.add_bos_token_id(pieces.bos_id())
    writer.add_eos_token_id(pieces.eos_id())
    writer.add_unk_token_id(pieces.unk_id())
    writer.add_pad_token_id(pieces.eos_id())
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(True)
    writer.add_uint32("tokenizer.ggml.fim_pre_token_id", CONTROL_IDS["[PREFIX]"])
    writer.add_uint32("tokenizer.ggml.fim_suf_token_id", CONTROL_IDS["[SUFFIX]"])
    writer.add_uint32("tokenizer.ggml.fim_mid_token_id", CONTROL_IDS["[MIDDLE]"])
    writer.add_string("mistral.tokenizer.version", "v3")
    writer.add_chat_template(CHAT_TEMPLATE)


def _token_type(pieces: SentencePieceProcessor, token: int) -> TokenType:
    if pieces.is_unknown(token):
        return TokenType.UNKNOWN
    if pieces.is_control(token):
        return TokenType.CONTROL
    if pieces.is_byte(token):
        return TokenType.BYTE
    return TokenType.UNUSED if pieces.is_unused(token) else TokenType.NORMAL


def _tensor_name(name: str) -> str:
    """layers.N.attention.wq.weight to blk.N.attn_q.weight, and so on."""
    stem = name.removesuffix(".weight")
    if stem.startswith("layers."):
        _, layer, part = stem.split(".", 2)
        return f"blk.{layer}.{_TENSORS[part]}.weight"
    return f"{_TENSORS[stem]}.weight"
