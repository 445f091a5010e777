#!/usr/bin/env python3
"""How far transformers in bfloat16 is from the goldens: the yardstick of backends that round to bf16.

    python measure_bf16.py [NAME ...]     (default: all; updates bf16_noise.json beside this script)

For every golden: the model with all weights and activations in bfloat16 (attn_implementation="eager",
KV in bfloat16 too) reads prompt and golden ids, and the largest |log-probability - golden| over the
recorded top 5 of every step is noted. An adapter golden has two entries: BASE/adapters/NAME, PEFT's
unmerged adapter in bfloat16 too, and BASE/adapters/NAME/merged, PEFT's merge rounded to bfloat16 once
(added in float32). Made with the versions that make_goldens.py and make_adapter_goldens.py name.
"""

import json
import pathlib
import sys

import peft
import torch
import transformers

HERE = pathlib.Path(__file__).parent


def load(folder, dtype):
    return transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, attn_implementation="eager").eval()


def unmerged(folder):
    base = load(folder.parent.parent, torch.bfloat16)
    return peft.PeftModel.from_pretrained(base, folder, autocast_adapter_dtype=False).to(torch.bfloat16)


def merged(folder):
    base = load(folder.parent.parent, torch.float32)
    return peft.PeftModel.from_pretrained(base, folder).merge_and_unload().to(torch.bfloat16)


def noise(model, golden):
    worst = 0.0
    for case in golden["cases"]:
        tokens = case["prompt_ids"] + case["ids"][:-1]
        with torch.no_grad():
            logits = model(torch.tensor([tokens])).logits[0]
        logprobs = torch.log_softmax(logits.double(), -1)
        for step, top in enumerate(case["logprobs"]):
            row = logprobs[len(case["prompt_ids"]) - 1 + step]
            for token, logprob in top:
                worst = max(worst, abs(row[token].item() - logprob))
    return float(f"{worst:.3g}")


def measure(name):
    folder = HERE / name
    golden = json.loads((folder / "golden.json").read_text())
    if folder.parent.name != "adapters":
        return {name: noise(load(folder, torch.bfloat16), golden)}
    return {name: noise(unmerged(folder), golden), f"{name}/merged": noise(merged(folder), golden)}


def names():
    folders = [file.parent.relative_to(HERE).as_posix() for file in HERE.rglob("golden.json")]
    return [name for name in folders if name != "long"]


def main():
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    file = HERE / "bf16_noise.json"
    result = json.loads(file.read_text()) if file.exists() else {}
    for name in sys.argv[1:] or names():
        measured = measure(name)
        print(measured, flush=True)
        result |= measured
    file.write_text(json.dumps(dict(sorted(result.items())), indent=1) + "\n")


if __name__ == "__main__":
    main()
