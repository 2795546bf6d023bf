"""TRL over the same ids and labels as palimpsest's: non-padding tokens a second after the first steps, and the held-out loss."""

import time

import common
import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import TrainerCallback
from trl import SFTConfig, SFTTrainer


class Clock(TrainerCallback):
    """Tokens and seconds from the end of step `skip` to the last one's."""

    def __init__(self, skip):
        self.skip, self.marks = skip, []

    def on_step_end(self, args, state, control, **_):
        if state.global_step == self.skip or state.global_step == state.max_steps:
            self.marks.append((time.monotonic(), state.num_input_tokens_seen))

    def rate(self):
        (start, before), (end, after) = self.marks[0], self.marks[-1]
        return (after - before) / (end - start)


def loss(model, examples):
    """Nats a label, each example by itself."""
    total = labels = 0
    model.eval()
    with torch.inference_mode():
        for e in examples:
            ids, mask = torch.tensor(e["input_ids"]), torch.tensor(e["completion_mask"])[1:].bool()
            logits = model(input_ids=ids[None]).logits[0, :-1][mask].float()
            total += float(torch.nn.functional.cross_entropy(logits, ids[1:][mask], reduction="sum"))
            labels += int(mask.sum())
    model.train()
    return total / labels


def main():
    chosen = common.options(__doc__, data="", eval="", dtype="bf16", batch=1, accumulate=1, method="lora", lr=2e-4, seed=1, skip=2)
    model, tokenizer = common.load(chosen.dtype)
    examples = [common.example(tokenizer, row) for row in common.rows(chosen.data)]
    held_out = [common.example(tokenizer, row) for row in common.rows(chosen.eval)] if chosen.eval else []
    before = loss(model, held_out) if held_out else None
    clock = Clock(chosen.skip)
    settings = SFTConfig(
        output_dir="unused", per_device_train_batch_size=chosen.batch, gradient_accumulation_steps=chosen.accumulate, num_train_epochs=1,
        learning_rate=chosen.lr, lr_scheduler_type="linear", warmup_steps=0, seed=chosen.seed, max_length=None, packing=False,
        completion_only_loss=True, gradient_checkpointing=False, use_cpu=True, bf16=False, fp16=False, save_strategy="no", report_to=[],
        logging_steps=10**6, disable_tqdm=True, include_num_input_tokens_seen="non_padding")  # fmt: skip
    lora = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", lora_dropout=0.0, task_type="CAUSAL_LM")
    trainer = SFTTrainer(
        model=model, args=settings, train_dataset=Dataset.from_list(examples), processing_class=tokenizer, callbacks=[clock],
        peft_config=lora if chosen.method == "lora" else None)  # fmt: skip
    trainer.train()
    after = loss(trainer.model, held_out) if held_out else None
    found = dict(tokens=trainer.state.num_input_tokens_seen, tokens_per_second=clock.rate())
    common.tell(**found, **(dict(held_out_loss=after, loss_before=before) if held_out else {}))


if __name__ == "__main__":
    main()
