"""The goldens' checkpoints: their shapes, config.json, and random weights."""

import hashlib
import math

import numpy as np
import torch

DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}


def classic(theta, scaling=None):
    """RoPE as configs up to transformers 4 spell it."""
    return {"rope_theta": theta, "rope_scaling": scaling}


def parameters(theta, **more):
    """RoPE as transformers 5 spells it."""
    return {"rope_parameters": {"rope_type": "default", "rope_theta": theta} | more}


LLAMA3 = {"rope_type": "llama3", "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 64}
FAMILIES = {"qwen2": "Qwen2", "llama": "Llama", "mistral": "Mistral", "qwen3": "Qwen3", "gemma2": "Gemma2"}

# head_dim None: left out of config.json, hence hidden_size / heads. qk_gain scales the query weights.
GOLDENS = {
    "dim32-group1-tied": dict(hidden=64, heads=2, kv=2, inter=77, vocab=211, tied=True, rope=classic(1e4)),
    "dim64-group7-tied": dict(hidden=24, heads=14, kv=2, head_dim=64, inter=77, vocab=307, tied=True,
                              rope=classic(1e6)),
    "dim128-group6": dict(hidden=28, heads=6, kv=1, head_dim=128, inter=77, vocab=211, shards=2,
                          rope=parameters(1e6)),
    # As Qwen2.5 documents YaRN: max_position_embeddings stays at the original length, 4x is allowed.
    "dim128-group5-yarn": dict(hidden=20, heads=5, kv=1, head_dim=128, inter=77, vocab=211, shards=3,
        context=128,
                               rope=classic(1e6, {"type": "yarn", "factor": 4.0,
                                                  "original_max_position_embeddings": 128})),
    "dim128-group8-tied-yarn": dict(hidden=20, heads=8, kv=1, head_dim=128, inter=93, vocab=257, tied=True,
                                    context=1024, eps=1e-5,
                                    rope=parameters(1e4, rope_type="yarn", factor=4.0,
                                                    original_max_position_embeddings=256)),
    "dim32-group8": dict(hidden=37, heads=8, kv=1, head_dim=32, inter=77, vocab=211, shards=3, eps=1e-5,
                         rope=parameters(1e4)),
    "dim64-group3-f16": dict(hidden=40, heads=3, kv=1, head_dim=64, inter=77, vocab=211, dtype="float16",
                             rope=classic(1e6)),
    "dim32-group5-f32": dict(hidden=25, heads=5, kv=1, head_dim=32, inter=51, vocab=131, dtype="float32",
                             eps=1e-5, rope=parameters(1e6)),
    "dim64-group5": dict(hidden=20, heads=10, kv=2, head_dim=64, inter=77, vocab=211, layers=3, shards=2,
                         rope=classic(1e4)),
    "dim32-group6-tied": dict(hidden=40, heads=12, kv=2, head_dim=32, inter=101, vocab=257, tied=True,
                              rope=classic(1e6)),
    "dim128-group7": dict(hidden=20, heads=7, kv=1, head_dim=128, inter=61, vocab=199, eps=1e-5,
                          rope=parameters(1e6)),
    "llama-dim32": dict(family="llama", hidden=24, heads=4, kv=2, head_dim=32, inter=40, vocab=97, eps=1e-5,
                        rope=classic(1e4, LLAMA3 | {"factor": 8.0})),
    "llama-dim64-tied": dict(family="llama", hidden=21, heads=3, kv=1, head_dim=64, inter=36, vocab=101,
                             tied=True, eps=1e-5, rope=parameters(5e5, **LLAMA3, factor=32.0)),
    "llama-dim128-biased": dict(family="llama", hidden=20, heads=2, kv=1, head_dim=128, inter=36, vocab=97,
                                biases="qkvo", rope=classic(1e4)),
    "mistral-dim32": dict(family="mistral", hidden=24, heads=4, kv=1, head_dim=32, inter=40, vocab=97,
                          eps=1e-5, rope=parameters(1e6)),
    "mistral-dim64-window": dict(family="mistral", hidden=20, heads=4, kv=2, head_dim=64, inter=36,
                                 vocab=101, eps=1e-5, window=24, rope=classic(1e4)),
    "mistral-dim128-f32": dict(family="mistral", hidden=18, heads=2, kv=1, head_dim=128, inter=36, vocab=97,
                               eps=1e-5, dtype="float32", rope=classic(1e6)),
    "qwen2-dim32-window": dict(hidden=24, heads=4, kv=2, head_dim=32, inter=40, vocab=97, layers=3,
                               window=70, window_from=1, rope=parameters(1e6)),
    "qwen3-dim32-tied": dict(family="qwen3", hidden=24, heads=4, kv=2, head_dim=32, inter=40, vocab=97,
                             tied=True, rope=classic(1e6)),
    "qwen3-dim64-window": dict(family="qwen3", hidden=20, heads=4, kv=1, head_dim=64, inter=36, vocab=101,
                               window=24, window_from=1, rope=parameters(1e6)),
    "qwen3-dim128-yarn": dict(family="qwen3", hidden=18, heads=2, kv=1, head_dim=128, inter=36, vocab=97,
                              context=64, rope=classic(1e6, {"rope_type": "yarn", "factor": 4.0,
                                                             "original_max_position_embeddings": 64})),
    "gemma2-dim32": dict(family="gemma2", hidden=24, heads=4, kv=2, head_dim=32, inter=40, vocab=97,
                         tied=True, window=24, attention_cap=5.0, logit_cap=3.0, query_scalar=32,
                         rope=classic(1e4)),
    "gemma2-dim64": dict(family="gemma2", hidden=21, heads=3, kv=1, head_dim=64, inter=36, vocab=101,
                         tied=True, layers=3, window=70, attention_cap=3.0, logit_cap=4.0, query_scalar=72,
                         rope=parameters(1e4)),
    "gemma2-dim128-uncapped": dict(family="gemma2", hidden=18, heads=2, kv=1, head_dim=128, inter=36,
                                   vocab=97, tied=True, window=4096, query_scalar=128, rope=classic(1e4)),
    # Heads of 256, as in most of the family: the CUDA kernels have none.
    "gemma2-dim256": dict(family="gemma2", hidden=12, heads=2, kv=1, head_dim=256, inter=20, vocab=97,
                          tied=True, window=24, attention_cap=5.0, logit_cap=3.0, query_scalar=256,
                          rope=classic(1e4)),
    "long": dict(hidden=48, heads=3, kv=1, head_dim=32, inter=77, vocab=97, context=32_768, qk_gain=2.0,
                 rope=classic(1e6)),
}


def config_of(golden):
    new_spelling = "rope_parameters" in golden["rope"]
    family = golden.get("family", "qwen2")
    layers = golden.get("layers", 2)
    config = {
        "architectures": [FAMILIES[family] + "ForCausalLM"],
        "attention_dropout": 0.0,
        "hidden_act": "silu",
        "hidden_size": golden["hidden"],
        "initializer_range": 0.02,
        "intermediate_size": golden["inter"],
        "max_position_embeddings": golden.get("context", 512),
        "max_window_layers": layers,
        "model_type": family,
        "num_attention_heads": golden["heads"],
        "num_hidden_layers": layers,
        "num_key_value_heads": golden["kv"],
        "rms_norm_eps": golden.get("eps", 1e-6),
        "sliding_window": None if new_spelling else golden.get("context", 512),
        "tie_word_embeddings": golden.get("tied", False),
        "dtype" if new_spelling else "torch_dtype": golden.get("dtype", "bfloat16"),
        "use_cache": True,
        "use_sliding_window": False,
        "vocab_size": golden["vocab"],
    }
    if "head_dim" in golden:
        config["head_dim"] = golden["head_dim"]
    if family in ("qwen2", "qwen3"):
        if "window" in golden:
            config |= {"use_sliding_window": True, "sliding_window": golden["window"],
                       "max_window_layers": golden["window_from"]}
    else:
        del config["max_window_layers"], config["use_sliding_window"], config["sliding_window"]
    if family in ("llama", "qwen3"):
        config["attention_bias"] = golden.get("biases", "") == "qkvo"
    if family == "mistral":
        config["sliding_window"] = golden.get("window")
    if family == "gemma2":
        del config["tie_word_embeddings"]  # as published: tied by default
        config |= {"attention_bias": False, "hidden_act": "gelu_pytorch_tanh",
                   "hidden_activation": "gelu_pytorch_tanh", "sliding_window": golden["window"],
                   "attn_logit_softcapping": golden.get("attention_cap"),
                   "final_logit_softcapping": golden.get("logit_cap"),
                   "query_pre_attn_scalar": golden["query_scalar"]}
    return config | golden["rope"]


def generator(*key):
    digest = hashlib.sha256("/".join(map(str, key)).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:8], "little")))


def random_weights(golden, name, seed):
    """Tensors in file order. Layer 0 of Qwen2 gets a few large key biases, as Qwen2.5 checkpoints have."""
    hidden, inter, vocab = golden["hidden"], golden["inter"], golden["vocab"]
    head_dim = golden.get("head_dim") or hidden // golden["heads"]
    q, kv = golden["heads"] * head_dim, golden["kv"] * head_dim
    weights = {}

    def add(key, shape, scale, mean=0.0):
        values = mean + scale * generator(name, seed, key).standard_normal(shape)
        if key == "model.layers.0.self_attn.k_proj.bias" and golden.get("family", "qwen2") == "qwen2":
            values[[1, head_dim // 2 - 1, kv - 2]] = (16.0, -12.0, 9.0)
        weights[key] = torch.from_numpy(values).to(DTYPES[golden.get("dtype", "bfloat16")])

    family = golden.get("family", "qwen2")
    biases = golden.get("biases", "qkv" if family == "qwen2" else "")
    base = 1.0 if family == "gemma2" else 0.0  # its norms multiply by 1 + weight

    def add_projection(key, outputs, inputs, scale=1.0):
        add(key + ".weight", (outputs, inputs), scale / math.sqrt(inputs))
        if "self_attn" in key and key[-len("q_proj")] in biases:
            add(key + ".bias", (outputs,), 0.5)

    # A tied head would answer each token with itself unless the layers outweigh the embedding: small
    # embeddings, and a final norm that brings the logits back to a spread of about 2.
    tied = golden.get("tied", False)
    spread = 0.1 if tied else 0.3
    add("model.embed_tokens.weight", (vocab, hidden), spread / (math.sqrt(hidden) if base else 1))
    for layer in range(golden.get("layers", 2)):
        prefix = f"model.layers.{layer}."
        add(prefix + "input_layernorm.weight", (hidden,), 0.2, 1.0 - base)
        add_projection(prefix + "self_attn.q_proj", q, hidden, golden.get("qk_gain", 1.0))
        add_projection(prefix + "self_attn.k_proj", kv, hidden)
        add_projection(prefix + "self_attn.v_proj", kv, hidden)
        add_projection(prefix + "self_attn.o_proj", hidden, q)
        if family == "qwen3":
            add(prefix + "self_attn.q_norm.weight", (head_dim,), 0.3, 1.0)
            add(prefix + "self_attn.k_norm.weight", (head_dim,), 0.3, 1.0)
        add(prefix + "post_attention_layernorm.weight", (hidden,), 0.2, 1.0 - base)
        add_projection(prefix + "mlp.gate_proj", inter, hidden)
        add_projection(prefix + "mlp.up_proj", inter, hidden)
        add_projection(prefix + "mlp.down_proj", hidden, inter)
        if family == "gemma2":
            add(prefix + "pre_feedforward_layernorm.weight", (hidden,), 0.2)
            add(prefix + "post_feedforward_layernorm.weight", (hidden,), 0.2)
    gain = 4.0 * (math.sqrt(hidden) if base else 1) if tied else 1.0
    add("model.norm.weight", (hidden,), 0.2, gain - base)
    if not tied:
        add("lm_head.weight", (vocab, hidden), 0.35)
    return weights
