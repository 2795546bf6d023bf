"""Which type each tensor of a quantised GGUF gets: src/test/resources/reference/gguf_types.json.

Made with gguf-py 0.19 and llama-cpp-python 0.3.36:  python reference/gguf_types.py
llama.cpp's own quantiser (llama_model_quantize, without an importance matrix) is run over models of
zeros whose layers, widths and heads meet its special cases; the types it chose are kept, one for
each layer, or one where all layers have the same. Vectors are F32 always.
"""

import ctypes
import json
import pathlib
import tempfile

import gguf
import llama_cpp
import numpy as np

OUT = pathlib.Path(__file__).parent.parent / "src/test/resources/reference/gguf_types.json"
TYPES = {"F16": 1, "BF16": 32, "Q8_0": 7, "Q4_0": 2, "Q4_1": 3, "Q4_K": 15}
# architecture, layers, width, feed-forward, heads, key-value heads, tied
MODELS = [("llama", 3, 256, 512, 4, 2, False), ("llama", 8, 256, 512, 4, 2, True),
          ("llama", 20, 256, 320, 4, 2, False), ("llama", 3, 288, 512, 9, 3, True),
          ("llama", 3, 288, 512, 9, 3, False), ("llama", 2, 40, 48, 2, 1, True),
          ("llama", 80, 256, 256, 4, 2, False), ("llama", 80, 256, 256, 4, 4, False),
          ("qwen2", 80, 256, 256, 4, 2, False), ("qwen2", 9, 256, 512, 4, 4, True),
          ("qwen3", 10, 256, 512, 4, 2, True), ("gemma3", 26, 256, 512, 4, 1, True),
          ("gemma3", 3, 288, 512, 4, 1, True)]


def write(path, arch, layers, width, feed, heads, kv, tied):
    writer = gguf.GGUFWriter(path, arch)
    writer.add_block_count(layers)
    writer.add_context_length(64)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(feed)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv)
    writer.add_key_length(width // heads)
    writer.add_value_length(width // heads)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(32)
    if arch == "gemma3":
        writer.add_sliding_window(16)
    keys = kv * width // heads
    shapes = {"token_embd.weight": (32, width), "output_norm.weight": (width,)}
    if not tied:
        shapes["output.weight"] = (32, width)
    for layer in range(layers):
        part = {"attn_norm.weight": (width,), "attn_q.weight": (width, width),
                "attn_k.weight": (keys, width), "attn_v.weight": (keys, width),
                "attn_output.weight": (width, width), "ffn_norm.weight": (width,),
                "ffn_gate.weight": (feed, width), "ffn_up.weight": (feed, width),
                "ffn_down.weight": (width, feed)}
        if arch == "qwen2":
            part |= {"attn_q.bias": (width,), "attn_k.bias": (keys,), "attn_v.bias": (keys,)}
        if arch in ("qwen3", "gemma3"):
            part |= {"attn_q_norm.weight": (width // heads,),
                     "attn_k_norm.weight": (width // heads,)}
        if arch == "gemma3":
            part |= {"post_attention_norm.weight": (width,), "post_ffw_norm.weight": (width,)}
        shapes |= {f"blk.{layer}.{name}": shape for name, shape in part.items()}
    for name, shape in shapes.items():
        writer.add_tensor(name, np.zeros(shape, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def quantised(source, kind):
    out = source.with_name("out.gguf")
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = TYPES[kind]
    params.nthread = 1
    failed = llama_cpp.llama_model_quantize(
        str(source).encode(), str(out).encode(), ctypes.byref(params))
    if failed:
        return None
    types = {}
    for tensor in gguf.GGUFReader(out).tensors:
        if len(tensor.shape) == 1:
            assert tensor.tensor_type == gguf.GGMLQuantizationType.F32, tensor.name
            continue
        part = tensor.name.split(".", 2)[-1] if tensor.name.startswith("blk.") else tensor.name
        types.setdefault(part, []).append(tensor.tensor_type.name)
    return {part: each[:1] if len(set(each)) == 1 else each for part, each in types.items()}


def main():
    cases = []
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "in.gguf"
        for model in MODELS:
            write(source, *model)
            for kind in TYPES:
                types = quantised(source, kind)
                cases.append({"architecture": model[0], "layers": model[1], "heads": model[4],
                              "keyValueHeads": model[5], "tied": model[6], "type": kind,
                              "width": model[2], "feedForward": model[3], "tensors": types})
    lines = ",\n".join(json.dumps(case) for case in cases)
    OUT.write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
