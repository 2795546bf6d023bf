"""transformers: log-likelihood of texts, in batches sorted by length."""

import time

import common
import torch


def main():
    chosen = common.options(__doc__, data="", dtype="bf16", batch=8)
    model, tokenizer = common.load(chosen.dtype)
    model.eval()
    texts = sorted((tokenizer(row["text"])["input_ids"] for row in common.rows(chosen.data)), key=len)
    total, start = 0.0, time.monotonic()
    with torch.inference_mode():
        for i in range(0, len(texts), chosen.batch):
            batch = tokenizer.pad({"input_ids": texts[i : i + chosen.batch]}, padding_side="right", return_tensors="pt")
            logits = model(**batch).logits[:, :-1].float()
            losses = torch.nn.functional.cross_entropy(logits.transpose(1, 2), batch["input_ids"][:, 1:], reduction="none")
            total += float((losses * batch["attention_mask"][:, 1:]).sum())
    seconds = time.monotonic() - start
    tokens = sum(map(len, texts))
    common.tell(tokens=tokens, tokens_per_second=tokens / seconds, nll_per_token=total / (tokens - len(texts)))


if __name__ == "__main__":
    main()
