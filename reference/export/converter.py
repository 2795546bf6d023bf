"""What llama.cpp's converters make of the tiny checkpoints and adapters.

    LLAMA_CPP=CHECKOUT python reference/export/converter.py

Writes src/test/resources/reference/export.json: for each checkpoint the metadata and, for F32, F16 and BF16, the type and
the SHA-256 of every tensor; for each adapter the same in F32. CHECKOUT is a clone of llama.cpp with convert_hf_to_gguf.py
(its `conversion` package) and convert_lora_to_gguf.py. Two things are passed by: the table of known tokenizers (the tiny
one is none of them, its name is given), and vocabularies that the checkpoints do not have.
"""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

LLAMA_CPP = pathlib.Path(os.environ["LLAMA_CPP"])
sys.path[:0] = [str(LLAMA_CPP), str(LLAMA_CPP / "gguf-py")]

import gguf  # noqa: E402
import torch  # noqa: E402
from conversion import ModelBase, ModelType, get_model_architecture, get_model_class  # noqa: E402

RESOURCES = pathlib.Path(__file__).parents[2] / "src/test/resources"
CHECKPOINTS = ("llama", "llama3", "qwen2", "qwen3", "gemma3")
ADAPTERS = {"plain": "llama", "second": "llama", "one-layer": "llama", "qwen2-plain": "qwen2", "qwen3-plain": "qwen3",
            "gemma3-plain": "gemma3"}
TYPES = {"F32": gguf.LlamaFileType.ALL_F32, "F16": gguf.LlamaFileType.MOSTLY_F16, "BF16": gguf.LlamaFileType.MOSTLY_BF16}


def value(field):
    found = field.contents()
    if isinstance(found, list) and len(found) > 16:
        text = "\n".join(map(str, found))
        return {"length": len(found), "sha256": hashlib.sha256(text.encode()).hexdigest()}
    return found


def entry(file):
    reader = gguf.GGUFReader(file)
    tensors = {tensor.name: [tensor.tensor_type.name, [int(n) for n in reversed(tensor.shape)],
                             hashlib.sha256(tensor.data.tobytes()).hexdigest()] for tensor in reader.tensors}
    metadata = {key: value(field) for key, field in reader.fields.items()
                if not key.startswith(("GGUF.", "general.name", "general.basename", "general.size_label"))}
    return {"metadata": dict(sorted(metadata.items())), "tensors": dict(sorted(tensors.items()))}


def convert(folder, kind, out):
    hparams = ModelBase.load_hparams(folder, False)
    known = get_model_class(get_model_architecture(hparams, ModelType.TEXT))

    class Tiny(known):
        model_arch = known.model_arch

        def get_vocab_base_pre(self, tokenizer):
            return "smollm"

        def set_vocab(self):
            if (self.dir_model / "tokenizer_config.json").exists():
                self._set_vocab_gpt2()  # what its own comes to without a tokenizer.model

    with torch.inference_mode():
        Tiny(folder, kind, out).write()


def main():
    models, adapters = [], []
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        for name in CHECKPOINTS:
            folder = scratch / name
            shutil.copytree(RESOURCES / "checkpoints" / name, folder)
            if not (folder / "tokenizer.json").exists():
                # Gemma's converter cuts the embedding to the tokens that it counts here
                rows = json.loads((folder / "config.json").read_text())["vocab_size"]
                vocab = {f"t{i}": i for i in range(rows)}
                (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocab}, "added_tokens": []}))
            made = {"name": name, "types": {}}
            for kind, number in TYPES.items():
                out = scratch / f"{name}-{kind}.gguf"
                convert(folder, number, out)
                read = entry(out)
                made["metadata"] = made.get("metadata", read["metadata"])
                made["types"][kind] = read["tensors"]
            models.append(made)
        for name, base in ADAPTERS.items():
            out = scratch / f"lora-{name}.gguf"
            subprocess.run([sys.executable, LLAMA_CPP / "convert_lora_to_gguf.py", RESOURCES / "adapters" / name, "--base",
                            scratch / base, "--outfile", out, "--outtype", "f32"], check=True)
            adapters.append({"name": name, "base": base} | entry(out))
    (RESOURCES / "reference/export.json").write_text(json.dumps({"models": models, "adapters": adapters}, indent=0) + "\n")


if __name__ == "__main__":
    main()
