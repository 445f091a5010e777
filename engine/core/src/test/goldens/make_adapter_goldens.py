#!/usr/bin/env python3
"""Makes the adapter goldens: random LoRA adapters of the goldens' checkpoints and what PEFT computes.

    python make_adapter_goldens.py [BASE/NAME ...]      (default: every one; make_goldens.py comes first)

Made with the versions that make_goldens.py names and peft 0.21.0. Each golden is a folder BASE/adapters/NAME
beside its base checkpoint BASE, in PEFT's layout (adapter_config.json, adapter_model.safetensors), and
golden.json. PEFT itself writes the configuration, and reads the finished folder back for the reference:
float32 weights and adapter (both upcast from the stored ones), attn_implementation="eager", the adapter not
merged, no KV cache. Prompts are those of BASE's golden.json, so that adapters of one base, and the base
alone, can be told apart on the same prompt.

golden.json is as make_goldens.py describes it, with one more field, "differs": the number of greedy ids,
over all steps, that are not the base's at the same step. float32_noise compares with the float64
model on W + s B A in float64, s being worked out here from the configuration and not taken from PEFT.

The weights depend on base, name and seed only. A seed is kept when make_goldens.py's rule holds (gaps of at
least 1e-3 between the six most likely tokens of every step, float32 noise of at most 2e-5, 3 different
tokens in each generation), at least DIFFERING_MIN ids of every generation (a third of short ones) are not the
base's, and bfloat16 (see measure_bf16.py) loses at most BF16_NOISE_MAX, unmerged and merged: a test that
allows a multiple of that loss should still tell an adapter from a wrong one.
"""

import argparse
import json
import math
import pathlib
import re

import numpy as np
import peft
import torch
import transformers
from safetensors.torch import load_file, save_file

import make_goldens
import measure_bf16
from float64_decoder import Float64Decoder
from golden_shapes import generator

HERE = pathlib.Path(__file__).resolve().parent
DIFFERING_MIN = 4  # of 12; of fewer steps a third
BF16_NOISE_MAX = 0.35
ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
BF16, F16, F32 = torch.bfloat16, torch.float16, torch.float32

# name: (dtype, spread of B A's entries relative to W's, LoraConfig's arguments)
ADAPTERS = {
    "dim64-group7-tied/r8-qv": (BF16, 0.4, dict(r=8, lora_alpha=16, target_modules=["q_proj", "v_proj"])),
    "dim64-group7-tied/r16-rslora": (F16, 0.4, dict(r=16, lora_alpha=8, use_rslora=True,
                                                    target_modules=["o_proj", "down_proj"])),
    "dim128-group7/r64": (BF16, 0.25, dict(r=64, lora_alpha=128, target_modules=ALL)),
    "dim128-group7/regex": (F16, 0.3, dict(
        r=4, lora_alpha=6,
        target_modules=r"model\.layers\.(0\.self_attn\.[kv]_proj|1\.mlp\.(gate|up)_proj)")),
    "dim32-group5-f32/r256": (BF16, 0.7, dict(r=256, lora_alpha=256, target_modules="all-linear")),
    # down_proj's pattern matches in layers 0 and 1 only: layer 2 keeps r and lora_alpha.
    "dim64-group5/patterns": (F32, 0.7, dict(
        r=8, lora_alpha=16, target_modules=ALL,
        rank_pattern={"q_proj": 3, r"layers\.[01]\.mlp\.down_proj": 20},
        alpha_pattern={"layers.1.self_attn.v_proj": 40, "up_proj": 5})),
    "dim64-group5/one-layer": (F32, 0.7, dict(r=8, lora_alpha=8, layers_to_transform=[1],
                                              target_modules=["q_proj", "o_proj", "gate_proj"])),
    "llama-dim32/r4": (BF16, 0.4, dict(r=4, lora_alpha=8, target_modules=ALL)),
    "mistral-dim32/r4": (BF16, 0.4, dict(r=4, lora_alpha=8, target_modules=ALL)),
    "qwen3-dim32-tied/r4": (BF16, 0.4, dict(r=4, lora_alpha=8, target_modules=ALL)),
    "gemma2-dim32/r4": (BF16, 0.4, dict(r=4, lora_alpha=8, target_modules=ALL)),
}


def value_of(patterns, module, other):
    """What a rank_pattern or alpha_pattern says of a module: its first key that ends the name."""
    return next((v for key, v in patterns.items() if re.fullmatch(rf"(.*\.)?({key})", module)), other)


def scale_of(config, module):
    rank = value_of(config.get("rank_pattern", {}), module, config["r"])
    alpha = value_of(config.get("alpha_pattern", {}), module, config["lora_alpha"])
    return alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)


def module_of(key):
    return key.removeprefix("base_model.model.").rsplit(".lora_", 1)[0]


def write_adapter(folder, base, config):
    """PEFT's own folder for the configuration; its weights are replaced by random_weights."""
    lora = peft.LoraConfig(task_type="CAUSAL_LM", **config)
    model = peft.get_peft_model(make_goldens.load_float32(base), lora)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    (folder / "README.md").unlink()  # a model card to fill in
    file = folder / "adapter_config.json"
    written = json.loads(file.read_text())
    written["base_model_name_or_path"] = base.name
    # PEFT lists names in the order of a set, and spells all-linear out.
    names = config["target_modules"]
    written["target_modules"] = sorted(names) if isinstance(names, list) else names
    file.write_text(json.dumps(written, indent=2) + "\n")


def random_weights(shapes, name, seed, dtype, spread, config):
    """A of variance 1 / in, B such that s B A has spread^2 times the variance 1 / in of the base's W."""
    weights = {}
    for key, shape in shapes.items():
        module = module_of(key)
        if ".lora_A." in key:
            deviation = 1 / math.sqrt(shape[1])
        else:
            deviation = spread / (abs(scale_of(config, module)) * math.sqrt(shape[1]))
        values = deviation * generator(name, seed, key).standard_normal(shape)
        weights[key] = torch.from_numpy(values).to(dtype)
    return weights


def exact_model(base, weights, config):
    exact = Float64Decoder(base)
    for key in weights:
        if ".lora_A." in key:
            a, b = (weights[k].double().numpy() for k in (key, key.replace("lora_A", "lora_B")))
            module = module_of(key)
            exact.weights[module + ".weight"] += scale_of(config, module) * (b @ a)
    return exact


def content_of(folder, base, base_cases, exact):
    """The content of golden.json, or None when the seed does not fit (see the top)."""
    model = peft.PeftModel.from_pretrained(make_goldens.load_float32(base), folder).eval()
    cases, noises, differs = [], [], 0
    for of_base in base_cases:
        case, gap, noise = make_goldens.greedy_case(
            model, exact, of_base["prompt_ids"], len(of_base["ids"]))
        differing = int(np.sum(np.array(case["ids"]) != np.array(of_base["ids"])))
        if (gap < make_goldens.MARGIN_MIN or noise > make_goldens.NOISE_MAX
                or differing < min(DIFFERING_MIN, len(case["ids"]) // 3)
                or len(set(case["ids"])) < make_goldens.DIFFERENT_TOKENS_MIN):
            return None
        cases.append(case)
        noises.append(noise)
        differs += differing
    content = {"float32_noise": make_goldens.digits(max(noises)), "differs": differs, "cases": cases}
    rounded = (measure_bf16.unmerged(folder), measure_bf16.merged(folder))
    return content if max(measure_bf16.noise(m, content) for m in rounded) <= BF16_NOISE_MAX else None


def make(key):
    dtype, spread, config = ADAPTERS[key]
    base_name, name = key.split("/")
    base, folder = HERE / base_name, HERE / base_name / "adapters" / name
    base_cases = json.loads((base / "golden.json").read_text())["cases"]
    write_adapter(folder, base, config)
    file = folder / "adapter_model.safetensors"
    shapes = {k: tuple(tensor.shape) for k, tensor in sorted(load_file(file).items())}
    content, seed = None, 0
    while content is None:
        seed += 1
        if seed > make_goldens.SEED_MAX:
            raise SystemExit(f"{key}: no seed up to {make_goldens.SEED_MAX} fits")
        weights = random_weights(shapes, key, seed, dtype, spread, config)
        save_file(weights, file, metadata={"format": "pt"})
        content = content_of(folder, base, base_cases, exact_model(base, weights, config))
    made_with = {library.__name__: library.__version__ for library in (torch, transformers, peft)}
    content = {"name": f"{base_name}/adapters/{name}", "seed": seed, "made_with": made_with} | content
    (folder / "golden.json").write_text(make_goldens.compact(content))
    size = sum(f.stat().st_size for f in folder.iterdir())
    print(f"{key}: seed {seed}, float32 noise {content['float32_noise']:.2g}, "
          f"{content['differs']} ids differ, {size:,} bytes", flush=True)


def main():
    arguments = argparse.ArgumentParser(description="Makes the adapter goldens.")
    arguments.add_argument("names", nargs="*", help="BASE/NAME to make (default: all)")
    chosen = arguments.parse_args()
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    with torch.no_grad():
        for key in chosen.names or ADAPTERS:
            make(key)


if __name__ == "__main__":
    main()
