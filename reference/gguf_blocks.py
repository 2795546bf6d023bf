"""Expected values for the GGUF reader: src/test/resources/reference/gguf.json.

Made with gguf-py 0.19 or later and NumPy:  python reference/gguf_blocks.py
Quantised blocks are random bytes (with finite scales); what gguf.quants.dequantize makes of them,
as fp32 bit patterns, is what the reader must give, bit for bit. The same file holds a small GGUF
model written by GGUFWriter, with every type of metadata and the converter's permuted query rows.
"""

import base64
import importlib.metadata
import json
import pathlib
import tempfile

import gguf
import numpy as np

OUT = pathlib.Path(__file__).parent.parent / "src/test/resources/reference/gguf.json"
TYPES = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"]
# where the fp16 scales of a block lie
SCALES = {"Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2],
          "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}


def blocks(name, rng):
    kind = gguf.GGMLQuantizationType[name]
    size, width = gguf.GGML_QUANT_SIZES[kind]
    if name == "F32":
        raw = rng.standard_normal(64).astype(np.float32).view(np.uint8).reshape(1, -1)
    elif name == "F16":
        raw = rng.standard_normal(64).astype(np.float16).view(np.uint8).reshape(1, -1)
    elif name == "BF16":
        floats = rng.standard_normal((1, 64)).astype(np.float32)
        raw = gguf.quants.quantize(floats, kind).view(np.uint8).reshape(1, -1)
    else:
        count = max(2, 512 // size)
        raw = rng.integers(0, 256, (count, width), dtype=np.uint8)
        for at in SCALES[name]:
            raw[:, at : at + 2] = (
                (rng.standard_normal(count) / 64).astype(np.float16).view(np.uint8).reshape(count, 2))
        raw = raw.reshape(1, -1)
    values = gguf.quants.dequantize(raw, kind).astype(np.float32).reshape(-1)
    return {"type": name, "bytes": raw.tobytes().hex(),
            "floats": values.astype("<f4").tobytes().hex()}


def permute(weights, heads):
    """conversion/llama.py, LlamaModel.permute"""
    return (weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:])
            .swapaxes(1, 2).reshape(weights.shape))


def model(rng):
    """One layer of width 8 with two heads of width 4; the Hugging Face weights are kept beside."""
    shapes = {"model.embed_tokens.weight": (16, 8), "model.norm.weight": (8,),
              "model.layers.0.input_layernorm.weight": (8,),
              "model.layers.0.post_attention_layernorm.weight": (8,),
              "model.layers.0.self_attn.q_proj.weight": (8, 8),
              "model.layers.0.self_attn.k_proj.weight": (4, 8),
              "model.layers.0.self_attn.v_proj.weight": (4, 8),
              "model.layers.0.self_attn.o_proj.weight": (8, 8),
              "model.layers.0.mlp.gate_proj.weight": (12, 8),
              "model.layers.0.mlp.up_proj.weight": (12, 8),
              "model.layers.0.mlp.down_proj.weight": (8, 12)}
    hub = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, 1)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "tiny.gguf"
        writer = gguf.GGUFWriter(path, "llama")
        writer.add_license("apache-2.0")
        writer.add_block_count(1)
        writer.add_context_length(32)
        writer.add_embedding_length(8)
        writer.add_feed_forward_length(12)
        writer.add_head_count(2)
        writer.add_head_count_kv(1)
        writer.add_rope_freq_base(10000.0)
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_vocab_size(16)
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("smollm")
        writer.add_token_list([f"t{i}" for i in range(16)])
        writer.add_token_types([3] + [1] * 15)
        writer.add_token_merges(["t 1", "t 2"])
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(0)
        writer.add_eot_token_id(2)
        writer.add_chat_template("{{ messages[0].content }}")
        writer.add_uint8("test.u8", 200)
        writer.add_int8("test.i8", -3)
        writer.add_uint16("test.u16", 60000)
        writer.add_int16("test.i16", -300)
        writer.add_uint32("test.u32", 4000000000)
        writer.add_int32("test.i32", -70000)
        writer.add_uint64("test.u64", 2**40)
        writer.add_int64("test.i64", -(2**40))
        writer.add_float32("test.f32", 0.25)
        writer.add_float64("test.f64", 0.1)
        writer.add_bool("test.bool", True)
        writer.add_array("test.ints", [1, -2, 3])
        writer.add_array("test.floats", [0.5, -1.5])
        writer.add_array("test.bools", [True, False])
        for name, values in hub.items():
            heads = {"q_proj": 2, "k_proj": 1}.get(name.split(".")[-2])
            stored = permute(values, heads) if heads else values
            writer.add_tensor(names.get_name(name.removesuffix(".weight")) + ".weight", stored)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        data = path.read_bytes()
    return {"file": base64.b64encode(data).decode(),
            "weights": {name: values.astype("<f4").tobytes().hex() for name, values in hub.items()}}


def variant(rng, arch):
    """Other families: biases (qwen2), norms of queries and keys (qwen3), ones added to norms and
    norms after a block (gemma3), Llama 3's frequency factors (llama)."""
    kind = {"qwen2": gguf.MODEL_ARCH.QWEN2, "qwen3": gguf.MODEL_ARCH.QWEN3,
            "gemma3": gguf.MODEL_ARCH.GEMMA3, "llama": gguf.MODEL_ARCH.LLAMA}[arch]
    names = gguf.get_tensor_name_map(kind, 1)
    layer = "model.layers.0."
    shapes = {"model.embed_tokens.weight": (16, 8), "model.norm.weight": (8,),
              layer + "input_layernorm.weight": (8,),
              layer + "post_attention_layernorm.weight": (8,),
              layer + "self_attn.q_proj.weight": (8, 8), layer + "self_attn.k_proj.weight": (4, 8),
              layer + "self_attn.v_proj.weight": (4, 8), layer + "self_attn.o_proj.weight": (8, 8),
              layer + "mlp.gate_proj.weight": (12, 8), layer + "mlp.up_proj.weight": (12, 8),
              layer + "mlp.down_proj.weight": (8, 12)}
    if arch == "qwen2":
        shapes |= {layer + f"self_attn.{p}_proj.bias": (n,)
                   for p, n in (("q", 8), ("k", 4), ("v", 4))}
    if arch in ("qwen3", "gemma3"):
        shapes |= {layer + "self_attn.q_norm.weight": (4,), layer + "self_attn.k_norm.weight": (4,)}
    if arch == "gemma3":
        shapes |= {layer + "pre_feedforward_layernorm.weight": (8,),
                   layer + "post_feedforward_layernorm.weight": (8,)}
    if arch != "gemma3":
        shapes |= {"lm_head.weight": (16, 8)}
    # few bits, so that adding one and taking it away again is exact
    hub = {name: (rng.integers(-64, 64, shape) / 64).astype(np.float32)
           for name, shape in shapes.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "variant.gguf"
        writer = gguf.GGUFWriter(path, arch)
        writer.add_block_count(1)
        writer.add_context_length(32)
        writer.add_embedding_length(8)
        writer.add_feed_forward_length(12)
        writer.add_head_count(2)
        writer.add_head_count_kv(1)
        writer.add_key_length(4)
        writer.add_value_length(4)
        writer.add_rope_freq_base(20000.0)
        writer.add_layer_norm_rms_eps(1e-6)
        if arch == "gemma3":
            writer.add_sliding_window(16)
            writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
            writer.add_rope_scaling_factor(8.0)
        if arch == "llama":
            writer.add_tensor("rope_freqs.weight", np.array([1.0, 4.0], dtype=np.float32))
        for name, values in hub.items():
            heads = {"q_proj": 2, "k_proj": 1}.get(name.split(".")[-2]) if arch == "llama" else None
            stored = permute(values, heads) if heads else values
            if arch == "gemma3" and name.endswith("norm.weight"):
                stored = stored + 1
            stem, suffix = name.rsplit(".", 1)
            writer.add_tensor(names.get_name(stem) + "." + suffix, stored)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        data = path.read_bytes()
    return {"architecture": arch, "file": base64.b64encode(data).decode(),
            "weights": {name: values.astype("<f4").tobytes().hex() for name, values in hub.items()}}


def main():
    rng = np.random.default_rng(7)
    document = {
        "versions": {p: importlib.metadata.version(p) for p in ("gguf", "numpy")},
        "blocks": [blocks(name, rng) for name in TYPES],
        "model": model(rng),
        "variants": [variant(rng, arch) for arch in ("llama", "qwen2", "qwen3", "gemma3")],
    }
    OUT.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
