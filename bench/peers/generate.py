"""transformers: greedy answers in left-padded batches; --forced writes every token, past the end token too."""

import time

import common
import torch


def main():
    chosen = common.options(__doc__, data="", dtype="bf16", batch=8, tokens=128, forced=False)
    model, tokenizer = common.load(chosen.dtype)
    model.eval()
    prompts = [common.question(tokenizer, row["prompt"]) for row in common.rows(chosen.data)]
    least = chosen.tokens if chosen.forced else 0

    def answer(texts, most):
        batch = tokenizer(texts, add_special_tokens=False, padding=True, padding_side="left", return_tensors="pt")
        written = model.generate(**batch, do_sample=False, max_new_tokens=most, min_new_tokens=min(least, most))
        return written[:, batch["input_ids"].shape[1] :]

    tokens = 0
    with torch.inference_mode():
        answer(prompts[: chosen.batch], 2)
        start = time.monotonic()
        for i in range(0, len(prompts), chosen.batch):
            # padding and the end token are one id
            tokens += int((answer(prompts[i : i + chosen.batch], chosen.tokens) != tokenizer.eos_token_id).sum())
        seconds = time.monotonic() - start
    common.tell(tokens=tokens, tokens_per_second=tokens / seconds)


if __name__ == "__main__":
    main()
