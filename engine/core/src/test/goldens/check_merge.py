#!/usr/bin/env python3
"""Whether transformers loads what `longhand merge` wrote and says what the unmerged run says.

    python check_merge.py LONGHAND_JAR [JAVA]      merges every adapter golden and checks each

Merged weights are rounded to the dtype of the base once, so an id may differ where the golden's two most
likely tokens are a tie within what that rounding explains; the step and their distance are printed then.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers

HERE = pathlib.Path(__file__).parent


def check(jar, java, adapter, out):
    base = adapter.parent.parent
    command = [java, "--enable-native-access=ALL-UNNAMED", "-jar", jar, "merge", "--model", base,
               "--adapter", adapter, "--out", out]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        out, dtype=torch.float32, attn_implementation="eager").eval()
    equal, steps, notes = 0, 0, ""
    for case in json.loads((adapter / "golden.json").read_text())["cases"]:
        prompt = torch.tensor([case["prompt_ids"]])
        output = model.generate(
            prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=len(case["ids"]),
            do_sample=False, eos_token_id=None, pad_token_id=0)
        ids = output[0, prompt.shape[1]:].tolist()
        same = next((i for i, (a, b) in enumerate(zip(ids, case["ids"])) if a != b), len(ids))
        equal, steps = equal + same, steps + len(ids)
        if same < len(ids):
            top = case["logprobs"][same]
            other = [lp for token, lp in top if token == ids[same]]
            notes += f"; step {same}: " + (f"apart by {top[0][1] - other[0]:.3f}" if other else "WRONG")
    print(f"{adapter.relative_to(HERE)}: {equal} of {steps} ids equal up to the first difference{notes}")


def main():
    jar, java = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "java"
    for config in sorted(HERE.glob("*/adapters/*/adapter_config.json")):
        with tempfile.TemporaryDirectory() as folder:
            check(jar, java, config.parent, pathlib.Path(folder) / "merged")


if __name__ == "__main__":
    main()
