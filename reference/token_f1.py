"""Token F1 as SQuAD 2.0's evaluate script has it, by transformers' copy of that script.

    pip install transformers==4.57.1 && python reference/token_f1.py

Writes src/test/resources/reference/token_f1.json: completion, answer, f1.
"""

import json
import pathlib
import random

import transformers
from transformers.data.metrics.squad_metrics import compute_f1

TARGET = pathlib.Path(__file__).parent.parent / "src/test/resources/reference/token_f1.json"
FIXED = [
    ("The cat sat", "a cat, sat down."),
    ("the", "a"),
    ("the", "cat"),
    ("cat cat dog", "cat dog dog"),
    ("U.S.A.", "usa"),
    ("don't", "dont"),
    ("well-known", "well known"),
    ("Ærø", "ærø"),
    ("ÉTÉ à Paris", "été a Paris"),
    ("naïve the théâtre", "naïve théâtre"),
    ("theory of an atom", "Theory of atom"),
    ("5 %", "5"),
    ("“quoted” words", "quoted words"),
    ("東京 タワー", "東京タワー"),
    ("a\u00a0b\u2003c", "b c"),
    ("x\x1cy", "x y"),
    ("a_b", "ab"),
    ("", ""),
    ("Paris", ""),
    ("", "Paris"),
]
WORDS = "the a an The cat dog. sat, on mat! 1,200 1.5 is of Of of's it's (it) [x] {y} ~z `w` ^v".split()


def main():
    draw = random.Random(0)
    pairs = FIXED + [
        (" ".join(draw.choices(WORDS, k=draw.randint(1, 8))), " ".join(draw.choices(WORDS, k=draw.randint(1, 8))))
        for _ in range(80)
    ]
    out = {
        "made_by": "reference/token_f1.py",
        "versions": {"transformers": transformers.__version__},
        "cases": [{"completion": c, "answer": a, "f1": float(compute_f1(c, a))} for c, a in pairs],
    }
    TARGET.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
