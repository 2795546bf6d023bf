"""Scores the built-in probes with Hugging Face transformers and writes what our own scorer must agree with.

Run from the repository root, with torch and transformers installed
(the committed output: transformers 5.23.0, torch 2.10.0, float32 on the CPU, one thread, about 6 minutes):

    python reference/probes.py MODEL_FOLDER [--threads 1]

MODEL_FOLDER is the default model, SmolLM2-135M-Instruct, in the Hugging Face layout (weights dequantised from the
Q4_1 file that the package ships). A choice's score is the sum of the log-probabilities of its tokens and of the
closing <|im_end|>, as the assistant's turn after the prompt as the user's turn; the template adds its own system
turn. The winner is the first choice with the highest score. Prints a table per probe and slice; writes
src/test/resources/reference/probes.json: winners in file order as one digit per item, by score and by score per UTF-8 byte
of the choice; near_ties are items whose two best scores (nats) lie closer than 0.01, where another order of
additions may choose the other. The interval is that of the mean of (right - 1/choices), normal, 95 %.
"""

import argparse
import json
import math
from collections import Counter
from pathlib import Path

import torch
import transformers

PROBES = Path("src/main/resources/dev/palimpsest/measure/probes")
NAMES = ("arithmetic", "knowledge", "grammar", "senses", "common")
TARGET = Path("src/test/resources/reference/probes.json")
END = "<|im_end|>"
NEAR_TIE = 0.01
LONGEST_PROMPT = 30  # tokens, without the template's


def read(name):
    items = [json.loads(line) for line in (PROBES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    shown = Counter((i["prompt"], tuple(sorted(i["choices"]))) for i in items)
    assert max(shown.values()) == 1, f"{name}: {shown.most_common(1)} stands twice"
    assert len({i["id"] for i in items}) == len(items), f"{name}: an id stands twice"
    for i in items:
        assert len(set(i["choices"])) == len(i["choices"]) in (2, 3, 4), i
        assert 0 <= i["answer"] < len(i["choices"]), i
    return items


def prompt_ids(tokenizer, prompt):
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True
    )
    return text, tokenizer(text, add_special_tokens=False).input_ids


@torch.inference_mode()
def scores(model, tokenizer, item):
    text, prefix = prompt_ids(tokenizer, item["prompt"])
    rows = [tokenizer(text + c + END, add_special_tokens=False).input_ids for c in item["choices"]]
    for row in rows:
        assert row[: len(prefix)] == prefix, item
    longest = max(map(len, rows))
    batch = torch.tensor([r + [0] * (longest - len(r)) for r in rows])  # causal: padding at the end is never seen
    logp = model(input_ids=batch).logits.double().log_softmax(-1)
    return [
        sum(logp[b, t - 1, row[t]].item() for t in range(len(prefix), len(row))) for b, row in enumerate(rows)
    ], sum(len(r) - len(prefix) for r in rows)


def winner(values):
    return max(range(len(values)), key=values.__getitem__)


def above_chance(items, winners):
    d = [(w == i["answer"]) - 1 / len(i["choices"]) for i, w in zip(items, winners)]
    mean = sum(d) / len(d)
    half = 1.96 * math.sqrt(sum((x - mean) ** 2 for x in d) / (len(d) - 1) / len(d))
    return mean, mean - half, mean + half


def line(label, items, winners):
    right = sum(w == i["answer"] for i, w in zip(items, winners)) / len(items)
    chance = sum(1 / len(i["choices"]) for i in items) / len(items)
    mean, low, high = above_chance(items, winners)
    print(f"{label:30} n {len(items):4} acc {right:.3f} chance {chance:.3f} above {mean:+.3f} [{low:+.3f}, {high:+.3f}]")
    return right, chance, low, high


def measure(model, tokenizer, name):
    items = read(name)
    all_scores, prompts, scored = [], 0, 0
    for item in items:
        own = len(tokenizer(item["prompt"], add_special_tokens=False).input_ids)
        assert own <= LONGEST_PROMPT, (item["id"], own)
        s, tokens = scores(model, tokenizer, item)
        all_scores.append(s)
        prompts += own
        scored += tokens
    winners = [winner(s) for s in all_scores]
    by_bytes = [winner([x / len(c.encode()) for x, c in zip(s, i["choices"])]) for s, i in zip(all_scores, items)]
    right, chance, low, high = line(name, items, winners)
    for kind in dict.fromkeys(i["slice"] for i in items):
        chosen = [k for k, i in enumerate(items) if i["slice"] == kind]
        line(f"  {kind}", [items[k] for k in chosen], [winners[k] for k in chosen])
    print(f"  prompt tokens {prompts}, scored tokens {scored}", flush=True)
    top = [sorted(s, reverse=True) for s in all_scores]
    return {
        "n": len(items),
        "accuracy": round(right, 6),
        "accuracy_by_bytes": round(sum(w == i["answer"] for i, w in zip(items, by_bytes)) / len(items), 6),
        "chance": round(chance, 6),
        "above_chance_ci95": [round(low, 4), round(high, 4)],
        "winners": "".join(map(str, winners)),
        "winners_by_bytes": "".join(map(str, by_bytes)),
        "near_ties": [i["id"] for i, t in zip(items, top) if t[0] - t[1] < NEAR_TIE],
        "first_item_logprobs": [round(x, 4) for x in all_scores[0]],
    }


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("model")
    arguments.add_argument("--threads", type=int, default=1)
    a = arguments.parse_args()
    torch.set_num_threads(a.threads)
    tokenizer = transformers.AutoTokenizer.from_pretrained(a.model)
    model = transformers.AutoModelForCausalLM.from_pretrained(a.model, dtype=torch.float32).eval()
    out = {
        "made_by": "reference/probes.py",
        "versions": {"transformers": transformers.__version__, "torch": torch.__version__},
        "probes": {name: measure(model, tokenizer, name) for name in NAMES},
    }
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
