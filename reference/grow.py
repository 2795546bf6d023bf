"""Grown models: the tiny checkpoints made larger again here, in PyTorch, and transformers' logits of them.

Writes src/test/resources/reference/grow.json. Needs the output of checkpoints.py. With folders as arguments it
prints the logits' largest difference between what `palimpsest grow` wrote there and the model it names as its base:

    python reference/grow.py BASE GROWN...
"""

import sys

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from golden import CHECKPOINTS, load, picked_logits, random_ids, rounded, write

LENGTH = 24
ROWS = (11, 23)
PRESERVING = ("blocks", "width", "upcycled")


def reshaped(config, layers, times):
    changed = config.to_dict() | {
        "num_hidden_layers": len(layers), "hidden_size": config.hidden_size * times,
        "intermediate_size": config.intermediate_size * times,
        "num_attention_heads": config.num_attention_heads * times,
        "num_key_value_heads": config.num_key_value_heads * times,
    }
    changed.pop("model_type")
    if changed.get("layer_types"):
        changed["layer_types"] = [config.layer_types[i] for i in layers]
    return type(config)(**changed)


def rebuilt(model, layers, times=1, change=lambda name, tensor: tensor):
    """A model whose layer i is the old one's layers[i]; every axis that grew is filled with repetitions."""
    grown = AutoModelForCausalLM.from_config(reshaped(model.config, layers, times), attn_implementation="eager").float().eval()
    old = dict(model.named_parameters())
    with torch.no_grad():
        for name, parameter in grown.named_parameters():
            parts = name.split(".")
            if parts[1] == "layers":
                parts[2] = str(layers[int(parts[2])])
            tile = old[".".join(parts)]
            tile = tile.repeat([new // before for new, before in zip(parameter.shape, tile.shape)])
            parameter.copy_(change(name, tile))
    return grown


def depth(model):
    """SOLAR, 2312.15166: m is a quarter of the layers."""
    n, m = model.config.num_hidden_layers, model.config.num_hidden_layers // 4
    return rebuilt(model, [*range(n - m), *range(m, n)])


def blocks(model):
    """LLaMA Pro, 2401.02415, one block after every layer; Gemma's new blocks are silenced at their output norms."""
    gemma = model.config.model_type.startswith("gemma3")

    def silenced(name, tensor):
        if ".layers." not in name or int(name.split(".")[2]) % 2 == 0:
            return tensor
        if gemma and ("post_attention_layernorm" in name or "post_feedforward_layernorm" in name):
            return torch.full_like(tensor, -1)
        return torch.zeros_like(tensor) if not gemma and ("o_proj" in name or "down_proj" in name) else tensor

    return rebuilt(model, [i for i in range(model.config.num_hidden_layers) for _ in range(2)], 1, silenced)


def width(model, times=3):
    """HyperCloning, 2409.12903."""
    config = model.config
    gemma = config.model_type.startswith("gemma3")
    table = times ** -0.5 if gemma else 1.0

    def divided(name, tensor):
        if name == "model.embed_tokens.weight":
            return tensor * table
        if name == "model.norm.weight":
            gain = 1 / (times * table) if config.tie_word_embeddings else 1.0
            return (tensor + 1) * gain - 1 if gemma else tensor * gain
        return tensor / times if tensor.dim() == 2 else tensor

    return rebuilt(model, range(config.num_hidden_layers), times, divided)


def tile(model):
    """Phi-2 from phi-1.5: layer map round(i / new * old), matrices repeated as they are; one layer more."""
    old = model.config.num_hidden_layers
    return rebuilt(model, [min(old - 1, round(i / (old + 1) * old)) for i in range(old + 1)], 2)


def case(name, method):
    model = load(CHECKPOINTS / name)
    grown = method(model)
    ids = random_ids(11, LENGTH, model.config.vocab_size)
    logits = picked_logits(grown, ids, list(ROWS))
    change = (torch.tensor(logits) - torch.tensor(picked_logits(model, ids, list(ROWS)))).abs().max().item()
    assert (change < 1e-4) == (method.__name__ in PRESERVING), (name, method.__name__, change)
    return {"checkpoint": name, "method": method.__name__, "parameters": sum(p.numel() for p in grown.parameters()),
            "ids": ids, "rows": list(ROWS), "logits": logits}


def compare(base, folders):
    model = load(base)
    ids = random_ids(11, LENGTH, model.config.vocab_size)
    before = torch.tensor(picked_logits(model, ids, list(range(LENGTH))))
    for folder in folders:
        after = torch.tensor(picked_logits(load(folder), ids, list(range(LENGTH))))
        print(f"{folder}: {AutoConfig.from_pretrained(folder).model_type}, largest change of a logit "
              f"{(after - before).abs().max().item():.3g}, of up to {before.abs().max().item():.3g}")


def main():
    names = ("llama", "llama3", "mistral", "qwen2", "qwen3", "gemma3")
    write("grow.json", "grow.py", {
        "grown": [case(name, method) for name in names for method in (depth, blocks, width, tile)],
    })


if __name__ == "__main__":
    compare(sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else main()
