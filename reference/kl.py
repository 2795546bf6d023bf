"""KL(base||tuned) by position, and bits a byte, on the tiny llama and the adapter `plain` at several scales.

Writes src/test/resources/reference/kl.json. Needs the output of checkpoints.py and adapters.py.
"""

import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer
from transformers import AutoTokenizer

from golden import ADAPTERS, CHECKPOINTS, load, random_ids, rounded, token_logprobs, write

SCALES = (0.0, 0.25, 0.5, 0.75, 1.0)
LENGTHS = (19, 48)
TEXTS = [
    "The old text still shows, where it was not lost; the ferry waits for the night train.",
    "Zürich in 1887: 手写的书页 🙂",
]


def tuned(scale):
    model = PeftModel.from_pretrained(load(CHECKPOINTS / "llama"), ADAPTERS / "plain").eval()
    for module in model.modules():
        if isinstance(module, LoraLayer):
            module.scale_layer(scale)
    return model


def logits_of(model, ids):
    with torch.inference_mode():
        return model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]


def divergence(base, after, ids):
    """KL in nats of every row (row i predicts token i + 1; the last row predicts past the end), and where the best token is the same."""
    p, q = (logits_of(model, ids).double() for model in (base, after))
    log_p, log_q = p.log_softmax(-1), q.log_softmax(-1)
    return (log_p.exp() * (log_p - log_q)).sum(-1), p.argmax(-1) == q.argmax(-1)


def sequence(base, models, ids):
    kl, agree = divergence(base, models[1.0], ids)
    sums = [rounded(divergence(base, model, ids)[0][:-1].sum()) for model in models.values()]
    return {"ids": ids, "kl": rounded(kl), "same_best": agree.tolist(), "sums_but_last_row": sums}


def bits_per_byte(model, tokenizer, text, ids):
    """Bits over all tokens but the first, and the bytes of all tokens but the first."""
    scored = len(text.encode()) - len(tokenizer.decode(ids[:1]).encode())
    nats = -token_logprobs(model, ids)[0].double().sum()
    return rounded(nats / torch.tensor(2.0).double().log() / scored)


def main():
    base, models = load(CHECKPOINTS / "llama"), {scale: tuned(scale) for scale in SCALES}
    tokenizer = AutoTokenizer.from_pretrained(CHECKPOINTS / "llama")
    sequences = [sequence(base, models, [1] + random_ids(700 + i, n, 320)) for i, n in enumerate(LENGTHS)]
    texts = []
    for text in TEXTS:
        ids = tokenizer(text)["input_ids"]
        rates = [bits_per_byte(model, tokenizer, text, ids) for model in (base, models[1.0])]
        texts.append({"text": text, "ids": ids, "before": rates[0], "after": rates[1]})
    assert max(abs(value["sums_but_last_row"][0]) for value in sequences) < 1e-6
    write("kl.json", "kl.py", {
        "checkpoint": "llama", "adapter": "plain", "scales": list(SCALES), "sequences": sequences, "texts": texts,
    })
    for found in sequences:
        print(found["sums_but_last_row"])


if __name__ == "__main__":
    main()
