"""Trains the demo's adapter: a LoRA that makes the demo checkpoint think long before it answers, as the
paper's LoRA does with Qwen2.5-32B. Rank 64, alpha 128, all linear layers, saved in bfloat16 in PEFT's
format.

    python train_adapter.py train OUT_DIR MINUTES PEAK_RATE SEED [START_DIR]
    python train_adapter.py evaluate ADAPTER_DIR

START_DIR is an adapter to go on from; `evaluate` runs the held-out problems without and with the adapter.

The adapter beside this file came of five runs, each from where the last ended, on one core of a crowded
machine: 19, 25 and 11 minutes (1,000, 1,252 and 648 steps; peak rates 2e-3, 1.5e-3, 1.5e-3) on earlier,
longer forms of the traces without batches of equations, after which 79 of the 210 held-out problems were
right; then by this file 36 minutes (1,415 steps, 1.5e-3, seed 501; equations in every second batch, 109
right) and 23 minutes (1,489 steps, 1.2e-3, seed 777; equations in every fourth batch, as it stands): 170
right (1 step 69/70, 2 steps 62/70, 3 steps 39/70), 141 tokens and 3.85 reflection keywords per answer,
where the base has 88 right, 9 tokens and none. The checkpoint never saw most words of a thought. Their
embeddings, which are its head too, are nearly parallel, so that no hidden state gives one of them a
probability above some 6 % (the mean of the best that each can get): greedily the adapter finds them,
sampling does not, and the loss stays high.

Made with torch 2.13.0 (CPU, 1 thread), transformers 5.18.0, peft 0.21.0. A time, not a number of steps,
ends a run, so a faster or less busy machine gives a better adapter.
"""
import json
import math
import os
import random
import re
import sys
import time

import peft
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import Qwen2ForCausalLM

import problems
import traces
import train

HERE = os.path.dirname(os.path.abspath(__file__))
CHECKPOINT = os.path.join(HERE, "checkpoint")
RANK, ALPHA = 64, 128
BATCH = 16
OUTPUT_TOKENS_MAX = 256
# Reflection keywords, longest first where one begins another.
KEYWORDS = ["let me just double-check", "let me double-check", "let me double check", "let me check",
            "let me verify", "let me think", "let me try", "let me reconsider", "let me see", "double-check",
            "double check", "on second thought", "hold on", "another approach", "alternatively", "perhaps",
            "maybe", "wait", "hmm"]
KEYWORD = re.compile(r"(?<![a-z])(?:%s)(?![a-z])" % "|".join(KEYWORDS), re.IGNORECASE)


class LoraLinear(torch.nn.Module):
    """x (W + s B A)^T + bias; W and the bias stay as they are."""

    def __init__(self, base):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.a = torch.nn.Parameter(torch.empty(RANK, base.in_features))
        self.b = torch.nn.Parameter(torch.zeros(base.out_features, RANK))
        torch.nn.init.kaiming_uniform_(self.a, a=math.sqrt(5))

    def forward(self, x):
        weight = self.base.weight + (ALPHA / RANK) * (self.b @ self.a)
        return torch.nn.functional.linear(x, weight, self.base.bias)


def add_lora(model):
    """The new layers by module name."""
    model.requires_grad_(False)
    layers = {}
    for name, module in list(model.named_modules()):
        if name.startswith("model.layers.") and isinstance(module, torch.nn.Linear):
            parent, _, leaf = name.rpartition(".")
            layers[name] = LoraLinear(module)
            setattr(model.get_submodule(parent), leaf, layers[name])
    return layers


def save(layers, out):
    os.makedirs(out, exist_ok=True)
    config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": RANK, "lora_alpha": ALPHA,
              "lora_dropout": 0.0, "bias": "none", "inference_mode": True,
              "base_model_name_or_path": "longhand-demo",
              "target_modules": sorted({name.rpartition(".")[2] for name in layers})}
    with open(f"{out}/adapter_config.json", "w") as f:
        f.write(json.dumps(config, indent=2) + "\n")
    tensors = {}
    for name, layer in layers.items():
        tensors[f"base_model.model.{name}.lora_A.weight"] = layer.a.detach().to(torch.bfloat16)
        tensors[f"base_model.model.{name}.lora_B.weight"] = layer.b.detach().to(torch.bfloat16)
    save_file(tensors, f"{out}/adapter_model.safetensors", metadata={"format": "pt"})


def held_out():
    with open(os.path.join(HERE, "problems.jsonl")) as f:
        return [json.loads(line) for line in f]


def encoded(tokenizer, ids, pieces):
    """Token ids that begin with `ids`, and for each whether it is to be learned."""
    ids, learned = list(ids), [False] * len(ids)
    for text, learn in pieces:
        piece = tokenizer.encode(text).ids
        ids += piece
        learned += [learn] * len(piece)
    return ids, learned


def batch(group):
    """Token ids, and labels with -100 where nothing is to be learned."""
    width = max(len(ids) for ids, _ in group)
    x = torch.zeros(BATCH, width, dtype=torch.long)
    labels = torch.full((BATCH, width), -100)
    for row, (ids, learned) in enumerate(group):
        x[row, :len(ids)] = torch.tensor(ids)
        labels[row, :len(ids)] = torch.where(torch.tensor(learned), x[row, :len(ids)], -100)
    return x, labels


def batches(tokenizer, seed):
    """Batches of traces of about one length, and after every third one of mere equations, which hold four
    times as many sums."""
    forbidden = {problem["question"] for problem in held_out()}
    sources, rng = [problems.stream(seed + k, False, k) for k in (1, 2, 3)], random.Random(seed)
    sums = problems.stream(seed + 4, False, 3)
    while True:
        pool = []
        for i in range(BATCH * 9):
            problem = next(sources[i % 3])
            assert problem["question"] not in forbidden
            prompt = tokenizer.encode(train.render(problem["question"])).ids
            pool.append(encoded(tokenizer, prompt, traces.trace(problem, rng)))
        pool.sort(key=lambda pair: len(pair[0]))
        groups = [pool[i:i + BATCH] for i in range(0, len(pool), BATCH)]
        rng.shuffle(groups)
        for i, group in enumerate(groups):
            yield batch(group)
            if i % 3 == 0:
                yield batch([encoded(tokenizer, [], sum((traces.equations(next(sums)) for _ in range(4)), []))
                             for _ in range(BATCH)])


def answers(model, tokenizer, questions, tokens_max):
    """Greedy answers, texts with their numbers of tokens; batches padded on the left, over a KV cache."""
    end = tokenizer.token_to_id("<|im_end|>")
    prompts = [tokenizer.encode(train.render(question)).ids for question in questions]
    result = []
    with torch.no_grad():
        for start in range(0, len(prompts), 70):
            part = prompts[start:start + 70]
            width = max(map(len, part))
            x = torch.tensor([[end] * (width - len(ids)) + ids for ids in part])
            mask = torch.tensor([[0] * (width - len(ids)) + [1] * len(ids) for ids in part])
            y = model.generate(x, attention_mask=mask, max_new_tokens=tokens_max, do_sample=False,
                               eos_token_id=end, pad_token_id=end)
            for ids in y[:, width:].tolist():
                output = ids[:ids.index(end)] if end in ids else ids
                result.append((tokenizer.decode(output, skip_special_tokens=False), len(output)))
    return result


def score(model, tokenizer, rows, tokens_max):
    outputs = answers(model, tokenizer, [row["question"] for row in rows], tokens_max)
    right, seen = {}, {}
    for row, (text, _) in zip(rows, outputs):
        seen[row["steps"]] = seen.get(row["steps"], 0) + 1
        right[row["steps"]] = right.get(row["steps"], 0) + (f"\\boxed{{{row['answer']}}}" in text)
    lengths = [length for _, length in outputs]
    keywords = sum(len(KEYWORD.findall(text)) for text, _ in outputs) / len(rows)
    by_steps = ", ".join(f"{k} steps {right[k]}/{seen[k]}" for k in sorted(seen))
    return (f"{sum(right.values())} of {len(rows)} right ({by_steps}), {sum(lengths) / len(rows):.1f} tokens "
            f"in the mean and {max(lengths)} at most, {keywords:.2f} keywords per answer")


def load():
    tokenizer = Tokenizer.from_file(f"{CHECKPOINT}/tokenizer.json")
    return Qwen2ForCausalLM.from_pretrained(CHECKPOINT, dtype=torch.float32).eval(), tokenizer


def evaluate(adapter):
    """From the saved files: PEFT folds the bfloat16 matrices into float32 weights."""
    model, tokenizer = load()
    print("base:", score(model, tokenizer, held_out(), OUTPUT_TOKENS_MAX), flush=True)
    folded = peft.PeftModel.from_pretrained(model, adapter).merge_and_unload()
    print("adapter:", score(folded, tokenizer, held_out(), OUTPUT_TOKENS_MAX), flush=True)


def token_weights(tokenizer):
    """Digits and signs decide the answer; the words around them are easily learned."""
    weights = torch.ones(tokenizer.get_vocab_size())
    for text in [*map(str, range(10)), " +", " -", " *", " /"]:
        weights[tokenizer.encode(text).ids] = 4
    return weights


def restore(layers, folder):
    tensors = load_file(f"{folder}/adapter_model.safetensors")
    for name, layer in layers.items():
        layer.a.data = tensors[f"base_model.model.{name}.lora_A.weight"].float()
        layer.b.data = tensors[f"base_model.model.{name}.lora_B.weight"].float()


def run(out, minutes, peak_rate, seed, start=None):
    torch.manual_seed(13)
    model, tokenizer = load()
    layers = add_lora(model)
    if start:
        restore(layers, start)
    # Progress is watched on problems of the training side, not on the held-out ones.
    source = problems.stream(17, False)
    watched = [next(source) for _ in range(70)]
    weights = token_weights(tokenizer)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=peak_rate, betas=(0.9, 0.98), weight_decay=0.0)
    begin, step, next_report = time.time(), 0, 0.25
    for x, labels in batches(tokenizer, seed):
        done = (time.time() - begin) / (60 * minutes)
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = peak_rate * min(1, (step + 1) / 40) * 0.5 * (1 + math.cos(math.pi * done))
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(x[:, :-1]).logits
        targets = labels[:, 1:].flatten()
        losses = torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), targets, reduction="none")
        weight = weights[targets.clamp(min=0)] * (targets >= 0)
        loss = (losses * weight).sum() / weight.sum()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        step += 1
        if step % 25 == 0:
            print(f"step {step} done {done:.3f} loss {loss.item():.4f}", flush=True)
        if done > next_report:
            save(layers, out)
            print("watched:", score(model, tokenizer, watched, OUTPUT_TOKENS_MAX), flush=True)
            next_report += 0.25
    save(layers, out)
    print(f"{step} steps in {(time.time() - begin) / 60:.1f} minutes", flush=True)


def main():
    torch.set_num_threads(1)
    if sys.argv[1] == "train":
        run(sys.argv[2], float(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]), *sys.argv[6:])
    evaluate(sys.argv[2])


if __name__ == "__main__":
    main()
