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
from grow import case
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


def upcycled(model):
    """Sparse upcycling, 2212.05055: every expert a copy of the one feed-forward part, and a random router."""
    dense = model.config
    same = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
            "head_dim", "rms_norm_eps", "rope_parameters", "tie_word_embeddings", "max_position_embeddings")
    config = MixtralConfig(**{key: getattr(dense, key) for key in same}, **IDS, num_local_experts=4, num_experts_per_tok=2,
                           sliding_window=getattr(dense, "sliding_window", None))
    config._experts_implementation = "eager"
    grown = MixtralForCausalLM(config).float().eval()
    old = dict(model.named_parameters())
    with torch.no_grad():
        for name, parameter in grown.named_parameters():
            if name.endswith("mlp.experts.gate_up_proj"):
                one = torch.cat([old[name.replace("experts.gate_up_proj", part + "_proj.weight")] for part in ("gate", "up")])
                parameter.copy_(one.expand_as(parameter))
            elif name.endswith("mlp.experts.down_proj"):
                parameter.copy_(old[name.replace("experts.down_proj", "down_proj.weight")].expand_as(parameter))
            elif name.endswith("mlp.gate.weight"):
                parameter.normal_(0, 0.3, generator=torch.Generator().manual_seed(5))
            else:
                parameter.copy_(old[name])
    return grown


def grown(name):
    found = case(name, upcycled)
    return found | {"method": "experts"}


def main():
    folder = CHECKPOINTS / "mixtral"
    shutil.rmtree(folder, ignore_errors=True)
    made(folder)
    model = load(folder)
    whole = entry(folder, torch.float32)
    ids = whole["sequences"][-1]["ids"]
    write("mixture.json", "mixture.py", {
        "checkpoints": [whole | {"logprobs": rounded(token_logprobs(model, ids)[0])}], "gradients": [gradients(model)],
        "grown": [grown(name) for name in ("llama", "llama3", "mistral")],
    })
    print(whole["parameters"], "spread", whole["eager_fp32_against_sdpa_fp64"], "gap", whole["greedy"]["smallest_gap"])


if __name__ == "__main__":
    main()
