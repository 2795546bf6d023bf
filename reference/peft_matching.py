"""Which modules an adapter changes, with which rank and scale, as PEFT decides:
src/test/resources/reference/peft_matching.json.

Made with peft 0.21 and torch:  python reference/peft_matching.py
Each case is a LoraConfig over a Llama of two small layers; what is written down is read off the
PEFT model itself. The first case is saved as PEFT saves it, byte for byte.
"""

import base64
import importlib.metadata
import json
import pathlib
import tempfile

import peft
import torch
import transformers

OUT = pathlib.Path(__file__).parent.parent / "src/test/resources/reference/peft_matching.json"
MODEL = {"model_type": "llama", "hidden_size": 8, "intermediate_size": 12, "vocab_size": 16,
         "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
         "tie_word_embeddings": True}

CASES = [
    {"target_modules": ["q_proj", "down_proj"], "r": 2, "lora_alpha": 6,
     "rank_pattern": {"down_proj": 3}, "alpha_pattern": {"layers.1.self_attn.q_proj": 5}},
    {"target_modules": "all-linear", "r": 2},
    {"target_modules": "ALL-Linear", "r": 2, "exclude_modules": ["v_proj"]},
    {"target_modules": ["self_attn.k_proj", "model.layers.0.mlp.up_proj"], "r": 4,
     "use_rslora": True, "lora_alpha": 8},
    {"target_modules": r".*\.1\..*(q|k)_proj", "r": 1},
    {"target_modules": ["q_proj", "k_proj"], "exclude_modules": r".*\.0\..*", "r": 1},
    {"target_modules": ["v_proj"], "layers_to_transform": [1], "r": 1},
    {"target_modules": ["v_proj"], "layers_to_transform": 0, "layers_pattern": "layers", "r": 1},
    {"target_modules": ["gate_proj", "up_proj"], "r": 2, "lora_alpha": 4, "use_rslora": True,
     "rank_pattern": {"up_proj": 1, r"layers\.1\.mlp\.(gate|up)_proj": 4},
     "alpha_pattern": {"^model.layers.0.mlp.gate_proj": 7, "proj": 9}},
    {"target_modules": ["proj", "q_pro", "attn.o_proj", "o_proj"], "r": 1},
]


def base():
    torch.manual_seed(0)
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(**MODEL))


def matched(model):
    found = {}
    for name, module in model.base_model.model.named_modules():
        if isinstance(module, peft.tuners.lora.Linear):
            found[name] = {"rank": module.r["default"], "scale": module.scaling["default"]}
    return found


def saved(model):
    torch.manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(parameter)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        files = {p.name: base64.b64encode(p.read_bytes()).decode()
                 for p in pathlib.Path(folder).iterdir() if p.name != "README.md"}
    q = model.base_model.model.model.layers[1].self_attn.q_proj
    return {"files": files, "b": q.lora_B["default"].weight.detach().reshape(-1).tolist()}


def main():
    cases, file = [], None
    for number, case in enumerate(CASES):
        model = peft.get_peft_model(base(), peft.LoraConfig(task_type="CAUSAL_LM", **case))
        cases.append({"config": {"peft_type": "LORA", **case}, "modules": matched(model)})
        if number == 0:
            file = saved(model)
    OUT.write_text(json.dumps(
        {"versions": {p: importlib.metadata.version(p) for p in ("peft", "torch", "transformers")},
         "model": MODEL, "cases": cases, "saved": file}, indent=1) + "\n")


if __name__ == "__main__":
    main()
