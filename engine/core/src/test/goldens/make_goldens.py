#!/usr/bin/env python3
"""Makes the whole-model goldens: tiny random Qwen2 checkpoints and what transformers computes on them.

    python make_goldens.py [NAME ...] [--out FOLDER]      (default: every golden, beside this script)

Made with Python 3.11, torch 2.13.0 (CPU, 1 thread), transformers 5.18.0, safetensors 0.8.0, numpy 2.4.6.
Weights and prompts depend on the golden's name and seed only. A seed is kept when, at every recorded
step, the six most likely tokens lie at least 1e-3 apart in log-probability (so neither the greedy choice
nor the order of the top 5 hangs on rounding), every generation has at least 3 different tokens and
float32_noise is at most 2e-5; otherwise the next seed is tried, from 1 on. golden.json has the seed used.

Each golden is one folder in the Hugging Face layout: config.json, model.safetensors or
model-0000i-of-0000n.safetensors with model.safetensors.index.json, and golden.json. Weights have the
dtype that config.json names; the reference is transformers with attn_implementation="eager" and float32
weights (upcast from the stored ones), no KV cache, log_softmax taken in float64 over the whole
vocabulary. There are no eos ids: every generation runs its full 12 steps.

golden.json of a short golden:
    {"name": str, "seed": int, "made_with": {"torch": str, "transformers": str},
     "float32_noise": max |log-probability, float32 transformers - float64 model below| over all recorded
                      numbers: the error that transformers itself makes,
     "cases": [{"prompt_ids": [int x 1, 7, 33 or 300],
                "ids":        [int x 12], the greedy continuation,
                "logprobs":   [[[id, log-probability] x 5, most likely first] x 12]} x 4]}
"logprobs" has the layout of the command line's --format json.

golden.json of `long` (RoPE and attention far into the context):
    {"name", "seed", "made_with", "float32_noise": the same, as max |logit| difference,
     "chunked_difference": max |logit| difference of chunked and unchunked transformers over 2,000 ids,
     "prompt": {"length": 32000, "start": s, "multiplier": a, "increment": c, "modulus": m, "shift": k},
     "positions": [{"position": p (0-based), "logits": [float x vocab_size]} for p 15999, 16000, 31999]}
The prompt: x_0 = s; x_(i+1) = (a * x_i + c) mod m; token i is (x_(i+1) >> k) mod vocab_size, i = 0 .. 31999.
The logits at position p are the model's output after the tokens 0 .. p. transformers runs it in chunks of
500 tokens over its KV cache, since a 32000 x 32000 score matrix does not fit in memory.
"""

import argparse
import hashlib
import json
import math
import pathlib

import numpy as np
import torch
import transformers
from safetensors.torch import load_file, save_file

STEPS = 12
TOP = 5
PROMPT_LENGTHS = (1, 7, 33, 300)
MARGIN_MIN = 1e-3
DIFFERENT_TOKENS_MIN = 3
NOISE_MAX = 2e-5
SEED_MAX = 200
LONG_LENGTH = 32_000
LONG_POSITIONS = (15_999, 16_000, 31_999)
LONG_CHUNK = 500
LCG = {"start": 20251, "multiplier": 1103515245, "increment": 12345, "modulus": 1 << 31, "shift": 16}
DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}


def classic(theta, scaling=None):
    """RoPE as configs up to transformers 4 spell it."""
    return {"rope_theta": theta, "rope_scaling": scaling}


def parameters(theta, **more):
    """RoPE as transformers 5 spells it."""
    return {"rope_parameters": {"rope_type": "default", "rope_theta": theta} | more}


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
    "long": dict(hidden=48, heads=3, kv=1, head_dim=32, inter=77, vocab=97, context=32_768, qk_gain=2.0,
                 rope=classic(1e6)),
}


def config_of(golden):
    new_spelling = "rope_parameters" in golden["rope"]
    config = {
        "architectures": ["Qwen2ForCausalLM"],
        "attention_dropout": 0.0,
        "hidden_act": "silu",
        "hidden_size": golden["hidden"],
        "initializer_range": 0.02,
        "intermediate_size": golden["inter"],
        "max_position_embeddings": golden.get("context", 512),
        "max_window_layers": golden.get("layers", 2),
        "model_type": "qwen2",
        "num_attention_heads": golden["heads"],
        "num_hidden_layers": golden.get("layers", 2),
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
    return config | golden["rope"]


def generator(*key):
    digest = hashlib.sha256("/".join(map(str, key)).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:8], "little")))


def random_weights(golden, name, seed):
    """Tensors in file order. Layer 0 gets a few large key biases, as real Qwen2.5 checkpoints have."""
    hidden, inter, vocab = golden["hidden"], golden["inter"], golden["vocab"]
    head_dim = golden.get("head_dim") or hidden // golden["heads"]
    q, kv = golden["heads"] * head_dim, golden["kv"] * head_dim
    weights = {}

    def add(key, shape, scale, mean=0.0):
        values = mean + scale * generator(name, seed, key).standard_normal(shape)
        if key == "model.layers.0.self_attn.k_proj.bias":
            values[[1, head_dim // 2 - 1, kv - 2]] = (16.0, -12.0, 9.0)
        weights[key] = torch.from_numpy(values).to(DTYPES[golden.get("dtype", "bfloat16")])

    # A tied head would answer each token with itself unless the layers outweigh the embedding: small
    # embeddings, and a final norm that brings the logits back to a spread of about 2.
    tied = golden.get("tied", False)
    add("model.embed_tokens.weight", (vocab, hidden), 0.1 if tied else 0.3)
    for layer in range(golden.get("layers", 2)):
        prefix = f"model.layers.{layer}."
        add(prefix + "input_layernorm.weight", (hidden,), 0.2, 1.0)
        add(prefix + "self_attn.q_proj.weight", (q, hidden), golden.get("qk_gain", 1.0) / math.sqrt(hidden))
        add(prefix + "self_attn.q_proj.bias", (q,), 0.5)
        add(prefix + "self_attn.k_proj.weight", (kv, hidden), 1 / math.sqrt(hidden))
        add(prefix + "self_attn.k_proj.bias", (kv,), 0.5)
        add(prefix + "self_attn.v_proj.weight", (kv, hidden), 1 / math.sqrt(hidden))
        add(prefix + "self_attn.v_proj.bias", (kv,), 0.5)
        add(prefix + "self_attn.o_proj.weight", (hidden, q), 1 / math.sqrt(q))
        add(prefix + "post_attention_layernorm.weight", (hidden,), 0.2, 1.0)
        add(prefix + "mlp.gate_proj.weight", (inter, hidden), 1 / math.sqrt(hidden))
        add(prefix + "mlp.up_proj.weight", (inter, hidden), 1 / math.sqrt(hidden))
        add(prefix + "mlp.down_proj.weight", (hidden, inter), 1 / math.sqrt(inter))
    add("model.norm.weight", (hidden,), 0.2, 4.0 if tied else 1.0)
    if not tied:
        add("lm_head.weight", (vocab, hidden), 0.35)
    return weights


def write_checkpoint(folder, golden, weights):
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("model*"):
        old.unlink()
    (folder / "config.json").write_text(json.dumps(config_of(golden), indent=2) + "\n")
    shards = golden.get("shards", 1)
    if shards == 1:
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        return
    keys = list(weights)
    weight_map = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05d}-of-{shards:05d}.safetensors"
        part = keys[len(keys) * shard // shards : len(keys) * (shard + 1) // shards]
        save_file({key: weights[key] for key in part}, folder / file, metadata={"format": "pt"})
        weight_map |= {key: file for key in part}
    total = sum(tensor.numel() * tensor.element_size() for tensor in weights.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1) + "\n")


class Float64Qwen2:
    """The same model in float64 numpy, from the definition: tells transformers' own float32 error."""

    def __init__(self, folder):
        self.config = json.loads((folder / "config.json").read_text())
        self.weights = {}
        for file in folder.glob("model*.safetensors"):
            self.weights |= {key: tensor.double().numpy() for key, tensor in load_file(file).items()}
        self.heads, self.kv = self.config["num_attention_heads"], self.config["num_key_value_heads"]
        self.head_dim = self.config.get("head_dim") or self.config["hidden_size"] // self.heads
        self.frequencies, self.rope_scale = self.rope()

    def rope(self):
        """Inverse frequencies and the factor on cos and sin; YaRN as in its paper, beta 32 and 1."""
        rope = self.config.get("rope_parameters") or self.config.get("rope_scaling") or {}
        theta = rope.get("rope_theta") or self.config["rope_theta"]
        dim = self.head_dim
        plain = theta ** (-np.arange(0, dim, 2) / dim)
        kind = rope.get("rope_type") or rope.get("type") or "default"
        if kind == "default":
            return plain, 1.0
        assert kind == "yarn"
        length, factor = rope["original_max_position_embeddings"], rope["factor"]

        def dimension(rotations):
            return dim * math.log(length / (rotations * 2 * math.pi)) / (2 * math.log(theta))

        low, high = max(math.floor(dimension(32)), 0), min(math.ceil(dimension(1)), dim - 1)
        ramp = np.clip((np.arange(dim // 2) - low) / (high - low), 0, 1)
        return plain * (1 - ramp) + plain / factor * ramp, 0.1 * math.log(factor) + 1

    def norm(self, x, key):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + self.config["rms_norm_eps"]) * self.weights[key]

    def rotate(self, x, positions):
        angles = positions[:, None, None] * self.frequencies
        cos, sin = np.cos(angles) * self.rope_scale, np.sin(angles) * self.rope_scale
        a, b = np.split(x, 2, axis=-1)
        return np.concatenate((a * cos - b * sin, b * cos + a * sin), axis=-1)

    def attention(self, x, prefix, positions):
        def project(part, heads):
            y = x @ self.weights[f"{prefix}{part}_proj.weight"].T + self.weights[f"{prefix}{part}_proj.bias"]
            return y.reshape(len(x), heads, self.head_dim)

        k = self.rotate(project("k", self.kv), np.arange(len(x)))
        v = project("v", self.kv)
        q = self.rotate(project("q", self.heads), np.arange(len(x)))[positions]
        out = np.empty_like(q)
        for head in range(self.heads):
            group = head * self.kv // self.heads
            for start in range(0, len(positions), 256):
                rows = positions[start : start + 256]
                seen = rows[-1] + 1
                scores = q[start : start + 256, head] @ k[:seen, group].T / math.sqrt(self.head_dim)
                scores[np.arange(seen) > rows[:, None]] = -np.inf
                scores -= scores.max(-1, keepdims=True)
                np.exp(scores, out=scores)
                out[start : start + 256, head] = scores @ v[:seen, group] / scores.sum(-1, keepdims=True)
        return out.reshape(len(positions), -1) @ self.weights[prefix + "o_proj.weight"].T

    def logits(self, ids, positions):
        """Logits at the given positions (sorted) of the sequence ids: (positions, vocab)."""
        x = self.weights["model.embed_tokens.weight"][ids]
        layers = self.config["num_hidden_layers"]
        for layer in range(layers):
            prefix = f"model.layers.{layer}."
            rows = np.asarray(positions) if layer == layers - 1 else np.arange(len(ids))
            normed = self.norm(x, prefix + "input_layernorm.weight")
            x = x[rows] + self.attention(normed, prefix + "self_attn.", rows)
            normed = self.norm(x, prefix + "post_attention_layernorm.weight")
            gate = normed @ self.weights[prefix + "mlp.gate_proj.weight"].T
            up = normed @ self.weights[prefix + "mlp.up_proj.weight"].T
            x = x + gate / (1 + np.exp(-gate)) * up @ self.weights[prefix + "mlp.down_proj.weight"].T
        head = "model.embed_tokens.weight" if self.config["tie_word_embeddings"] else "lm_head.weight"
        return self.norm(x, "model.norm.weight") @ self.weights[head].T


def load_float32(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    ).eval()


def log_softmax(logits):
    return torch.log_softmax(torch.as_tensor(logits).double(), -1).numpy()


def digits(value):
    return float(f"{value:.9g}")


def greedy_case(model, exact, prompt):
    """One recorded case, its smallest gap among the top six of a step, and the float32 noise."""
    ids, logprobs, tops, gap = list(prompt), [], [], math.inf
    for _ in range(STEPS):
        row = log_softmax(model(torch.tensor([ids]), use_cache=False).logits[0, -1])
        order = np.argsort(-row)
        gap = min(gap, float(-np.diff(row[order[: TOP + 1]]).max()))
        logprobs.append([[int(i), digits(row[i])] for i in order[:TOP]])
        tops.append(order[:TOP])
        ids.append(int(order[0]))
    last = np.arange(len(prompt) - 1, len(prompt) + STEPS - 1)
    exact_tops = np.take_along_axis(log_softmax(exact.logits(ids[:-1], last)), np.stack(tops), -1)
    noise = float(np.abs(exact_tops - np.array(logprobs)[:, :, 1]).max())
    case = {"prompt_ids": list(prompt), "ids": ids[len(prompt) :], "logprobs": logprobs}
    return case, gap, noise


def short_golden(folder, name, seed):
    """The content of golden.json, or None when the seed does not fit (see the top)."""
    model, exact = load_float32(folder), Float64Qwen2(folder)
    cases, noises = [], []
    for length in PROMPT_LENGTHS:
        prompt = generator(name, seed, "prompt", length).integers(0, GOLDENS[name]["vocab"], length).tolist()
        case, gap, noise = greedy_case(model, exact, prompt)
        if gap < MARGIN_MIN or noise > NOISE_MAX or len(set(case["ids"])) < DIFFERENT_TOKENS_MIN:
            return None
        cases.append(case)
        noises.append(noise)
    return {"float32_noise": digits(max(noises)), "cases": cases}


def long_prompt(vocab):
    x, ids = LCG["start"], []
    for _ in range(LONG_LENGTH):
        x = (LCG["multiplier"] * x + LCG["increment"]) % LCG["modulus"]
        ids.append((x >> LCG["shift"]) % vocab)
    return ids


def chunked_logits(model, ids, chunk):
    """float32 logits of every position, over the KV cache."""
    cache, parts = transformers.DynamicCache(config=model.config), []
    for start in range(0, len(ids), chunk):
        out = model(torch.tensor([ids[start : start + chunk]]), past_key_values=cache, use_cache=True)
        parts.append(out.logits[0])
    return torch.cat(parts)


def long_golden(folder, name):
    model, exact = load_float32(folder), Float64Qwen2(folder)
    ids = long_prompt(GOLDENS[name]["vocab"])
    whole = model(torch.tensor([ids[:2000]]), use_cache=False).logits[0]
    difference = float((chunked_logits(model, ids[:2000], 300) - whole).abs().max())
    logits = chunked_logits(model, ids, LONG_CHUNK)[list(LONG_POSITIONS)].double().numpy()
    noise = float(np.abs(logits - exact.logits(ids, LONG_POSITIONS)).max())
    return {
        "float32_noise": digits(noise),
        "chunked_difference": digits(difference),
        "prompt": {"length": LONG_LENGTH} | LCG,
        "positions": [
            {"position": p, "logits": [digits(v) for v in row]} for p, row in zip(LONG_POSITIONS, logits)
        ],
    }


def compact(value):
    """JSON with one line for each case's field, so that a change is readable in a diff."""
    text = json.dumps(value, separators=(",", ":"))
    for field in ("cases", "prompt_ids", "ids", "logprobs", "positions", "position", "float32_noise",
        "prompt"):
        text = text.replace(f'"{field}":', f'\n"{field}":')
    return text + "\n"


def make(name, out):
    golden, folder, seed = GOLDENS[name], out / name, 0
    content = None
    while content is None:
        seed += 1
        if seed > SEED_MAX:
            raise SystemExit(f"{name}: no seed up to {SEED_MAX} gives well separated, quiet generations")
        write_checkpoint(folder, golden, random_weights(golden, name, seed))
        content = long_golden(folder, name) if name == "long" else short_golden(folder, name, seed)
    made_with = {"torch": torch.__version__, "transformers": transformers.__version__}
    content = {"name": name, "seed": seed, "made_with": made_with} | content
    (folder / "golden.json").write_text(compact(content))
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{name}: seed {seed}, float32 noise {content['float32_noise']:.2g}, {size:,} bytes", flush=True)


def main():
    arguments = argparse.ArgumentParser(description="Makes the whole-model goldens.")
    arguments.add_argument("names", nargs="*", help="goldens to make (default: all)")
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent)
    chosen = arguments.parse_args()
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    with torch.no_grad():
        for name in chosen.names or GOLDENS:
            make(name, chosen.out)


if __name__ == "__main__":
    main()
