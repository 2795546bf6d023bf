"""What the peers share: the model, rows as token ids, and the one line that they print."""

import argparse
import json
import os
import pathlib

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def options(doc, **defaults):
    parser = argparse.ArgumentParser(description=doc)
    for name, value in defaults.items():
        if isinstance(value, bool):
            parser.add_argument("--" + name, action="store_true")
        else:
            parser.add_argument("--" + name, default=value, type=type(value))
    torch.set_num_threads(int(os.environ["THREADS"]))
    return parser.parse_args()


def load(dtype):
    folder = pathlib.Path(os.environ["PALIMPSEST_BENCH"]) / dtype
    return AutoModelForCausalLM.from_pretrained(folder, dtype=DTYPES[dtype]), AutoTokenizer.from_pretrained(folder)


def rows(file):
    with open(file) as lines:
        return [json.loads(line) for line in lines]


def question(tokenizer, prompt):
    """The chat template up to where the answer begins."""
    return tokenizer.apply_chat_template([{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True)


def example(tokenizer, row):
    """Ids of a conversation to its closing end-of-turn token, and a mask of its answer's."""
    before = question(tokenizer, row["prompt"])
    ids = tokenizer(before + row["completion"] + tokenizer.eos_token, add_special_tokens=False)["input_ids"]
    prompt = len(tokenizer(before, add_special_tokens=False)["input_ids"])
    return {"input_ids": ids, "completion_mask": [0] * prompt + [1] * (len(ids) - prompt)}


def tell(**figures):
    print(json.dumps(figures), flush=True)
