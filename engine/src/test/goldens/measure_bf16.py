#!/usr/bin/env python3
"""How far transformers in bfloat16 is from the goldens: the yardstick of backends that round to bf16.

    python measure_bf16.py        (writes bf16_noise.json beside this script)

For every golden: the model with all weights and activations in bfloat16 (attn_implementation="eager",
KV in bfloat16 too) reads prompt and golden ids, and the largest |log-probability - golden| over the
recorded top 5 of every step is noted. Made with the versions that make_goldens.py names.
"""

import json
import pathlib

import torch
import transformers

HERE = pathlib.Path(__file__).parent


def noise(folder):
    golden = json.loads((folder / "golden.json").read_text())
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.bfloat16, attn_implementation="eager")
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
    return worst


if __name__ == "__main__":
    torch.set_num_threads(1)
    folders = sorted(path.parent for path in HERE.glob("*/golden.json"))
    result = {f.name: float(f"{noise(f):.3g}") for f in folders if f.name != "long"}
    (HERE / "bf16_noise.json").write_text(json.dumps(result, indent=1) + "\n")
    print(result)
