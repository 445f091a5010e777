"""Long chains of thought for the word problems, written by a program, in the layout of the paper's data:
a thought and a solution between tags that are ordinary text.

A thought names each change and computes it. Steps where a slip is likely are checked by the inverse
operation after a "Wait"; a slip, planted now and then, shows there and is corrected. An "Alternatively"
reaches the last step in a second way, so a thought's length depends on its problem.

    python traces.py            prints three traces
"""
import random

import problems

CHECK = "Wait, let me check that."
VERBS = ("buys", "finds", "gives away", "gives", "loses", "sells", "grows", "makes", "shares", "split")
SLIPS = (1, -1, 2, -2, 10, -10)
SLIP_SHARE = 0.05
INVERSE = {"+": "-", "-": "+", "*": "/", "/": "*"}


def apply(a, sign, b):
    return {"+": a + b, "-": a - b, "*": a * b, "/": a // b}[sign]


def equation(a, sign, b):
    return f"{a} {sign} {b} = {apply(a, sign, b)}"


def slip_likely(a, sign, b):
    """A carry, a borrow, or a product or quotient beyond ten."""
    if sign == "+":
        return a % 10 + b % 10 > 9
    if sign == "-":
        return a % 10 < b % 10
    return max(a, apply(a, sign, b)) > 10


def second_way(a, sign, b):
    """The same step the other way round, as sentences."""
    result = apply(a, sign, b)
    return [{"+": f"{b} + {a} = {result}.", "*": f"{b} * {a} = {result}.",
             "-": f"{result} + {b} = {a}.", "/": f"{result} * {b} = {a}."}[sign]]


def slip_of(rng, a, sign, b):
    """A wrong result whose check fails within the numbers that problems have; None: no slip is planted."""
    wrong = apply(a, sign, b) + rng.choice(SLIPS)
    # A wrong product or quotient has no whole inverse.
    planted = rng.random() < SLIP_SHARE and sign in "+-"
    return wrong if planted and wrong > 0 and 0 < apply(wrong, INVERSE[sign], b) <= 99 else None


def step_pieces(rng, told, a, sign, b):
    result = apply(a, sign, b)
    slip = slip_of(rng, a, sign, b)
    verb = next(verb for verb in VERBS if f" {verb} " in told)
    start = (f"Then {verb} {b}. {a} {sign} {b} = ", True)
    if slip is not None:
        return [start, (str(slip), False),
                (f". {CHECK} {equation(slip, INVERSE[sign], b)}, not {a}. Hmm, that is not right. "
                 f"{a} {sign} {b} = {result}.\n\n", True)]
    checked = f" {CHECK} {equation(result, INVERSE[sign], b)}. That is right."
    return [start, (f"{result}.{checked if slip_likely(a, sign, b) else ''}\n\n", True)]


def equations(problem):
    """The steps of a problem and their inverses as mere equations, [(text, whether it is to be learned)]."""
    pieces = []
    for a, (sign, b) in zip(problem["amounts"], problem["operands"]):
        result = apply(a, sign, b)
        pieces += [(f" {a} {sign} {b} = ", False), (f"{result}.", True)]
        pieces += [(f" {result} {INVERSE[sign]} {b} = ", False), (f"{a}.", True)]
    return pieces


def trace(problem, rng):
    """Pieces of an answer, [(text, whether it is to be learned)]: a planted slip is read, not learned."""
    told = problem["question"].split(". ")
    amounts, operands = problem["amounts"], problem["operands"]
    pieces = [(f"<|begin_of_thought|>\n\nOkay, so let me think step by step. First, {amounts[0]}.\n\n", True)]
    for k, (sign, b) in enumerate(operands):
        pieces += step_pieces(rng, told[k + 1], amounts[k], sign, b)
    ways = " ".join(second_way(amounts[-2], *operands[-1]))
    pieces.append((f"Alternatively, {ways} That is right.\n\nSo the total is {amounts[-1]}.\n\n"
                   "<|end_of_thought|>\n\n<|begin_of_solution|>\n\n"
                   f"The answer is \\boxed{{{amounts[-1]}}}.\n\n<|end_of_solution|><|im_end|>", True))
    return pieces


def main():
    source, rng = problems.stream(5, False), random.Random(5)
    for _ in range(3):
        problem = next(source)
        print(problem["question"], "".join(text for text, _ in trace(problem, rng)), sep="\n", end="\n\n")


if __name__ == "__main__":
    main()
