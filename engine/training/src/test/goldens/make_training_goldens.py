#!/usr/bin/env python3
"""Makes the training goldens: steps of fine-tuning small random checkpoints with transformers and peft.

    python make_training_goldens.py [NAME ...]      (default: every one)

Made with torch 2.13.0 (CPU, 1 thread), transformers 5.18.0 and peft 0.21.0. The bases, and the adapters that
training begins with, are goldens of engine/core. Everything is float32: attn_implementation="eager", AdamW of
torch (betas 0.9 and 0.999, eps 1e-8, decay of matrices alone), clipping to 1. The loss of a step is the mean
over its sequences of the mean over a sequence's labels, or the mean over all its labels ("token"); a label is
predicted by the token before it.

golden.json:
    {"base": folder in engine/core/src/test/goldens, "adapter": folder below it or null,
     "sequences": [{"ids": [int], "labels": [int or -100]}], "steps": [[index of a sequence x 6] x 12 or 2],
     "lr": [float x 12 or 2], "loss": likewise, "norm": likewise, before clipping, "stride": int,
     "normalisation": "sequence" or "token", "weight_decay": float}
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
FAMILY_STEPS = 2

# name: (base, adapter, peak learning rate, stride, normalisation, weight decay, schedule)
GOLDENS = {
    "lora-all": ("dim128-group7", "r64", 2e-3, 23, "sequence", 0.0, "cosine"),
    "lora-rslora": ("dim64-group7-tied", "r16-rslora", 2e-3, 7, "sequence", 0.0, "cosine"),
    "lora-token": ("dim64-group7-tied", "r8-qv", 3e-3, 3, "token", 0.0, "linear"),
    "full-tied": ("dim64-group7-tied", None, 1e-3, 17, "sequence", 0.0, "cosine"),
    "full-untied": ("dim64-group5", None, 1e-3, 17, "sequence", 0.0, "cosine"),
    "full-token-decay": ("dim64-group3-f16", None, 2e-3, 17, "token", 0.1, "wsd"),
    "full-group1": ("dim32-group1-tied", None, 1e-3, 17, "sequence", 0.0, "constant"),
    # Of other families than Qwen2, FAMILY_STEPS steps.
    "llama-lora": ("llama-dim32", "r4", 2e-3, 7, "sequence", 0.0, "family"),
    "llama-full": ("llama-dim128-biased", None, 1e-3, 17, "sequence", 0.0, "family"),
    "mistral-lora": ("mistral-dim32", "r4", 2e-3, 7, "sequence", 0.0, "family"),
    "mistral-full": ("mistral-dim64-window", None, 1e-3, 17, "sequence", 0.0, "family"),
    "qwen3-lora": ("qwen3-dim32-tied", "r4", 2e-3, 7, "sequence", 0.0, "family"),
    "qwen3-full": ("qwen3-dim64-window", None, 1e-3, 17, "sequence", 0.0, "family"),
    "gemma2-lora": ("gemma2-dim32", "r4", 2e-3, 7, "sequence", 0.0, "family"),
    "gemma2-full": ("gemma2-dim64", None, 1e-3, 17, "sequence", 0.0, "family"),
}


def base_model(folder):
    config = transformers.AutoConfig.from_pretrained(folder, attn_implementation="eager")
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    state = {}
    for file in sorted(folder.glob("*.safetensors")):
        state.update({name: tensor.float() for name, tensor in load_file(file).items()})
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    model.tie_weights()
    model.get_input_embeddings().padding_idx = None  # Gemma 2's default would freeze the row of id 0
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


def several_turns(sequence):
    """Learns two of every three runs of four tokens instead."""
    labels = [token if t % 12 >= 4 else -100 for t, token in enumerate(sequence["ids"])]
    return {"ids": sequence["ids"], "labels": labels} if max(labels[1:]) >= 0 else sequence


def count(sequence):
    return sum(label >= 0 for label in sequence["labels"][1:])


def loss_of(model, sequence):
    """The sum over the labels."""
    logits = model(torch.tensor([sequence["ids"]]), use_cache=False).logits[0, :-1]
    return torch.nn.functional.cross_entropy(logits, torch.tensor(sequence["labels"][1:]), reduction="sum")


def factor(schedule, step):
    """Of the peak: a warm-up of two steps, then the schedule; "wsd" falls in the last two steps."""
    done = (step - 2) / (STEPS - 2)
    if schedule == "family":
        return 1
    if step < 2:
        return step / 2
    return {"cosine": 0.5 * (1 + math.cos(math.pi * done)), "linear": 1 - done, "constant": 1,
            "wsd": min(1, (STEPS - step) / 2)}[schedule]


def make(name):
    base, adapter, peak, stride, normalisation, decay, schedule = GOLDENS[name]
    model = base_model(BASES / base)
    if adapter is not None:
        folder = BASES / base / "adapters" / adapter
        model = peft.PeftModel.from_pretrained(model, folder, is_trainable=True, autocast_adapter_dtype=False)
        model = model.float()
    model.train()
    random = np.random.default_rng(list(name.encode()))
    sequences = random_sequences(random, model.config.vocab_size)
    if normalisation == "token":
        sequences = [several_turns(each) if i % 2 else each for i, each in enumerate(sequences)]
    trained = {key: p for key, p in model.named_parameters() if p.requires_grad}
    groups = [{"params": [p for p in trained.values() if (p.dim() > 1) == matrices],
               "weight_decay": decay if matrices else 0.0} for matrices in (True, False)]
    optimizer = torch.optim.AdamW([group for group in groups if group["params"]], lr=peak)
    golden = {"base": base, "adapter": adapter, "sequences": sequences, "steps": [], "lr": [], "loss": [],
              "norm": [], "stride": stride, "normalisation": normalisation, "weight_decay": decay}
    for step in range(FAMILY_STEPS if schedule == "family" else STEPS):
        chosen = random.choice(len(sequences), SEQUENCES, replace=False).tolist()
        rate = peak * factor(schedule, step)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        total = 0.0
        labels = sum(count(sequences[index]) for index in chosen)
        for index in chosen:
            of = count(sequences[index]) * SEQUENCES if normalisation == "sequence" else labels
            loss = loss_of(model, sequences[index]) / of
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
