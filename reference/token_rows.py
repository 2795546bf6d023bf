"""Gradients and ten steps of rows of tokens beside LoRA factors, tied and untied, by PEFT.

Writes src/test/resources/reference/token_rows.json. Needs the output of checkpoints.py and adapters.py. With a model, an
adapter and what `palimpsest score --json` says of texts it tells how far PEFT's log-likelihoods are from these:

    python reference/token_rows.py MODEL ADAPTER TEXTS.jsonl SCORE.json
"""

import json
import sys

import peft
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file
from transformers import AutoTokenizer

from golden import ADAPTERS, CHECKPOINTS, load, random_ids, token_logprobs, write
from training import BATCH, adamw, gradients, run

IDS = [60, 7, 100, 125]
# checkpoint -> the adapter whose factors are the start
CASES = {"llama": "tokens-tied", "llama3": "tokens", "gemma3": "gemma3-tokens"}


def model_of(checkpoint):
    """Rows begin as the base's; PEFT ties them where the base does, and a head of its own has its own."""
    base = load(CHECKPOINTS / checkpoint)
    tokens = IDS if base.config.tie_word_embeddings else {"embed_tokens": IDS, "lm_head": IDS}
    config = json.load(open(ADAPTERS / CASES[checkpoint] / "adapter_config.json"))
    model = get_peft_model(base, LoraConfig(r=config["r"], lora_alpha=config["lora_alpha"], target_modules=config["target_modules"],
                                            trainable_token_indices=tokens, task_type="CAUSAL_LM"))
    factors = load_file(ADAPTERS / CASES[checkpoint] / "adapter_model.safetensors")
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, value in factors.items():
            if "lora_" in name:
                parameters[name.replace(".weight", ".default.weight")].copy_(value)
    return model


def compare(folder, adapter, texts, scored):
    model = PeftModel.from_pretrained(load(folder), adapter).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    items = json.load(open(scored))["items"]
    for line, item in zip(open(texts), items, strict=True):
        ids = tokenizer.encode(json.loads(line)["text"])
        logprob = token_logprobs(model, ids)[0].sum().item()
        print(f"{item['id']}: {logprob:.6f} by PEFT, {item['logprob']:.6f} by palimpsest, {len(ids)} tokens")


def main():
    # 128 tokens, so that every checkpoint has them; the trained ones stand among inputs and labels
    batch = [{"ids": random_ids(500 + i, length, 128), "label_start": start} for i, (length, start) in enumerate(BATCH)]
    for example in batch:
        example["ids"][2:4] = IDS[:2]
        example["ids"][-3:] = [IDS[0], IDS[2], IDS[0]]
    cases = [{"name": name, "adapter": CASES[name], **gradients(model_of(name), batch)} for name in CASES]
    runs = [run(name, model_of(name), adamw, 1e-2, batch) for name in CASES]
    write("token_rows.json", "token_rows.py", {"peft": peft.__version__, "ids": IDS, "batch": batch, "gradients": cases, "runs": runs})
    for case in cases:
        print(case["name"], case["loss"], [(g["name"], g["shape"], g["norm"]) for g in case["gradients"] if "q_proj" not in g["name"]])


if __name__ == "__main__":
    compare(*sys.argv[1:]) if len(sys.argv) > 1 else main()
