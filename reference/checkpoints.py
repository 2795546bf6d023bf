"""Tiny random checkpoints in the Hugging Face layout, and their logits in fp32.

Writes src/test/resources/checkpoints/NAME and src/test/resources/reference/checkpoints.json.
"""

import json
import shutil

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from golden import CHECKPOINTS, load, picked_logits, picked_rows, random_ids, rounded, write

LENGTHS = (1, 17, 70)
IDS = dict(bos_token_id=1, eos_token_id=2, pad_token_id=0)


def rope(theta, **more):
    return {"rope_type": "default", "rope_theta": theta} | more


def recipes():
    """name -> (model class, configuration, stored type, largest shard)."""
    llama3_rope = rope(
        10000.0, rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
        original_max_position_embeddings=32,
    )
    gemma_rope = {"sliding_attention": rope(10000.0), "full_attention": rope(1000000.0)}
    small = dict(vocab_size=128, hidden_size=32, max_position_embeddings=256, **IDS)
    return {
        "llama": (LlamaForCausalLM, LlamaConfig(
            **small | {"vocab_size": 320}, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, rms_norm_eps=1e-5, rope_parameters=rope(100000.0), tie_word_embeddings=True,
        ), torch.float32, "1GB"),
        "llama3": (LlamaForCausalLM, LlamaConfig(
            **small, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=1,
            head_dim=16, rms_norm_eps=1e-5, rope_parameters=llama3_rope, tie_word_embeddings=False,
        ), torch.float32, "1GB"),
        "mistral": (MistralForCausalLM, MistralConfig(
            **small, intermediate_size=64, num_hidden_layers=3, num_attention_heads=2, num_key_value_heads=1,
            head_dim=16, rms_norm_eps=1e-5, rope_parameters=rope(10000.0), sliding_window=9,
            tie_word_embeddings=False,
        ), torch.float16, "1GB"),
        "qwen2": (Qwen2ForCausalLM, Qwen2Config(
            **small, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
            rms_norm_eps=1e-6, rope_parameters=rope(1000000.0), tie_word_embeddings=True,
        ), torch.float32, "1GB"),
        "qwen3": (Qwen3ForCausalLM, Qwen3Config(
            **small, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
            head_dim=12, rms_norm_eps=1e-6, rope_parameters=rope(1000000.0), tie_word_embeddings=False,
        ), torch.float32, "40KB"),
        "gemma3": (Gemma3ForCausalLM, Gemma3TextConfig(
            **small, intermediate_size=40, num_hidden_layers=7, num_attention_heads=2, num_key_value_heads=1,
            head_dim=24, rms_norm_eps=1e-6, rope_parameters=gemma_rope, sliding_window=9,
            query_pre_attn_scalar=20, tie_word_embeddings=True,
        ), torch.bfloat16, "1GB"),
    }


# The same configurations as transformers 4 wrote them: what to add to config.json, and what was not there.
OLD_FORMS = {
    "llama": {"rope_theta": 100000.0, "rope_scaling": None},
    "llama3": {"rope_theta": 10000.0, "rope_scaling": {
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 32}},
    "qwen2": {"rope_theta": 1000000.0, "sliding_window": 9, "max_window_layers": 1, "use_sliding_window": False},
    "gemma3": {"rope_theta": 1000000.0, "rope_local_base_freq": 10000.0, "rope_scaling": None,
               "sliding_window_pattern": 6},
}
NEW_KEYS = ("rope_parameters", "layer_types", "_sliding_window_pattern", "use_bidirectional_attention")
# Files of that time leave these to the architecture's defaults.
UNWRITTEN = {"llama": ("head_dim",), "gemma3": ("tie_word_embeddings",)}


def randomise(model, seed):
    """Weights that differ from each other enough for a wrong layout to show in the logits."""
    generator = torch.Generator().manual_seed(seed)
    centre = 0.0 if model.config.model_type.startswith("gemma3") else 1.0
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(centre + 0.2 * noise if "norm" in name else 0.3 * noise)


def write_old_form(folder):
    config = json.loads((folder / "config.json").read_text())
    for key in NEW_KEYS + UNWRITTEN.get(folder.name, ()):
        config.pop(key, None)
    config |= OLD_FORMS[folder.name] | {"torch_dtype": config.pop("dtype"), "transformers_version": "4.51.0"}
    (folder / "config-4x.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


CORPUS = [
    "A palimpsest is a page scraped and written again: the old text still shows, where it was not lost.",
    "The night train to the coast leaves at ten and the last ferry of the day waits for it.",
    "She counted the boats in the harbour, wrote the number in the ledger, and went home.",
    "SELECT name FROM stations WHERE height > 1200 ORDER BY name;",
    "The price of the ticket is 12 or 15, and the answer to the question is in the table.",
]
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
TEXTS = [
    "The old text still shows.", "", " ", "a  b\n\n c\t", "In 2024: 1234 boats, 56.7 %",
    "<|im_start|>user\nHi<|im_end|>", "Zürich, naïve café", "手写的书页", "🙂 and 👩‍👩‍👧", "for (int i = 0; i < n; i++) { s += a[i]; }",
]
CHATS = [
    [{"role": "user", "content": "Which train goes to the coast?"}],
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Count: 1 2 3"},
     {"role": "assistant", "content": "3 numbers."}, {"role": "user", "content": "Ünd?"}],
]


def write_tokenizer(folder, vocabulary):
    """A byte-level BPE with SmolLM2's three special tokens and its rule that digits stand alone."""
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=special, show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    ))
    assert tokenizer.get_vocab_size() == vocabulary
    whole = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<|im_start|>", eos_token="<|im_end|>", pad_token="<|endoftext|>",
        unk_token="<|endoftext|>", model_max_length=256, clean_up_tokenization_spaces=False,
    )
    whole.chat_template = TEMPLATE
    whole.save_pretrained(folder)
    return whole


def tokenizer_cases(tokenizer):
    texts = []
    for text in TEXTS:
        ids = tokenizer(text)["input_ids"]
        assert tokenizer.decode(ids) == text
        texts.append({"text": text, "ids": ids})
    chats = []
    for messages in CHATS:
        rendered = tokenizer.apply_chat_template(messages, tokenize=False)
        reply = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        chats.append({"messages": messages, "rendered": rendered, "for_reply": reply,
                      "reply_ids": tokenizer(reply)["input_ids"]})
    return {"checkpoint": "llama", "texts": texts, "chats": chats}


def greedy(model, prompt, count, end):
    """Up to `count` greedy tokens, and the smallest gap between the best two logits on the way."""
    ids, gap = list(prompt), float("inf")
    with torch.inference_mode():
        while len(ids) < len(prompt) + count and (len(ids) == len(prompt) or ids[-1] not in end):
            best = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1].topk(2)
            gap = min(gap, (best.values[0] - best.values[1]).item())
            ids.append(best.indices[0].item())
    return {"prompt": prompt, "ids": ids[len(prompt):], "smallest_gap": rounded(gap)}


def entry(folder, stored):
    model, other = load(folder), load(folder, "sdpa").double()
    sequences, spread = [], 0.0
    for number, length in enumerate(LENGTHS):
        ids = random_ids(100 + number, length, model.config.vocab_size)
        rows = picked_rows(length)
        logits = picked_logits(model, ids, rows)
        spread = max(spread, (torch.tensor(logits) - torch.tensor(picked_logits(other, ids, rows))).abs().max().item())
        sequences.append({"ids": ids, "rows": rows, "logits": logits})
    return {
        "name": folder.name, "stored": str(stored).removeprefix("torch."),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "eager_fp32_against_sdpa_fp64": float(f"{spread:.2g}"), "sequences": sequences,
        "greedy": greedy(model, sequences[1]["ids"], 24, {2}),
    }


def check_old_form(folder, expected):
    """transformers itself reads the old form as the same model."""
    scratch = folder.parent / (folder.name + "-scratch")
    shutil.copytree(folder, scratch)
    shutil.copy(scratch / "config-4x.json", scratch / "config.json")
    try:
        last = expected["sequences"][-1]
        assert picked_logits(load(scratch), last["ids"], last["rows"]) == last["logits"], folder.name
    finally:
        shutil.rmtree(scratch)


def main():
    shutil.rmtree(CHECKPOINTS, ignore_errors=True)
    entries = []
    for seed, (name, (kind, config, stored, shard)) in enumerate(recipes().items()):
        folder = CHECKPOINTS / name
        model = kind(config)
        randomise(model, seed)
        model.generation_config = GenerationConfig(**IDS | {"eos_token_id": [2, 0]})
        model.to(stored).save_pretrained(folder, max_shard_size=shard)
        entries.append(entry(folder, stored))
        if name in OLD_FORMS:
            write_old_form(folder)
            check_old_form(folder, entries[-1])
    tokenizer = write_tokenizer(CHECKPOINTS / "llama", 320)
    write("checkpoints.json", "checkpoints.py", {
        "checkpoints": entries, "old_forms": list(OLD_FORMS), "tokenizer": tokenizer_cases(tokenizer),
    })
    for found in entries:
        print(found["name"], found["stored"], found["parameters"], "spread", found["eager_fp32_against_sdpa_fp64"],
              "greedy gap", found["greedy"]["smallest_gap"])


if __name__ == "__main__":
    main()
