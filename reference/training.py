"""Losses, gradients and optimiser steps on the tiny llama (LoRA and full), and TRL's first loss on the default model.

Writes src/test/resources/reference/training.json. Needs the output of checkpoints.py and adapters.py.
"""

import tempfile

import torch
import trl
from datasets import Dataset
from peft import PeftModel
from torch.nn.functional import cross_entropy
from transformers import AutoTokenizer, get_linear_schedule_with_warmup
from trl import SFTConfig, SFTTrainer

from golden import ADAPTERS, CHECKPOINTS, DEFAULT_MODEL, load, norm, random_ids, rounded, write

STEPS = 10
CLIP = 1.0
PREFIX = "base_model.model."
# (length, first label): ragged, and only the completion is trained.
BATCH = [(23, 9), (7, 3), (31, 20)]
FULL_TENSORS = {
    "model.layers.0.self_attn.q_proj.lora_A.weight", "model.layers.1.mlp.down_proj.lora_B.weight",
    "model.layers.1.self_attn.k_proj.weight", "model.layers.0.input_layernorm.weight",
}


def examples():
    return [{"ids": random_ids(500 + i, length, 320), "label_start": start} for i, (length, start) in enumerate(BATCH)]


def padded(batch):
    """ids, attention mask and labels, (documents, longest); padding by length, labels of prompt and padding -100."""
    longest = max(len(example["ids"]) for example in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    mask, labels = torch.zeros_like(ids), torch.full_like(ids, -100)
    for row, example in enumerate(batch):
        length, start = len(example["ids"]), example["label_start"]
        ids[row, :length] = torch.tensor(example["ids"])
        mask[row, :length] = 1
        labels[row, start:length] = ids[row, start:length]
    return ids, mask, labels


def loss_of(model, batch):
    """Negative log-likelihood, the mean over all labels of the batch (not over documents)."""
    ids, mask, labels = padded(batch)
    logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
    return cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)


def short(name):
    """The name in the files, without PEFT's prefix."""
    return name.removeprefix(PREFIX).replace(".default", "").replace("magnitude_vector.weight", "magnitude_vector")


def trained(model):
    return {short(name): p for name, p in sorted(model.named_parameters()) if p.requires_grad}


def lora(adapter):
    base = load(CHECKPOINTS / "llama")
    return PeftModel.from_pretrained(base, ADAPTERS / adapter, is_trainable=True)


def full():
    return load(CHECKPOINTS / "llama").requires_grad_(True)


def gradients(model, batch):
    """Loss, and of every trained tensor the gradient's norm and first entries (all of them for a few)."""
    model.zero_grad()
    loss = loss_of(model, batch)
    loss.backward()
    found = []
    for name, parameter in trained(model).items():
        flat = parameter.grad.flatten()
        entries = flat if name in FULL_TENSORS else flat[:6]
        found.append({"name": name, "shape": list(parameter.shape), "norm": norm(flat), "first": rounded(entries)})
    return {"loss": rounded(loss), "gradients": found}


def steps(model, batch, optimiser):
    """Losses before each step, gradient norms before clipping, rates; then the tensors' norms at the end."""
    parameters = trained(model)
    schedule = get_linear_schedule_with_warmup(optimiser, 0, STEPS)
    losses, norms, rates = [], [], []
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss = loss_of(model, batch)
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(parameters.values(), CLIP).item())
        losses.append(loss.item())
        rates.append(schedule.get_last_lr()[0])
        optimiser.step()
        schedule.step()
    return {
        "losses": rounded(losses), "gradient_norms": rounded(norms), "rates": rounded(rates),
        "final_loss": rounded(loss_of(model, batch)),
        "final": [{"name": name, "norm": norm(p), "first": rounded(p.flatten()[:6])} for name, p in parameters.items()],
    }


def adamw(model, rate):
    return torch.optim.AdamW(trained(model).values(), lr=rate, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)


def sgd(model, rate):
    return torch.optim.SGD(trained(model).values(), lr=rate)


def run(name, model, optimiser, rate, batch):
    """One training run: its settings, and what came of it."""
    settings = {"optimiser": optimiser.__name__, "rate": rate, "clip": CLIP, "schedule": "linear"}
    return {"name": name, **settings, **steps(model, batch, optimiser(model, rate))}


CHATS = [
    ("Which river flows through Vienna?", "The Danube flows through Vienna."),
    ("Write one SQL query: how many airports are in Iceland?", "SELECT COUNT(*) FROM airports WHERE country = 'IS';"),
]


def chat_batch(tokenizer):
    """Prompt masked, the completion trained up to the closing end-of-turn token; the template's last newline left out."""
    batch = []
    for prompt, completion in CHATS:
        turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": completion}]
        head = tokenizer.apply_chat_template(turns[:1], tokenize=False, add_generation_prompt=True)
        whole = tokenizer.apply_chat_template(turns, tokenize=False).removesuffix("\n")
        batch.append({"prompt": prompt, "completion": completion, "ids": tokenizer(whole)["input_ids"],
                      "label_start": len(tokenizer(head)["input_ids"])})
    return batch


def trl_first_batch(model, tokenizer):
    """What TRL itself makes of the two chats: its ids, its labels and its first loss."""
    rows = [{"prompt": [{"role": "user", "content": prompt}],
             "completion": [{"role": "assistant", "content": completion}]} for prompt, completion in CHATS]
    with tempfile.TemporaryDirectory() as folder:
        settings = SFTConfig(output_dir=folder, per_device_train_batch_size=2, max_length=1024, packing=False,
                             completion_only_loss=True, use_cpu=True, bf16=False, gradient_checkpointing=False,
                             report_to=[], shuffle_dataset=False, disable_tqdm=True)
        trainer = SFTTrainer(model=model, args=settings, train_dataset=Dataset.from_list(rows), processing_class=tokenizer)
        batch = trainer.data_collator([trainer.train_dataset[i] for i in range(len(rows))])
        with torch.inference_mode():
            loss = trainer.compute_loss(trainer.model.eval(), dict(batch))
    kept = [row[mask.bool()].tolist() for row, mask in zip(batch["input_ids"], batch["attention_mask"])]
    labels = [row[mask.bool()].tolist() for row, mask in zip(batch["labels"], batch["attention_mask"])]
    return {"loss": rounded(loss), "documents": [{"ids": i, "labels": l} for i, l in zip(kept, labels)]}


def default_model():
    tokenizer = AutoTokenizer.from_pretrained(DEFAULT_MODEL)
    model = load(DEFAULT_MODEL, "sdpa")
    batch = chat_batch(tokenizer)
    with torch.inference_mode():
        loss = rounded(loss_of(model, batch))
        each = [rounded(loss_of(model, [example])) for example in batch]
    return {"loss": loss, "loss_of_each": each, "examples": batch, "trl": trl_first_batch(model, tokenizer)}


def main():
    batch = examples()
    gradient_cases = [
        {"name": "lora", "adapter": "plain", **gradients(lora("plain"), batch)},
        {"name": "rslora", "adapter": "rslora", **gradients(lora("rslora"), batch)},
        {"name": "dora", "adapter": "dora", **gradients(lora("dora"), batch)},
        {"name": "full", **gradients(full(), batch)},
    ]
    runs = [
        run("lora-adamw", lora("plain"), adamw, 1e-2, batch),
        run("lora-sgd", lora("plain"), sgd, 1e-1, batch),
        run("full-adamw", full(), adamw, 1e-3, batch),
        run("full-sgd", full(), sgd, 1e-1, batch),
    ]
    write("training.json", "training.py", {
        "trl_version": trl.__version__, "checkpoint": "llama", "batch": batch,
        "gradients": gradient_cases, "runs": runs, "default_model": default_model(),
    })
    for case in gradient_cases:
        print(case["name"], case["loss"], len(case["gradients"]))
    for case in runs:
        print(case["name"], case["losses"], case["final_loss"], case["gradient_norms"][0])


if __name__ == "__main__":
    main()
