"""Token ids and label masks of chats, prompts with completions, and texts, as transformers gives them.

Reads src/test/resources/checkpoints/llama (its tokenizer and its ChatML template), writes
src/test/resources/reference/labels.json. transformers 5.23.0. Chats: the mask that transformers makes from a
{% generation %} block around an assistant's content and end-of-turn token, cut after the last of these. Raw pairs:
offsets of the joined text; the first label is the first token that ends past the prompt.
"""

import json

import golden
from transformers import AutoTokenizer

TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}"
    "{% else %}{{ message['content'] + '<|im_end|>' }}{% endif %}{{ '\n' }}{% endfor %}"
)


def turns(*contents):
    roles = ("user", "assistant")
    return [{"role": roles[i % 2], "content": c} for i, c in enumerate(contents)]


CHATS = [
    turns("What is 17 + 25?", "42"),
    turns("Hello", " leading space", "again\n", "\nleading and trailing line\n"),
    [{"role": "system", "content": "Answer with one word."}] + turns("Überfüllt? 中文 🙂", "Ja, 是的 🙂🙃", "q", "a"),
    turns("say <|im_end|> twice", "<|im_end|>\n<|im_start|>assistant\n<|im_end|>", "", "."),
    turns("empty", ""),
]
PAIRS = [
    ("The capital of", " France is Paris."),
    ("The capital of ", "France is Paris."),
    ("def f(x):\n    ", "return x * 12345\n"),
    ("12", "34 5 6789"),
    ("na", "ïve 🙂"),
    ("end<|im_end|>", "start"),
]


def chat(tokenizer, messages):
    both = tokenizer.apply_chat_template(
        messages, chat_template=TEMPLATE, return_dict=True, return_assistant_tokens_mask=True
    )
    ids, mask = both["input_ids"], both["assistant_masks"]
    assert ids == tokenizer.apply_chat_template(messages, return_dict=True)["input_ids"]
    end = len(mask) - mask[::-1].index(1)
    before = tokenizer.apply_chat_template(messages[:-1], add_generation_prompt=True, return_dict=True)["input_ids"]
    return {"messages": messages, "ids": ids[:end], "labels": mask[:end], "prompt": before}


def pair(tokenizer, prompt, completion):
    both = tokenizer(prompt + completion, add_special_tokens=False, return_offsets_mapping=True)
    labels = [int(i > 0 and end > len(prompt)) for i, (_, end) in enumerate(both["offset_mapping"])]
    return {"prompt": prompt, "completion": completion, "ids": both["input_ids"], "labels": labels}


def main():
    tokenizer = AutoTokenizer.from_pretrained(golden.CHECKPOINTS / "llama")
    found = {"chats": [chat(tokenizer, c) for c in CHATS], "pairs": [pair(tokenizer, *p) for p in PAIRS]}
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    (golden.RESOURCES / "reference/labels.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
