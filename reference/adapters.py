"""PEFT adapters of every form on the tiny checkpoints, and the logits they give in fp32.

Writes src/test/resources/adapters/NAME and src/test/resources/reference/adapters.json. Needs the output of checkpoints.py.
"""

import json
import shutil

import peft
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora import LoraLayer

from golden import ADAPTERS, CHECKPOINTS, load, norm, picked_logits, picked_rows, random_ids, rounded, write

LENGTH = 40


def all_linear(**more):
    return LoraConfig(**dict(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM") | more)


def queries(*targets, **more):
    return all_linear(target_modules=["q_proj", *targets], **more)


TOKENS = [*range(119, 3, -4)]

# name -> (checkpoint, configuration)
RECIPES = {
    "plain": ("llama", all_linear()),
    "second": ("llama", all_linear(r=3, lora_alpha=3, target_modules=["q_proj", "v_proj", "down_proj"])),
    "patterns": ("llama", all_linear(
        rank_pattern={"q_proj": 8, "layers.1.mlp.down_proj": 2, "^model.layers.0.self_attn.k_proj": 1},
        alpha_pattern={"up_proj": 20, "layers.0.self_attn.q_proj": 4, "layers.*.mlp.gate_proj": 6},
    )),
    "rslora": ("llama", all_linear(r=9, use_rslora=True, rank_pattern={"o_proj": 4})),
    "one-layer": ("llama", all_linear(target_modules=["q_proj", "up_proj"], layers_to_transform=[1],
                                      layers_pattern="layers")),
    "excluded": ("llama", all_linear(exclude_modules=["k_proj", "model.layers.0.mlp.down_proj"])),
    "dora": ("llama", all_linear(use_dora=True)),
    "saved-head-tied": ("llama", all_linear(modules_to_save=["lm_head"])),
    "saved-head": ("llama3", all_linear(modules_to_save=["lm_head"])),
    "embedding": ("llama3", all_linear(target_modules=["embed_tokens", "q_proj", "lm_head"])),
    "regex": ("qwen2", all_linear(target_modules=r"model\.layers\.\d+\.(self_attn\.[qv]|mlp\.down)_proj")),
    "qwen2-plain": ("qwen2", all_linear()),
    "bias": ("qwen2", all_linear(target_modules=["q_proj", "k_proj", "o_proj"], bias="all")),
    "qwen3-plain": ("qwen3", all_linear()),
    "gemma3-plain": ("gemma3", all_linear()),
    "mistral-plain": ("mistral", all_linear()),
    "qwen2-dora": ("qwen2", all_linear(use_dora=True)),
    "saved-embedding": ("llama3", queries(modules_to_save=["embed_tokens"])),
    "saved-embedding-tied": ("llama", queries(modules_to_save=["embed_tokens"])),
    "saved-ensured": ("llama", queries(modules_to_save=["embed_tokens"], ensure_weight_tying=True)),
    "embedding-tied": ("llama", queries("embed_tokens")),
    "embedding-ensured": ("llama", queries("embed_tokens", ensure_weight_tying=True)),
    "embedding-with-base": ("llama", queries("embed_tokens")),
    "gemma3-embedding": ("gemma3", queries("embed_tokens")),
    "head-tied": ("llama", queries("lm_head")),
    "head-dora": ("llama3", queries("lm_head", use_dora=True)),
    "tokens": ("llama3", queries(trainable_token_indices=TOKENS)),
    "tokens-tied": ("llama", queries(trainable_token_indices=TOKENS)),
    "tokens-both": ("llama3", queries(trainable_token_indices={"embed_tokens": TOKENS, "lm_head": TOKENS[:9]})),
    "tokens-apart": ("llama", queries(trainable_token_indices={"embed_tokens": TOKENS, "lm_head": TOKENS[:9]})),
    "gemma3-tokens": ("gemma3", queries(trainable_token_indices=TOKENS)),
    "tokens-head": ("llama", queries("lm_head", trainable_token_indices=TOKENS)),
}


def adapted(name, seed):
    """The checkpoint with the adapter on it, every trained tensor random."""
    checkpoint, config = RECIPES[name]
    model = get_peft_model(load(CHECKPOINTS / checkpoint), config).eval()
    # Else PEFT would record where the checkpoint lay on this machine.
    model.peft_config["default"].base_model_name_or_path = f"checkpoints/{checkpoint}"
    generator = torch.Generator().manual_seed(1000 + seed)
    with torch.no_grad():
        for key, parameter in sorted(model.named_parameters()):
            if not parameter.requires_grad:
                continue
            noise = torch.randn(parameter.shape, generator=generator)
            if "magnitude" in key:
                parameter.mul_(1 + 0.2 * noise)
            elif "lora_" in key:
                parameter.copy_(0.2 * noise)
            else:
                parameter.add_(0.2 * noise)
        if name.endswith("with-base"):  # as after another training; the tied head moves with it
            table = model.get_input_embeddings().base_layer.weight
            table.add_(0.2 * torch.randn(table.shape, generator=generator))
    return model


def save(model, folder):
    model.save_pretrained(folder, save_embedding_layers=folder.name.endswith("with-base"))
    (folder / "README.md").unlink()
    # PEFT keeps these as sets, so their order would differ from run to run.
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    for key in ("target_modules", "exclude_modules", "modules_to_save"):
        if isinstance(config[key], list):
            config[key].sort()
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def modules(model):
    """Hugging Face name -> rank, scale, norm of the delta and that norm over the weight's; not for DoRA."""
    found = []
    for name, module in model.base_model.model.named_modules():
        if not isinstance(module, LoraLayer):
            continue
        delta = module.get_delta_weight("default")
        found.append({
            "name": name, "rank": module.r["default"], "scale": rounded(module.scaling["default"]),
            "norm": norm(delta), "relative_norm": rounded(norm(delta) / norm(module.get_base_layer().weight)),
        })
    return found


def entry(name, seed):
    checkpoint = RECIPES[name][0]
    folder = ADAPTERS / name
    model = adapted(name, seed)
    save(model, folder)
    again = PeftModel.from_pretrained(load(CHECKPOINTS / checkpoint), folder).eval()
    ids = random_ids(300 + seed, LENGTH, again.config.vocab_size)
    rows = picked_rows(LENGTH)
    logits = picked_logits(again, ids, rows)
    assert logits == picked_logits(model, ids, rows), name
    shift = (torch.tensor(logits) - torch.tensor(picked_logits(load(CHECKPOINTS / checkpoint), ids, rows))).abs().max()
    print(f"{name}: largest change of a logit {shift:.3f}, {len(modules(again))} modules")
    found = {"name": name, "checkpoint": checkpoint, "ids": ids, "rows": rows, "logits": logits}
    return found if name.endswith("dora") else found | {"modules": modules(again)}


def main():
    shutil.rmtree(ADAPTERS, ignore_errors=True)
    entries = [entry(name, seed) for seed, name in enumerate(RECIPES)]
    write("adapters.json", "adapters.py", {"peft": peft.__version__, "adapters": entries})


if __name__ == "__main__":
    main()
