"""A tiny random Mixtral: its logits, greedy tokens, the gradients of all its tensors, and a dense model upcycled to one.

Writes src/test/resources/checkpoints/mixtral and src/test/resources/reference/mixture.json. Needs the output of
checkpoints.py, and runs after it. What `palimpsest grow --method experts` wrote is held by grow.py BASE GROWN.
"""

import shutil

import torch
from transformers import GenerationConfig, MixtralConfig, MixtralForCausalLM
from transformers.core_model_loading import revert_weight_conversion

from checkpoints import IDS, entry, randomise, rope, write_tokenizer
from golden import CHECKPOINTS, load, norm, random_ids, rounded, token_logprobs, write
from training import BATCH, loss_of

STORED = ("block_sparse_moe.gate", "experts.1.w2", "embed_tokens")


def made(folder):
    """Of 4 experts 2 at a time, a sliding window, grouped queries, untied."""
    config = MixtralConfig(
        vocab_size=320, hidden_size=32, max_position_embeddings=256, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, rms_norm_eps=1e-5, rope_parameters=rope(1000000.0),
        sliding_window=9, num_local_experts=4, num_experts_per_tok=2, tie_word_embeddings=False, **IDS,
    )
    model = MixtralForCausalLM(config)
    randomise(model, 41)
    model.generation_config = GenerationConfig(**IDS | {"eos_token_id": [2, 0]})
    model.save_pretrained(folder)
    write_tokenizer(folder, 320)


def as_stored(model, tensors):
    """Tensors of a model by the names in its files, where every expert has its own."""
    return {name: tensor for name, tensor in sorted(revert_weight_conversion(model, tensors).items())}


def gradients(model):
    batch = [{"ids": random_ids(500 + i, length, model.config.vocab_size), "label_start": start}
             for i, (length, start) in enumerate(BATCH)]
    model.requires_grad_(True)
    loss = loss_of(model, batch)
    loss.backward()
    found = as_stored(model, {name: parameter.grad for name, parameter in model.named_parameters()})
    return {"name": "mixtral", "batch": batch, "loss": rounded(loss), "gradients": [
        {"name": name, "shape": list(g.shape), "norm": norm(g), "first": rounded(g.flatten()[: 200 if any(part in name for part in STORED) else 6])}
        for name, g in found.items()]}


def main():
    folder = CHECKPOINTS / "mixtral"
    shutil.rmtree(folder, ignore_errors=True)
    made(folder)
    model = load(folder)
    whole = entry(folder, torch.float32)
    ids = whole["sequences"][-1]["ids"]
    write("mixture.json", "mixture.py", {
        "checkpoints": [whole | {"logprobs": rounded(token_logprobs(model, ids)[0])}], "gradients": [gradients(model)],
    })
    print(whole["parameters"], "spread", whole["eager_fp32_against_sdpa_fp64"], "gap", whole["greedy"]["smallest_gap"])


if __name__ == "__main__":
    main()
