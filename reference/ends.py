"""Gradients and ten steps of factors on embedding and head, tied and untied, by PEFT.

Writes src/test/resources/reference/ends.json. Needs the output of checkpoints.py and adapters.py.
"""

import peft
from peft import PeftModel

from golden import ADAPTERS, CHECKPOINTS, load, random_ids, write
from training import BATCH, adamw, gradients, run

# adapter -> checkpoint
CASES = {"embedding": "llama3", "embedding-tied": "llama", "head-tied": "llama", "head-dora": "llama3",
         "gemma3-embedding": "gemma3"}


def model_of(adapter):
    return PeftModel.from_pretrained(load(CHECKPOINTS / CASES[adapter]), ADAPTERS / adapter, is_trainable=True)


def main():
    # 128 tokens, so that every checkpoint has them
    batch = [{"ids": random_ids(500 + i, length, 128), "label_start": start} for i, (length, start) in enumerate(BATCH)]
    cases = [{"name": name, "checkpoint": CASES[name], **gradients(model_of(name), batch)} for name in CASES]
    runs = [run("embedding", model_of("embedding"), adamw, 1e-2, batch)]
    write("ends.json", "ends.py", {"peft": peft.__version__, "batch": batch, "gradients": cases, "runs": runs})
    for case in cases:
        print(case["name"], case["loss"], [(g["name"], g["norm"]) for g in case["gradients"] if "q_proj" not in g["name"]])


if __name__ == "__main__":
    main()
