"""Writes the built-in probe `arithmetic`: small calculations with near-miss distractors.

Run from the repository root (any Python 3.10+, no packages):

    python reference/probes_arithmetic.py

The file is a function of SEED alone; a second run leaves it unchanged.
Distractors lie below, around and above the right answer in equal parts, and the right
answer stands at each position equally often, so neither its size nor its place gives it away.
"""

import json
import random
from pathlib import Path

TARGET = Path("src/main/resources/dev/palimpsest/measure/probes/arithmetic.jsonl")
SEED = 11
PER_KIND = 15
CHOICES = 3
SMALL_STEPS = (1, 2, 3, 4)
LARGE_STEPS = (1, 2, 9, 10, 11, 20)
NAMES = ("Ann", "Ben", "Tom", "Eva", "Sam", "Mia")
THINGS = ("apples", "books", "coins", "pens", "shells", "stamps")


def add_one_digit(rng):
    a, b = rng.randint(2, 9), rng.randint(2, 9)
    return f"What is {a} + {b}?", f"{a} + {b} = {{}}", a + b


def add_two_digits(rng):
    a, b = rng.randint(11, 60), rng.randint(11, 39)
    return f"What is {a} + {b}?", f"{a} + {b} = {{}}", a + b


def subtract(rng):
    a = rng.randint(5, 18)
    b = rng.randint(2, min(9, a - 2))
    return f"What is {a} - {b}?", f"{a} - {b} = {{}}", a - b


def multiply(rng):
    a, b = rng.randint(2, 9), rng.randint(2, 9)
    return f"What is {a} x {b}?", f"{a} x {b} = {{}}", a * b


def next_number(rng):
    start, step = rng.randint(1, 12), rng.choice((1, 2, 3, 5, 10))
    shown = ", ".join(str(start + i * step) for i in range(4))
    return f"Which number comes after {shown}?", f"{shown}, {{}}", start + 4 * step


def half(rng):
    a = rng.randint(2, 20)
    return f"What is half of {2 * a}?", f"Half of {2 * a} is {{}}.", a


def double(rng):
    a = rng.randint(2, 40)
    return f"What is twice {a}?", f"Twice {a} is {{}}.", 2 * a


def story(rng):
    name, thing = rng.choice(NAMES), rng.choice(THINGS)
    a, b = rng.randint(2, 9), rng.randint(2, 8)
    if rng.random() < 0.5:
        return f"{name} has {a} {thing} and gets {b} more. How many now?", f"{a} + {b} = {{}} {thing}", a + b
    a, b = max(a, b) + 2, min(a, b)
    return f"{name} has {a} {thing} and loses {b}. How many are left?", f"{a} - {b} = {{}} {thing}", a - b


KINDS = {
    "add-one-digit": add_one_digit,
    "add-two-digits": add_two_digits,
    "subtract": subtract,
    "multiply": multiply,
    "next-number": next_number,
    "half": half,
    "double": double,
    "story": story,
}


def distractors(rng, answer, below):
    """CHOICES - 1 wrong numbers, `below` of them (or as many as are positive) under the answer."""
    steps = LARGE_STEPS if answer >= 20 else SMALL_STEPS
    lower = [answer - s for s in steps if answer - s > 0]
    upper = [answer + s for s in steps]
    below = min(below, len(lower))
    return rng.sample(lower, below) + rng.sample(upper, CHOICES - 1 - below)


def items():
    rng = random.Random(SEED)
    out = []
    for kind, make in KINDS.items():
        belows = [i % CHOICES for i in range(PER_KIND)]
        rng.shuffle(belows)
        seen = set()
        while len(seen) < PER_KIND:
            prompt, form, answer = make(rng)
            if prompt in seen:
                continue
            numbers = distractors(rng, answer, belows[len(seen)])
            place = len(out) % CHOICES
            seen.add(prompt)
            numbers.insert(place, answer)
            out.append(
                {
                    "id": f"arithmetic-{len(out) + 1:03}",
                    "prompt": prompt,
                    "choices": [form.format(n) for n in numbers],
                    "answer": place,
                    "slice": kind,
                }
            )
    return out


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text("".join(json.dumps(i) + "\n" for i in items()), encoding="utf-8")
