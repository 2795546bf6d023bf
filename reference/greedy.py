"""Greedy answers of the default model in fp32: 20 chat prompts, 64 tokens or up to an end token.

Writes src/test/resources/reference/greedy.json, with the smallest gap between the best two logits on each path:
where it is near the rounding of fp32, another summation order may answer differently with equal right.
"""

import torch
from transformers import AutoTokenizer, GenerationConfig

from golden import DEFAULT_MODEL, load, rounded, write

TOKENS = 64
PROMPTS = [
    "What is the capital of France?",
    "Explain in two sentences why the sky is blue.",
    "Write a Python function that reverses a string.",
    "What is 17 plus 25?",
    "Name three fruits that are yellow.",
    "Translate into German: The house is old.",
    "Write one SQL query that counts the rows of the table airports.",
    "Give me a short poem about a river at night.",
    "Which is larger, the moon or the earth?",
    "Summarise: The ferry was late because of fog, and the passengers waited in the café.",
    "List the first five prime numbers.",
    "Who wrote Romeo and Juliet?",
    "Correct the sentence: She go to school yesterday.",
    "Was ist die Hauptstadt von Deutschland?",
    "你好，请介绍一下你自己。",
    "Write a JSON object with the keys name and age.",
    "How do I boil an egg?",
    "What does HTTP 404 mean? 🙂",
    "Write a Java method that returns the larger of two ints.",
    "Say yes.",
]


def answer(model, prompt, end):
    """The path token by token over a KV cache, and the best two logits' smallest gap with its place."""
    ids, gaps, cache, step = [], [], None, torch.tensor([prompt])
    while len(ids) < TOKENS and (not ids or ids[-1] not in end):
        output = model(input_ids=step, past_key_values=cache, use_cache=True, logits_to_keep=1)
        best, cache = output.logits[0, -1].topk(2), output.past_key_values
        ids.append(best.indices[0].item())
        gaps.append((best.values[0] - best.values[1]).item())
        step = torch.tensor([[ids[-1]]])
    smallest = min(gaps)
    return {"ids": ids, "smallest_gap": rounded(smallest), "smallest_gap_at": gaps.index(smallest)}


def main():
    model, tokenizer = load(DEFAULT_MODEL, "sdpa"), AutoTokenizer.from_pretrained(DEFAULT_MODEL)
    end = GenerationConfig.from_pretrained(DEFAULT_MODEL).eos_token_id
    end = end if isinstance(end, list) else [end]
    items = []
    with torch.inference_mode():
        for prompt in PROMPTS:
            text = tokenizer.apply_chat_template(
                [{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True
            )
            ids = tokenizer(text)["input_ids"]
            found = answer(model, ids, end)
            finish = "stop" if found["ids"][-1] in end else "length"
            items.append({"prompt": prompt, "prompt_ids": ids, **found, "finish": finish,
                          "text": tokenizer.decode(found["ids"], skip_special_tokens=True)})
            print(f'{found["smallest_gap"]:.5f} at {found["smallest_gap_at"]:2} {finish:6} {items[-1]["text"]!r}')
    write("greedy.json", "greedy.py", {"tokens": TOKENS, "end": end, "items": items})


if __name__ == "__main__":
    main()
