"""Synthetic arithmetic word problems of one to three steps.

A problem is a start, then steps that change the amount, then a question. The same story never
appears in training and held-out data: a problem is held out if the SHA-256 of its question begins
with a byte below HELD_OUT_BYTES, so membership depends on nothing but the text.

    python problems.py            writes problems.jsonl: 210 held-out problems, 70 of each length
"""
import hashlib
import json
import os
import random

HELD_OUT_BYTES = 8  # of 256: 3 %
NAMES = "Ana Ben Carla David Emma Felix Grace Hugo Ivy Jonas Kara Leo Mia Noah Olga Paul".split()
THINGS = "apples books coins stamps pencils marbles cards shells cookies stickers".split()
START = ["{n} has {a} {t}.", "{n} starts with {a} {t}.", "There are {a} {t} in {n}'s box."]
ADD = ["{n} buys {b} more.", "Then {n} finds {b} more {t}.", "A friend gives {n} {b} {t}."]
SUBTRACT = ["{n} gives away {b}.", "Then {n} loses {b} {t}.", "{n} sells {b} of them."]
MULTIPLY = ["Then the number grows to {b} times as many.", "{n} makes it {b} times as many."]
DIVIDE = ["{n} shares them equally among {b} boxes and keeps one box.",
          "The {t} are split into {b} equal piles and {n} keeps one pile."]
ASK = ["How many {t} does {n} have now?", "How many {t} are left?", "How many {t} are there in the end?"]


def step(rng, amount):
    """One change of the amount: its sentences and the new amount, which stays in 1..99."""
    while True:
        kind = rng.choice("++--*/")
        if kind == "+":
            b = rng.randint(1, 20)
            new, texts = amount + b, ADD
        elif kind == "-":
            b = rng.randint(1, min(20, amount))
            new, texts = amount - b, SUBTRACT
        elif kind == "*":
            b = rng.randint(2, 4)
            new, texts = amount * b, MULTIPLY
        else:
            b = rng.choice([d for d in range(1, 6) if amount % d == 0])
            new, texts = amount // b, DIVIDE
        if 0 < new <= 99 and not (kind == "/" and b == 1):
            return texts, b, new


def draw(rng, steps):
    """A problem: question, answer and its worked steps [(before, operation text, after), ...]."""
    n, t, a = rng.choice(NAMES), rng.choice(THINGS), rng.randint(2, 20)
    sentences, amounts = [rng.choice(START).format(n=n, t=t, a=a)], [a]
    operands = []
    for _ in range(steps):
        texts, b, new = step(rng, amounts[-1])
        sentences.append(rng.choice(texts).format(n=n, t=t, b=b))
        amounts.append(new)
        operands.append(("+-*/"[(ADD, SUBTRACT, MULTIPLY, DIVIDE).index(texts)], b))
    sentences.append(rng.choice(ASK).format(n=n, t=t))
    return {"question": " ".join(sentences), "answer": str(amounts[-1]), "steps": steps,
            "amounts": amounts, "operands": operands}


def held_out(problem):
    return hashlib.sha256(problem["question"].encode()).digest()[0] < HELD_OUT_BYTES


def stream(seed, held, steps=None):
    """Endless problems of one side of the split."""
    rng = random.Random(seed)
    while True:
        problem = draw(rng, steps or rng.choice((1, 1, 2, 2, 3)))
        if held_out(problem) == held:
            yield problem


def main():
    sources = [stream(2026 + k, True, k) for k in (1, 2, 3)]
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "problems.jsonl"), "w") as f:
        for i in range(210):
            p = next(sources[i % 3])
            json.dump({"id": i, "question": p["question"], "answer": p["answer"], "steps": p["steps"]}, f)
            f.write("\n")


if __name__ == "__main__":
    main()
