"""Exports of the tiny checkpoints, read by transformers, PEFT and the gguf package.

    python reference/export/readers.py PALIMPSEST…

PALIMPSEST… is the command that runs the program, such as `./palimpsest`. For each adapter it exports the merged model as a
folder in shards (`hf`) and the adapter (`peft`, `vllm`), and compares logits of 40 ids in fp32 with those of the base under the
adapter as PEFT reads both; for the llama checkpoint it exports GGUF files and compares every tensor, as the gguf package
reads it, with export.json. Prints the largest difference, relative to the largest logit; exit 1 above 1e-5.
"""

import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

import gguf
import peft
import safetensors.torch
import torch
import transformers

RESOURCES = pathlib.Path(__file__).parents[2] / "src/test/resources"
ADAPTERS = {"plain": "llama", "patterns": "llama", "rslora": "llama", "dora": "llama", "qwen2-plain": "qwen2",
            "qwen3-plain": "qwen3", "gemma3-plain": "gemma3", "mistral-plain": "mistral"}


def logits(model):
    generator = torch.Generator().manual_seed(7)
    ids = torch.randint(3, 120, (1, 40), generator=generator)
    with torch.inference_mode():
        return model(input_ids=ids, use_cache=False).logits.double()


def load(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def export(command, out, *options):
    subprocess.run([*command, "export", "--out", out, "--quiet", *map(str, options)], check=True, stdout=subprocess.DEVNULL)
    return out


def one_scale(model, folder):
    """The base with an adapter as vLLM takes it: every product by alpha / r, no patterns (lora/peft_helper.py)."""
    config = json.loads((folder / "adapter_config.json").read_text())
    assert not (config.get("use_dora") or config.get("modules_to_save") or config["bias"] != "none" or config["use_rslora"])
    factors, weights = safetensors.torch.load_file(folder / "adapter_model.safetensors"), model.state_dict()
    for name, a in factors.items():
        module, _, kind = name.removeprefix("base_model.model.").partition(".lora_")
        assert kind in ("A.weight", "B.weight") and a.shape[0 if kind[0] == "A" else 1] <= config["r"], name
        if kind[0] == "A":
            b = factors[name.replace(".lora_A.", ".lora_B.")]
            weights[f"{module}.weight"] += (b.double() @ a.double()).float() * (config["lora_alpha"] / config["r"])
    return model


def main():
    torch.set_num_threads(1)
    command, worst = sys.argv[1:], 0.0
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        for name, base in ADAPTERS.items():
            model, adapter = RESOURCES / "checkpoints" / base, RESOURCES / "adapters" / name
            expected = logits(peft.PeftModel.from_pretrained(load(model), adapter).eval())
            hub = export(command, scratch / f"{name}-hf", "--model", model, "--adapter", adapter, "--format", "hf",
                         "--type", "f32", "--shard-size", "30KB")
            own = export(command, scratch / f"{name}-peft", "--model", model, "--adapter", adapter, "--format", "peft")
            found = {"hf": logits(load(hub)), "peft": logits(peft.PeftModel.from_pretrained(load(model), own).eval())}
            if name != "dora":
                vllm = export(command, scratch / f"{name}-vllm", "--model", model, "--adapter", adapter, "--format", "vllm")
                found["vllm"] = logits(one_scale(load(model), vllm))
                found["vllm in PEFT"] = logits(peft.PeftModel.from_pretrained(load(model), vllm).eval())
            for form, values in found.items():
                apart = ((values - expected).abs().max() / expected.abs().max()).item()
                worst = max(worst, apart)
                print(f"{name:14} {form:12} {apart:.2g}")
        models = json.loads((RESOURCES / "reference/export.json").read_text())["models"]
        tensors = next(model for model in models if model["name"] == "llama")["types"]
        for kind, expected in tensors.items():
            file = export(command, scratch / f"{kind}.gguf", "--model", RESOURCES / "checkpoints/llama", "--format", "gguf",
                          "--type", kind.lower())
            for tensor in gguf.GGUFReader(file).tensors:
                name, found = tensor.tensor_type.name, hashlib.sha256(tensor.data.tobytes()).hexdigest()
                assert [name, found] == [expected[tensor.name][0], expected[tensor.name][2]], tensor.name
            print(f"gguf {kind}: all {len(expected)} tensors as the converter's")
    print(f"largest relative difference {worst:.2g}; transformers {transformers.__version__}, peft {peft.__version__}")
    sys.exit(worst > 1e-5)


if __name__ == "__main__":
    main()
