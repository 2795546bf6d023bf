"""Per-token log-probabilities of the default model in fp32, for plain texts and for chat completions.

Writes src/test/resources/reference/logprobs.json. Ids are included: the numbers do not hang on a tokenizer.
"""

import torch
from transformers import AutoTokenizer

from golden import DEFAULT_MODEL, load, rounded, token_logprobs, write

ENGLISH = (
    "The ferry had been repainted so often that nobody could say what its first colour was. In spring it carried "
    "schoolchildren, in summer it carried bicycles, and in the long grey weeks of November it carried mostly letters. "
    "Old Marta, who sold tickets through a window no larger than a book, claimed that she could tell a person's errand "
    "from the way they counted coins. Lovers overpaid, she said; lawyers asked for a receipt; and those who were "
    "leaving for good always forgot their change.\n\nOne evening a surveyor came aboard with a brass instrument and a "
    "map on which the island was missing. He was polite about it. He said that the island had been left out since "
    "1887, that the error had been copied from sheet to sheet, and that it was a good deal easier to correct a map "
    "than to convince an office. The captain thought about this while the engine warmed. Then he asked whether, "
    "strictly speaking, a ferry to a place that did not exist needed a licence at all, and the surveyor, who had "
    "never considered the matter, bought a second ticket so that he would have time to think about it on the way "
    "back. By the time they reached the other side the fog had come down, and for an hour or so the map was right."
)
JAVA = '''final class Ring {
  private final double[] slots;
  private int next;

  Ring(int capacity) {
    this.slots = new double[capacity];
  }

  /** Adds a value, and drops the oldest when the ring is full. */
  void add(double value) {
    slots[next] = value;
    next = (next + 1) % slots.length;
  }
}
'''
SQL = "SELECT city, COUNT(*) AS n\nFROM airports\nWHERE country = 'NO' AND elevation > 1500\nGROUP BY city\nORDER BY n DESC\nLIMIT 5;"
TEXTS = {
    "five": "The cat sat on the",
    "english-short": "Water boils at 100 degrees Celsius at sea level, and at a lower temperature on a mountain.",
    "english-long": ENGLISH,
    "java": JAVA,
    "python": "def mean(xs):\n    \"\"\"The arithmetic mean of a non-empty list.\"\"\"\n    return sum(xs) / len(xs)\n\nprint(mean([1, 2, 4.5]))\n",
    "sql": SQL,
    "json": '{"id": 17, "name": "Øystein", "tags": ["a", "b"], "price": 12.50, "ok": true, "next": null}',
    "german": "Die Fähre über den Fluss fährt täglich außer sonntags; im Winter fällt sie bei Eisgang häufig aus, und die Fußgänger müssen über die alte Brücke gehen.",
    "cjk": "渡船每天早上七点开。昨日は雨でしたが、今日は晴れています。배는 저녁에 돌아옵니다.",
    "digits": "3.14159265358979 2 71828 1,000,000 0x1F 2024-02-29 23:59:59 +49 30 1234567 12 * 12 = 144",
    "emoji": "Great news! 🎉🚀 We won 3–2 ⚽️ 👩‍👩‍👧‍👦 — see you at the café… ¯\\_(ツ)_/¯",
    "whitespace": "  two  spaces\n\n\n\ttab\t\tand   three \n trailing   ",
    "special": "<|im_start|>user\nSay <|endoftext|> aloud.<|im_end|>\n<|im_start|>assistant\n",
}
PAIRS = {
    "capital": ("What is the capital of France?", "The capital of France is Paris."),
    "one-word": ("Is ice lighter than water? Answer yes or no.", "yes"),
    "unlikely": ("What is the capital of France?", "Purple ladders sleep under 42 engines."),
    "sql": ("Write one SQL query: all airports in Norway above 1500 feet.", SQL),
    "german": ("Übersetze ins Deutsche: The bridge is old.", "Die Brücke ist alt."),
    "empty": ("Say nothing.", ""),
    "multi-line": ("Name three rivers.", "1. Rhine\n2. Nile\n3. Amazon\n"),
}


def score_text(model, tokenizer, name, text):
    ids = tokenizer(text)["input_ids"]
    assert tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text
    logprobs, greedy = token_logprobs(model, ids)
    scored = len(text.encode()) - len(tokenizer.decode(ids[:1]).encode())
    total = logprobs.double().sum()
    return {
        "name": name, "text": text, "ids": ids, "logprobs": rounded(logprobs), "sum": rounded(total),
        "greedy": greedy.tolist(), "scored_bytes": scored,
        "bits_per_byte": rounded(-total / torch.tensor(2.0).double().log() / scored),
    }


def score_pair(model, tokenizer, name, prompt, completion):
    """Completion plus the closing end-of-turn token; what the template prints after that token is dropped."""
    user = {"role": "user", "content": prompt}
    head = tokenizer.apply_chat_template([user], tokenize=False, add_generation_prompt=True)
    whole = tokenizer.apply_chat_template([user, {"role": "assistant", "content": completion}], tokenize=False)
    assert whole == head + completion + "<|im_end|>\n"
    ids, start = tokenizer(whole.removesuffix("\n"))["input_ids"], len(tokenizer(head)["input_ids"])
    assert ids[:start] == tokenizer(head)["input_ids"] and ids[-1] == tokenizer.eos_token_id
    logprobs, greedy = (values[start - 1:] for values in token_logprobs(model, ids))
    return {
        "name": name, "prompt": prompt, "completion": completion, "ids": ids, "label_start": start,
        "logprobs": rounded(logprobs), "sum": rounded(logprobs.double().sum()), "tokens": len(logprobs),
        "greedy": bool(greedy.all()),
    }


def spread(double_model, texts):
    """How far the recorded values lie from the same model in fp64: what rounding alone may do."""
    differences = [
        (torch.tensor(text["logprobs"]).double() - token_logprobs(double_model, text["ids"])[0]).abs().max().item()
        for text in texts
    ]
    return float(f"{max(differences):.2g}")


def main():
    model, tokenizer = load(DEFAULT_MODEL, "sdpa"), AutoTokenizer.from_pretrained(DEFAULT_MODEL)
    texts = [score_text(model, tokenizer, *item) for item in TEXTS.items()]
    pairs = [score_pair(model, tokenizer, name, *pair) for name, pair in PAIRS.items()]
    write("logprobs.json", "logprobs.py", {
        "fp32_against_fp64": spread(model.double(), texts), "texts": texts, "pairs": pairs,
    })
    for item in texts + pairs:
        print(item["name"], len(item["ids"]), item["sum"], item.get("bits_per_byte", ""), item["greedy"] is True)


if __name__ == "__main__":
    main()
