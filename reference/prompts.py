"""Soft prompts and prefixes by PEFT: logits, losses, gradients, ten steps of AdamW, greedy tokens, and how a prompt begins.

Writes src/test/resources/adapters/NAME and src/test/resources/reference/prompts.json. Needs the output of checkpoints.py.
"""

import peft
import torch
from peft import PrefixTuningConfig, PromptTuningConfig, PromptTuningInit, get_peft_model
from torch.nn.functional import cross_entropy
from transformers import get_linear_schedule_with_warmup

from golden import ADAPTERS, CHECKPOINTS, load, norm, picked_rows, random_ids, rounded, write

STEPS, RATE, CLIP, GREEDY = 10, 1e-2, 1.0, 24
# (length, first label), as in training.py.
DOCUMENTS = [(23, 9), (7, 3), (31, 20)]
INIT_TEXT = "Answer with one word, in English."


def prompt(tokens):
    return PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=tokens)


def prefix(tokens):
    return PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=tokens)


# name -> (checkpoint, configuration); windows are 9, so that a prefix of 12 is never seen whole by a sliding layer.
RECIPES = {
    "prompt": ("llama", prompt(5)),
    "prefix": ("llama", prefix(6)),
    "qwen3-prompt": ("qwen3", prompt(5)),
    "qwen3-prefix": ("qwen3", prefix(6)),
    "gemma3-prompt": ("gemma3", prompt(12)),
    "gemma3-prefix": ("gemma3", prefix(12)),
    "mistral-prefix": ("mistral", prefix(12)),
}


def prompted(name, seed):
    """The checkpoint with random virtual tokens: small as embeddings are, larger as keys and values."""
    checkpoint, config = RECIPES[name]
    model = get_peft_model(load(CHECKPOINTS / checkpoint), config).eval()
    model.peft_config["default"].base_model_name_or_path = f"checkpoints/{checkpoint}"
    generator = torch.Generator().manual_seed(7000 + seed)
    spread = model.word_embeddings(torch.arange(3, 90)).std() if "prompt" in name else 0.7
    with torch.no_grad():
        weight = embeddings(model)
        weight.copy_(spread * torch.randn(weight.shape, generator=generator))
    return model


def embeddings(model):
    return model.prompt_encoder["default"].embedding.weight


def logits_of(model, ids):
    """Logits of the real tokens, (tokens, vocabulary)."""
    logits = model(input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids))).logits[0]
    return logits[-len(ids):]


def documents(vocabulary):
    return [{"ids": random_ids(500 + i, length, vocabulary), "label_start": start}
            for i, (length, start) in enumerate(DOCUMENTS)]


def loss_of(model, batch):
    """Negative log-likelihood, the mean over all labels of all documents, each computed by itself."""
    total, labels = 0, 0
    for document in batch:
        ids, start = document["ids"], document["label_start"]
        total = total + cross_entropy(logits_of(model, ids)[start - 1:-1], torch.tensor(ids[start:]), reduction="sum")
        labels += len(ids) - start
    return total / labels


def gradient(model, batch):
    model.zero_grad()
    loss = loss_of(model, batch)
    loss.backward()
    found = embeddings(model).grad
    return {"loss": rounded(loss), "gradient": {"norm": norm(found), "values": rounded(found.flatten())}}


def steps(model, batch):
    """Losses before each step, gradient norms before clipping, rates; the parameters at the end."""
    parameters = [embeddings(model)]
    optimiser = torch.optim.AdamW(parameters, lr=RATE, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
    schedule = get_linear_schedule_with_warmup(optimiser, 0, STEPS)
    losses, norms, rates = [], [], []
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss = loss_of(model, batch)
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(parameters, CLIP).item())
        losses.append(loss.item())
        rates.append(schedule.get_last_lr()[0])
        optimiser.step()
        schedule.step()
    return {"losses": rounded(losses), "gradient_norms": rounded(norms), "rates": rounded(rates),
            "final": rounded(embeddings(model).flatten())}


def greedy(model, ids):
    """Greedy tokens by PEFT's own generate, which must be those of whole passes; the smallest gap of the best two logits."""
    written, gap = list(ids), float("inf")
    with torch.inference_mode():
        for _ in range(GREEDY):
            best = logits_of(model, written)[-1].topk(2)
            gap = min(gap, (best.values[0] - best.values[1]).item())
            written.append(best.indices[0].item())
        out = model.generate(input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long),
                             max_new_tokens=GREEDY, min_new_tokens=GREEDY, do_sample=False, eos_token_id=None, pad_token_id=0)
    assert out[0].tolist()[-GREEDY:] == written[len(ids):], (out[0].tolist(), written)
    return {"prompt": ids, "ids": written[len(ids):], "smallest_gap": rounded(gap)}


def case(name, seed):
    model = prompted(name, seed)
    folder = ADAPTERS / name
    model.save_pretrained(folder)
    (folder / "README.md").unlink()
    checkpoint, config = RECIPES[name]
    batch = documents(model.get_base_model().config.vocab_size)
    with torch.inference_mode():
        logits = [{"rows": picked_rows(len(d["ids"])), "logits": rounded(logits_of(model, d["ids"])[picked_rows(len(d["ids"]))])}
                  for d in batch]
    found = {"name": name, "checkpoint": checkpoint, "tokens": config.num_virtual_tokens, "documents": batch, "logits": logits,
             "greedy": greedy(model, batch[1]["ids"]), **gradient(model, batch)}
    if checkpoint == "llama":
        found["adamw"] = {"rate": RATE, "clip": CLIP, **steps(model, batch)}
    return found


def begun(tokens):
    """A prompt that begins as a text, cut or repeated."""
    config = PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=tokens, prompt_tuning_init=PromptTuningInit.TEXT,
                                prompt_tuning_init_text=INIT_TEXT, tokenizer_name_or_path=str(CHECKPOINTS / "llama"))
    weight = embeddings(get_peft_model(load(CHECKPOINTS / "llama"), config))
    return {"tokens": tokens, "norm": norm(weight), "first_of_each": rounded(weight[:, 0])}


def main():
    cases = [case(name, seed) for seed, name in enumerate(RECIPES)]
    write("prompts.json", "prompts.py", {
        "peft_version": peft.__version__, "init_text": INIT_TEXT, "begun": [begun(4), begun(50)], "cases": cases,
    })
    for found in cases:
        print(found["name"], found["loss"], found["gradient"]["norm"], found["greedy"]["smallest_gap"],
              found.get("adamw", {}).get("losses"))


if __name__ == "__main__":
    main()
