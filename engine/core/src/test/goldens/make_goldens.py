#!/usr/bin/env python3
"""Makes the whole-model goldens: tiny random checkpoints and what transformers computes on them.

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
vocabulary. There are no eos ids: every generation runs its full 12 steps (6 for other families than Qwen2).

golden.json of a short golden:
    {"name": str, "seed": int, "made_with": {"torch": str, "transformers": str},
     "float32_noise": max |log-probability, float32 transformers - float64 model below| over all recorded
                      numbers: the error that transformers itself makes,
     "cases": [{"prompt_ids": [int x 1, 7, 33 or 300; for other families than Qwen2 x 1, 20 or 90],
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
import json
import math
import pathlib
from functools import partial

import numpy as np
import torch
import transformers
from safetensors.torch import save_file

from float64_decoder import Float64Decoder
from golden_shapes import GOLDENS, config_of, generator, random_weights

STEPS = 12
TOP = 5
PROMPT_LENGTHS = (1, 7, 33, 300)
FAMILY_STEPS = 6
FAMILY_PROMPT_LENGTHS = (1, 20, 90)
MARGIN_MIN = 1e-3
DIFFERENT_TOKENS_MIN = 3
NOISE_MAX = 2e-5
SEED_MAX = 200
LONG_LENGTH = 32_000
LONG_POSITIONS = (15_999, 16_000, 31_999)
LONG_CHUNK = 500
LCG = {"start": 20251, "multiplier": 1103515245, "increment": 12345, "modulus": 1 << 31, "shift": 16}


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


def load_float32(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    ).eval()


def log_softmax(logits):
    return torch.log_softmax(torch.as_tensor(logits).double(), -1).numpy()


def digits(value):
    return float(f"{value:.9g}")


def greedy_case(model, exact, prompt, steps):
    """One recorded case, its smallest gap among the top six of a step, and the float32 noise."""
    ids, logprobs, tops, gap = list(prompt), [], [], math.inf
    for _ in range(steps):
        row = log_softmax(model(torch.tensor([ids]), use_cache=False).logits[0, -1])
        order = np.argsort(-row)
        gap = min(gap, float(-np.diff(row[order[: TOP + 1]]).max()))
        logprobs.append([[int(i), digits(row[i])] for i in order[:TOP]])
        tops.append(order[:TOP])
        ids.append(int(order[0]))
    last = np.arange(len(prompt) - 1, len(prompt) + steps - 1)
    exact_tops = np.take_along_axis(log_softmax(exact.logits(ids[:-1], last)), np.stack(tops), -1)
    noise = float(np.abs(exact_tops - np.array(logprobs)[:, :, 1]).max())
    case = {"prompt_ids": list(prompt), "ids": ids[len(prompt) :], "logprobs": logprobs}
    return case, gap, noise


def cases_of(golden):
    """The lengths of the prompts, and the steps after them."""
    if golden.get("family", "qwen2") != "qwen2" or "window" in golden:
        return FAMILY_PROMPT_LENGTHS, FAMILY_STEPS
    return PROMPT_LENGTHS, STEPS


def short_golden(folder, name, seed):
    """The content of golden.json, or None when the seed does not fit (see the top)."""
    model, exact = load_float32(folder), Float64Decoder(folder)
    cases, noises = [], []
    lengths, steps = cases_of(GOLDENS[name])
    for length in lengths:
        prompt = generator(name, seed, "prompt", length).integers(0, GOLDENS[name]["vocab"], length).tolist()
        case, gap, noise = greedy_case(model, exact, prompt, steps)
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
    model, exact = load_float32(folder), Float64Decoder(folder)
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


def find(name, shape, write):
    """The first seed that fits, and its golden: write(weights) returns a folder in safetensors."""
    GOLDENS[name] = shape
    for seed in range(1, SEED_MAX + 1):
        folder = write(random_weights(shape, name, seed))
        content = long_golden(folder, name) if name == "long" else short_golden(folder, name, seed)
        if content is not None:
            return seed, content
    raise SystemExit(f"{name}: no seed up to {SEED_MAX} gives well separated, quiet generations")


def record(folder, name, shape, write, **versions):
    """Writes golden.json beside what write leaves in the folder (see find)."""
    seed, content = find(name, shape, write)
    made_with = {"torch": torch.__version__, "transformers": transformers.__version__} | versions
    content = {"name": name, "seed": seed, "made_with": made_with} | content
    (folder / "golden.json").write_text(compact(content))
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{name}: seed {seed}, float32 noise {content['float32_noise']:.2g}, {size:,} bytes", flush=True)


def make(name, out):
    def write(weights):
        write_checkpoint(out / name, GOLDENS[name], weights)
        return out / name

    record(out / name, name, GOLDENS[name], write)


def command(description, makers, out):
    """A script's main: makers, by name, write their golden below a folder."""
    arguments = argparse.ArgumentParser(description=description)
    arguments.add_argument("names", nargs="*", help="goldens to make (default: all)")
    arguments.add_argument("--out", type=pathlib.Path, default=out)
    chosen = arguments.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    with torch.no_grad():
        for name in chosen.names or makers:
            makers[name](chosen.out)


HERE = pathlib.Path(__file__).resolve().parent

if __name__ == "__main__":
    command("Makes the whole-model goldens.", {name: partial(make, name) for name in GOLDENS}, HERE)
