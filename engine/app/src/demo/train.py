"""Trains the demo checkpoint: a Qwen2 model of 2.5 million parameters that answers arithmetic word
problems directly, "The answer is \\boxed{42}.".

    python train.py OUT_DIR QWEN_TOKENIZER_DIR MINUTES

QWEN_TOKENIZER_DIR holds the official Qwen2.5 tokenizer.json and tokenizer_config.json, from which
the pre-tokenizer, the decoder and the chat template are taken as they are. One thread; seeds 7
(weights), 1 (training problems). The checkpoint that ships: MINUTES = 34 on one core, 2,891 steps; 88
of the 210 held-out problems right (one step 48/70, two 26/70, three 14/70). A time, not a number of
steps, ends the run, so a faster machine gives a better checkpoint.
"""
import json
import math
import os
import random
import sys
import time

import torch
from tokenizers import Tokenizer, models, trainers
from transformers import Qwen2Config, Qwen2ForCausalLM

import problems

TRACES = """<|begin_of_thought|> Okay, so let me think step by step. First, {n} has {a}. \
Then, so far that makes {b}.
Wait, let me check that again. Alternatively, I can count differently. Hmm, however, that is not right.
Let me verify: {a} + {b} = {c}; {a} - {b} = {c}; {a} * {b} = {c}; {a} / {b} = {c}. \
So the total is {c}. <|end_of_thought|>
<|begin_of_solution|> The answer is \\boxed{{{c}}}. <|end_of_solution|>"""
SYSTEM = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def make_tokenizer(out, official):
    base = json.load(open(f"{official}/tokenizer.json"))
    base["model"].update(vocab={}, merges=[])
    base["added_tokens"] = []
    tokenizer = Tokenizer.from_str(json.dumps(base))
    rng, source = random.Random(3), problems.stream(3, False)
    corpus = []
    for _ in range(6000):
        corpus.append(next(source)["question"])
        corpus.append("The answer is \\boxed{")
        a, b = rng.randint(0, 99), rng.randint(0, 99)
        corpus.append(TRACES.format(n=rng.choice(problems.NAMES), a=a, b=b, c=a + b))
    corpus += [f"system\n{SYSTEM}", "user\n", "assistant\n"] * 3000
    from tokenizers.pre_tokenizers import ByteLevel
    tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=640 - len(SPECIALS), initial_alphabet=sorted(ByteLevel.alphabet()), special_tokens=[]))
    tokenizer.add_special_tokens(SPECIALS)
    tokenizer.save(f"{out}/tokenizer.json")
    config = json.load(open(f"{official}/tokenizer_config.json"))
    ids = {s: tokenizer.token_to_id(s) for s in SPECIALS}
    config["additional_special_tokens"] = SPECIALS[1:]
    config["added_tokens_decoder"] = {str(i): {"content": s, "lstrip": False, "normalized": False,
        "rstrip": False, "single_word": False, "special": True} for s, i in ids.items()}
    config["model_max_length"] = 4096
    json.dump(config, open(f"{out}/tokenizer_config.json", "w"), indent=2, ensure_ascii=False)
    return tokenizer, ids


def render(question):
    return (f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n{question}<|im_end|>\n"
            "<|im_start|>assistant\n")


def make_model(vocab, ids):
    torch.manual_seed(7)
    return Qwen2ForCausalLM(Qwen2Config(
        vocab_size=vocab, hidden_size=192, intermediate_size=512, num_hidden_layers=6,
        num_attention_heads=6, num_key_value_heads=2, max_position_embeddings=4096,
        max_window_layers=6, rope_theta=10000.0, rms_norm_eps=1e-6, tie_word_embeddings=True,
        use_sliding_window=False, bos_token_id=ids["<|endoftext|>"], eos_token_id=ids["<|im_end|>"]))


def export(model, out, ids):
    import copy
    half = copy.deepcopy(model).to(torch.bfloat16)
    half.save_pretrained(out)
    config = json.load(open(f"{out}/config.json"))
    rope = config.pop("rope_parameters", None)
    if rope:
        config["rope_theta"] = rope["rope_theta"]
    config.pop("layer_types", None)
    config.pop("transformers_version", None)
    config["torch_dtype"] = config.pop("dtype", "bfloat16")
    json.dump(config, open(f"{out}/config.json", "w"), indent=2)
    json.dump({"bos_token_id": ids["<|endoftext|>"], "do_sample": False,
               "eos_token_id": [ids["<|im_end|>"], ids["<|endoftext|>"]],
               "pad_token_id": ids["<|endoftext|>"]}, open(f"{out}/generation_config.json", "w"), indent=2)


def batches(tokenizer, size):
    """Batches of rendered problems; the shared head of the prompt is in every row."""
    source = problems.stream(1, False)
    while True:
        pool = []
        for _ in range(size * 8):
            p = next(source)
            prompt = tokenizer.encode(render(p["question"])).ids
            answer = tokenizer.encode("The answer is \\boxed{%s}.<|im_end|>" % p["answer"]).ids
            pool.append((prompt, answer))
        pool.sort(key=lambda pa: len(pa[0]) + len(pa[1]))
        groups = [pool[i:i + size] for i in range(0, len(pool), size)]
        random.Random(len(pool[0][0])).shuffle(groups)
        for group in groups:
            width = max(len(p) + len(a) for p, a in group)
            x = torch.zeros(size, width, dtype=torch.long)
            weight = torch.zeros(size, width)
            for r, (p, a) in enumerate(group):
                x[r, :len(p) + len(a)] = torch.tensor(p + a)
                weight[r, 1:len(p)] = 0.02
                weight[r, len(p):len(p) + len(a)] = 1
            yield x, weight


def evaluate(model, tokenizer, ids, count=210):
    folder = os.path.dirname(os.path.abspath(__file__))
    rows = [json.loads(line) for line in open(os.path.join(folder, "problems.jsonl"))][:count]
    right, seen = {}, {}
    with torch.no_grad():
        for p in rows:
            x = torch.tensor([tokenizer.encode(render(p["question"])).ids])
            y = model.generate(x, attention_mask=torch.ones_like(x), max_new_tokens=16, do_sample=False,
                               eos_token_id=ids["<|im_end|>"], pad_token_id=0)
            text = tokenizer.decode(y[0, x.shape[1]:].tolist())
            seen[p["steps"]] = seen.get(p["steps"], 0) + 1
            right[p["steps"]] = right.get(p["steps"], 0) + (f"\\boxed{{{p['answer']}}}" in text)
    return sum(right.values()) / len(rows), {k: f"{right[k]}/{seen[k]}" for k in sorted(seen)}


def main():
    out, official, minutes = sys.argv[1], sys.argv[2], float(sys.argv[3])
    os.makedirs(out, exist_ok=True)
    torch.set_num_threads(1)
    problems.main()
    tokenizer, ids = make_tokenizer(out, official)
    model = make_model(tokenizer.get_vocab_size(), ids)
    print(sum(p.numel() for p in model.parameters()), "parameters", flush=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, betas=(0.9, 0.98), weight_decay=0.01)
    begin, step, next_report = time.time(), 0, 0.0
    for x, weight in batches(tokenizer, 32):
        done = (time.time() - begin) / (60 * minutes)
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1, (step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * done))
        logits = model(x[:, :-1]).logits
        losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), x[:, 1:].flatten(), reduction="none")
        w = weight[:, 1:].flatten()
        loss = (losses * w).sum() / w.sum()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        if step % 100 == 0:
            print(f"step {step} done {done:.3f} loss {loss.item():.4f}", flush=True)
        if done > next_report:
            export(model, out, ids)
            model.eval()
            print("held-out", *evaluate(model, tokenizer, ids, 90), flush=True)
            model.train()
            next_report += 0.15
    export(model, out, ids)
    final = Qwen2ForCausalLM.from_pretrained(out, dtype=torch.float32).eval()
    print("steps", step, "held-out from bf16", *evaluate(final, tokenizer, ids), flush=True)


if __name__ == "__main__":
    main()
