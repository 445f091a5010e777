#!/usr/bin/env python3
"""Makes the training goldens: 12 steps of fine-tuning small random checkpoints with transformers and peft.

    python make_training_goldens.py [NAME ...]      (default: every one)

Made with torch 2.13.0 (CPU, 1 thread), transformers 5.18.0 and peft 0.21.0. The bases, and the adapters that
training begins with, are goldens of engine/core. Everything is float32: attn_implementation="eager", AdamW of
torch (betas 0.9 and 0.999, eps 1e-8, no decay), clipping to 1. The loss of a step is the mean over its
sequences of the mean over a sequence's labels; a label is predicted by the token before it.

golden.json:
    {"base": folder in engine/core/src/test/goldens, "adapter": folder below it or null,
     "sequences": [{"ids": [int], "labels": [int or -100]}], "steps": [[index of a sequence x 6] x 12],
     "lr": [float x 12], "loss": [float x 12], "norm": [float x 12, before clipping], "stride": int}
final.safetensors: every stride-th element of each trained tensor after the last step.
"""

import argparse
import json
import math
import pathlib

import numpy as np
import peft
import torch
import transformers
from safetensors.torch import load_file, save_file

HERE = pathlib.Path(__file__).resolve().parent
BASES = HERE.parents[3] / "core/src/test/goldens"
STEPS, SEQUENCES, LENGTH_MAX = 12, 6, 60

# name: (base, adapter, peak learning rate, stride)
GOLDENS = {
    "lora-all": ("dim128-group7", "r64", 2e-3, 23),
    "lora-rslora": ("dim64-group7-tied", "r16-rslora", 2e-3, 7),
    "full-tied": ("dim64-group7-tied", None, 1e-3, 17),
    "full-untied": ("dim64-group5", None, 1e-3, 17),
}


def base_model(folder):
    config = transformers.AutoConfig.from_pretrained(folder, attn_implementation="eager")
    model = transformers.AutoModelForCausalLM.from_config(config).float()
    state = {}
    for file in sorted(folder.glob("*.safetensors")):
        state.update({name: tensor.float() for name, tensor in load_file(file).items()})
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    model.tie_weights()
    return model


def random_sequences(random, vocabulary):
    """Lengths from 2 on; labels at the end, in the middle, everywhere, and the last alone."""
    sequences = []
    for i in range(10):
        ids = random.integers(0, vocabulary, 2 + i if i < 2 else random.integers(5, LENGTH_MAX)).tolist()
        begin = [1, len(ids) - 1, 0, len(ids) // 2][i % 4]
        end = len(ids) - (len(ids) // 5 if i % 4 == 3 else 0)
        labels = [token if begin <= t < end else -100 for t, token in enumerate(ids)]
        sequences.append({"ids": ids, "labels": labels})
    return sequences


def loss_of(model, sequence):
    logits = model(torch.tensor([sequence["ids"]]), use_cache=False).logits[0, :-1]
    return torch.nn.functional.cross_entropy(logits, torch.tensor(sequence["labels"][1:]))


def make(name):
    base, adapter, peak, stride = GOLDENS[name]
    model = base_model(BASES / base)
    if adapter is not None:
        folder = BASES / base / "adapters" / adapter
        model = peft.PeftModel.from_pretrained(model, folder, is_trainable=True, autocast_adapter_dtype=False)
        model = model.float()
    model.train()
    random = np.random.default_rng(list(name.encode()))
    sequences = random_sequences(random, model.config.vocab_size)
    trained = {key: p for key, p in model.named_parameters() if p.requires_grad}
    optimizer = torch.optim.AdamW(trained.values(), lr=peak, weight_decay=0.0)
    golden = {"base": base, "adapter": adapter, "sequences": sequences, "steps": [], "lr": [], "loss": [],
              "norm": [], "stride": stride}
    for step in range(STEPS):
        chosen = random.choice(len(sequences), SEQUENCES, replace=False).tolist()
        rate = peak * (step / 2 if step < 2 else 0.5 * (1 + math.cos(math.pi * (step - 2) / (STEPS - 2))))
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        total = 0.0
        for index in chosen:
            loss = loss_of(model, sequences[index]) / SEQUENCES
            loss.backward()
            total += loss.item()
        norm = torch.nn.utils.clip_grad_norm_(trained.values(), 1.0)
        optimizer.step()
        golden["steps"].append(chosen)
        for key, value in (("lr", rate), ("loss", total), ("norm", float(norm))):
            golden[key].append(value)
    out = HERE / name
    out.mkdir(exist_ok=True)
    (out / "golden.json").write_text(json.dumps(golden) + "\n")
    final = {key.removeprefix("base_model.model.").replace(".default.", "."):
             p.detach().flatten()[::stride].clone() for key, p in trained.items()}
    save_file(final, out / "final.safetensors")
    print(name, golden["loss"][0], golden["loss"][-1], golden["norm"][0])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    torch.set_num_threads(1)
    for each in parser.parse_args().names or GOLDENS:
        make(each)
