#!/usr/bin/env python3
"""Makes the goldens of GGUF files, with the writer and the reference dequantisation of the gguf package.

    python make_gguf_goldens.py [NAME ...] [--out FOLDER]    (default: every one, in gguf/)

Made with gguf 0.19.0 and the versions that make_goldens.py names.

types.gguf      one tensor of random blocks for each quantised type, named as its type; "golden.TYPE" is the
                SHA-256 of its values as the package dequantises them, float32 little-endian, -0 as 0.
tokenizer.gguf  the tokenizer and the template of the demo, as llama.cpp's convert_hf_to_gguf.py writes them.
mixed, dense    tiny random Qwen2 models, whose weights, prompts and golden.json are as in make_goldens.py:
                what is on disk is dequantised by the package, and the golden is what transformers computes in
                float32 and eager with those weights. mixed has every quantised type; dense is tied, in two
                parts, and in F32, F16 and BF16.
llama, qwen3,   the same of other families, as convert_hf_to_gguf.py writes them: Llama with the rows of the
gemma2          heads of queries and keys interleaved and the factors of its RoPE in a tensor, Qwen3 with
                norms of heads, Gemma 2 with 1 added to the weights of its norms.
"""

import hashlib
import json
import pathlib
import tempfile
from functools import partial

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type

import make_goldens
from golden_shapes import LLAMA3, classic, generator
from make_goldens import HERE, command, record, write_checkpoint

QUANTIZED = [Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0, Type.Q4_K, Type.Q5_K, Type.Q6_K]
NOISE_MAX = 5e-5

MODULES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}

MODULES_OF_GEMMA2 = MODULES | {
    "post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}

MODELS = {
    "mixed": dict(
        shape=dict(hidden=256, heads=8, kv=2, inter=256, vocab=101, layers=1, dtype="float32",
                   rope=classic(1e6)),
        types={"token_embd": Type.Q8_0, "attn_q": Type.Q4_K, "attn_k": Type.Q5_K, "attn_v": Type.Q6_K,
               "attn_output": Type.Q4_0, "ffn_gate": Type.Q4_1, "ffn_up": Type.Q5_0, "ffn_down": Type.Q5_1,
               "output": Type.Q6_K}),
    "dense": dict(
        shape=dict(hidden=64, heads=4, kv=2, inter=96, vocab=97, tied=True, dtype="float32",
                   rope=classic(1e4)),
        types={"token_embd": Type.F16, "attn_q": Type.BF16, "attn_k": Type.F32, "attn_v": Type.F16,
               "attn_output": Type.BF16, "ffn_gate": Type.F16, "ffn_up": Type.F32, "ffn_down": Type.BF16},
        parts=2),
    "llama": dict(
        shape=dict(family="llama", hidden=64, heads=4, kv=2, head_dim=32, inter=64, vocab=97, layers=1,
                   dtype="float32", biases="qkvo", rope=classic(1e4, LLAMA3 | {"factor": 8.0})),
        types={"token_embd": Type.F16, "attn_q": Type.Q8_0, "attn_k": Type.F16, "attn_v": Type.Q8_0,
               "attn_output": Type.Q8_0, "ffn_gate": Type.Q8_0, "ffn_up": Type.BF16, "ffn_down": Type.Q8_0,
               "output": Type.F16}),
    "qwen3": dict(
        shape=dict(family="qwen3", hidden=64, heads=2, kv=1, head_dim=64, inter=64, vocab=97, layers=1,
                   tied=True, dtype="float32", rope=classic(1e6)),
        types={"token_embd": Type.F16, "attn_q": Type.Q8_0, "attn_k": Type.F16, "attn_v": Type.BF16,
               "attn_output": Type.Q8_0, "ffn_gate": Type.BF16, "ffn_up": Type.F16, "ffn_down": Type.F16}),
    # The factor of queries is not in the file: it follows from the size of a head.
    "gemma2": dict(
        shape=dict(family="gemma2", hidden=32, heads=2, kv=1, head_dim=32, inter=32, vocab=97, tied=True,
                   dtype="float32", window=24, attention_cap=5.0, logit_cap=3.0, query_scalar=32,
                   rope=classic(1e4)),
        types={"token_embd": Type.F16, "attn_q": Type.Q8_0, "attn_k": Type.F16, "attn_v": Type.BF16,
               "attn_output": Type.Q8_0, "ffn_gate": Type.Q8_0, "ffn_up": Type.F16, "ffn_down": Type.F16}),
}


def name_of(key, family):
    """The name of a tensor of transformers in GGUF."""
    modules = MODULES_OF_GEMMA2 if family == "gemma2" else MODULES
    module, kind = key.rsplit(".", 1)
    if module.startswith("model.layers."):
        layer, module = module.removeprefix("model.layers.").split(".", 1)
        return f"blk.{layer}.{modules[module]}.{kind}"
    return f"{modules[module]}.{kind}"


def interleaved(weights, heads):
    """Rows of each head as llama.cpp has those of Llama: 0, n/2, 1, n/2 + 1 and so on."""
    return weights.reshape(heads, 2, -1, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


def as_in_transformers(weights, heads):
    return weights.reshape(heads, -1, 2, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


def rope_factors(dim, theta, scaling):
    """What divides each frequency, as convert_hf_to_gguf.py computes it."""
    plain = theta ** (-np.arange(0, dim, 2) / dim)
    waves = scaling["original_max_position_embeddings"] / (2 * np.pi / plain)
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    keep = np.clip((waves - low) / (high - low), 0, 1)
    return (1 / ((1 - keep) / scaling["factor"] + keep)).astype(np.float32)


def k_quantise(weights, type):
    """Q4_K, Q5_K and Q6_K, which the package only dequantises: nearest codes for scales of the extremes."""
    blocks = weights.reshape(-1, 256)
    return np.concatenate([k_block(block, type) for block in blocks]).reshape(len(weights), -1)


def k_block(block, type):
    if type == Type.Q6_K:
        groups = block.reshape(16, 16)
        wanted = np.abs(groups).max(1) / 31
        d = np.float16(wanted.max() / 127)
        scales = np.clip(np.round(wanted / np.float32(d)), 1, 127).astype(np.int8)
        codes = np.clip(np.round(groups / (np.float32(d) * scales[:, None])), -32, 31).astype(np.int8) + 32
        codes = codes.astype(np.uint8).reshape(2, 4, 32)
        low = np.concatenate([codes[:, 0:2] & 15 | (codes[:, 2:4] & 15) << 4], axis=1)
        high = codes[:, 0] >> 4 | codes[:, 1] >> 4 << 2 | codes[:, 2] >> 4 << 4 | codes[:, 3] >> 4 << 6
        return np.concatenate([low.reshape(-1), high.reshape(-1), scales.view(np.uint8), bytes_of(d)])
    top = 15 if type == Type.Q4_K else 31
    groups = block.reshape(8, 32)
    minima = np.maximum(-groups.min(1), 0)
    wanted = (groups.max(1) + minima) / top
    d, dmin = np.float16(wanted.max() / 63), np.float16(minima.max() / 63)
    scales = np.clip(np.round(wanted / np.float32(d)), 1, 63).astype(np.uint8)
    mins = np.clip(np.round(minima / np.float32(dmin)), 0, 63).astype(np.uint8)
    steps = (np.float32(d) * scales)[:, None]
    codes = np.clip(np.round((groups + (np.float32(dmin) * mins)[:, None]) / steps), 0, top).astype(np.uint8)
    packed = np.concatenate([
        scales[:4] | scales[4:] >> 4 << 6, mins[:4] | mins[4:] >> 4 << 6,
        scales[4:] & 15 | (mins[4:] & 15) << 4])
    pairs = codes.reshape(4, 2, 32) & 15
    low = (pairs[:, 0] | pairs[:, 1] << 4).reshape(-1)
    fifth = [] if type == Type.Q4_K else [np.bitwise_or.reduce(
        (codes >> 4) << np.arange(8, dtype=np.uint8)[:, None], axis=0).astype(np.uint8)]
    return np.concatenate([bytes_of(d), bytes_of(dmin), packed, *fifth, low])


def bytes_of(half):
    return np.frombuffer(np.float16(half).tobytes(), np.uint8)


def quantise(weights, type):
    return k_quantise(weights, type) if type.name.endswith("_K") else gguf.quants.quantize(weights, type)


def make_types(out):
    """Random bytes are blocks of every type, once their F16s are finite."""
    writer = gguf.GGUFWriter(out / "types.gguf", "qwen2")
    rows, width = 17, 512
    halves = {Type.Q4_1: [0, 2], Type.Q5_1: [0, 2], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208]}
    for type in QUANTIZED:
        block, size = gguf.GGML_QUANT_SIZES[type]
        random = generator("types", type.name)
        data = random.integers(0, 256, (rows * width // block, size), dtype=np.uint8)
        for at in halves.get(type, [0]):
            some = random.standard_normal(len(data)).astype(np.float16)
            data[:, at : at + 2] = some.view(np.uint8).reshape(-1, 2)
        data = data.reshape(rows, -1)
        values = gguf.quants.dequantize(data, type).astype("<f4") + np.float32(0)
        writer.add_string(f"golden.{type.name}", hashlib.sha256(values.tobytes()).hexdigest())
        writer.add_tensor(type.name, data, raw_dtype=type)
    finish(writer)


def make_tokenizer(out):
    demo = out / "../../../../../app/src/demo/checkpoint"
    tokenizer = json.loads((demo / "tokenizer.json").read_text())
    config = json.loads((demo / "tokenizer_config.json").read_text())
    added = {token["id"]: token for token in tokenizer["added_tokens"]}
    vocabulary = {id: token for token, id in tokenizer["model"]["vocab"].items()}
    tokens, types = [], []
    for id in range(640):
        if id in added:
            tokens.append(added[id]["content"])
            types.append(gguf.TokenType.CONTROL if added[id]["special"] else gguf.TokenType.USER_DEFINED)
        else:
            tokens.append(vocabulary.get(id, f"[PAD{id}]"))
            types.append(gguf.TokenType.NORMAL if id in vocabulary else gguf.TokenType.UNUSED)
    writer = gguf.GGUFWriter(out / "tokenizer.gguf", "qwen2")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges([" ".join(merge) for merge in tokenizer["model"]["merges"]])
    ids = {token["content"]: id for id, token in added.items()}
    writer.add_eos_token_id(ids["<|im_end|>"])
    writer.add_pad_token_id(ids["<|endoftext|>"])
    writer.add_bos_token_id(ids["<|endoftext|>"])
    writer.add_add_bos_token(False)
    writer.add_chat_template(config["chat_template"])
    finish(writer)


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_model(folder, golden, weights):
    """Writes the GGUF file and returns the weights that it has."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.gguf"):
        old.unlink()
    shape, parts = golden["shape"], golden.get("parts", 1)
    total = len(weights)
    limit = -(-total // parts) if parts > 1 else 0
    family = shape.get("family", "qwen2")
    writer = gguf.GGUFWriter(folder / "model.gguf", family, split_max_tensors=limit)
    writer.add_type("model")
    writer.add_context_length(512)
    writer.add_embedding_length(shape["hidden"])
    writer.add_block_count(shape.get("layers", 2))
    writer.add_feed_forward_length(shape["inter"])
    writer.add_head_count(shape["heads"])
    writer.add_head_count_kv(shape["kv"])
    writer.add_layer_norm_rms_eps(shape.get("eps", 1e-6))
    writer.add_rope_freq_base(shape["rope"]["rope_theta"])
    if "head_dim" in shape:
        writer.add_key_length(shape["head_dim"])
        writer.add_value_length(shape["head_dim"])
    if family == "gemma2":
        writer.add_attn_logit_softcapping(shape["attention_cap"])
        writer.add_final_logit_softcapping(shape["logit_cap"])
        writer.add_sliding_window(shape["window"])
    if family == "llama":
        factors = rope_factors(shape["head_dim"], shape["rope"]["rope_theta"], shape["rope"]["rope_scaling"])
        writer.add_tensor("rope_freqs.weight", factors)
    stored = {}
    for key, tensor in weights.items():
        name = name_of(key, family)
        type = golden["types"].get(name.split(".")[-2], Type.F32) if name.endswith("weight") else Type.F32
        values, heads = tensor.numpy(), 0
        added = np.float32(family == "gemma2" and name.endswith("norm.weight"))
        if family == "llama" and name.split(".")[-2] in ("attn_q", "attn_k"):
            heads = shape["heads"] if "attn_q" in name else shape["kv"]
            values = interleaved(values, heads)
        raw = quantise(np.ascontiguousarray(values + added), type)
        values = gguf.quants.dequantize(raw, type).reshape(tensor.shape) - added
        values = as_in_transformers(values, heads) if heads else values
        stored[key] = torch.from_numpy(np.ascontiguousarray(values))
        writer.add_tensor(name, raw, raw_dtype=type)
    finish(writer)
    return stored


def make_model(name, out):
    golden = MODELS[name]
    with tempfile.TemporaryDirectory() as temporary:

        def write(weights):
            stored = write_model(out / name, golden, weights)
            write_checkpoint(pathlib.Path(temporary), golden["shape"], stored)
            return pathlib.Path(temporary)

        record(out / name, name, golden["shape"], write, gguf="0.19.0")


if __name__ == "__main__":
    make_goldens.NOISE_MAX = NOISE_MAX
    makers = {"types": make_types, "tokenizer": make_tokenizer}
    makers |= {name: partial(make_model, name) for name in MODELS}
    command("Makes the goldens of GGUF files.", makers, HERE / "gguf")
