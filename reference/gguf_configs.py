"""Expected values for reading configurations: src/test/resources/reference/configs.json.

Made with transformers 5.23:  python reference/gguf_configs.py
Each case is a config.json as files on a hub have it (4.x) or as transformers 5 saves it, and what
transformers makes of it: the sizes, the kinds of layers, and the rotary frequencies themselves.
"""

import importlib.metadata
import json
import pathlib

import torch
import transformers
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

OUT = pathlib.Path(__file__).parent.parent / "src/test/resources/reference/configs.json"

SMALL = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3, "vocab_size": 128,
         "num_attention_heads": 4, "num_key_value_heads": 2}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 64}

CASES = {
    "llama 4.x": {"model_type": "llama", **SMALL, "rope_theta": 500000.0, "rope_scaling": LLAMA3,
                  "max_position_embeddings": 512, "rms_norm_eps": 1e-5},
    "llama 4.x bare": {"model_type": "llama", **SMALL},
    "llama linear": {"model_type": "llama", **SMALL, "head_dim": 32, "attention_bias": True,
                     "rope_scaling": {"type": "linear", "factor": 4.0},
                     "tie_word_embeddings": True},
    "mistral window": {"model_type": "mistral", **SMALL, "sliding_window": 16},
    "mistral default window": {"model_type": "mistral", **SMALL},
    "mistral no window": {"model_type": "mistral", **SMALL, "sliding_window": None},
    "qwen2": {"model_type": "qwen2", **SMALL, "rope_theta": 1000000.0, "sliding_window": 4096,
              "use_sliding_window": False, "tie_word_embeddings": True},
    "qwen2 window": {"model_type": "qwen2", **SMALL, "sliding_window": 8,
                     "use_sliding_window": True, "max_window_layers": 2},
    "qwen3": {"model_type": "qwen3", **SMALL},
    "gemma3_text": {"model_type": "gemma3_text", **SMALL, "num_hidden_layers": 7, "head_dim": 32,
                    "query_pre_attn_scalar": 48, "sliding_window": 8,
                    "rope_scaling": {"rope_type": "linear", "factor": 8.0}},
    "gemma3_text pattern": {"model_type": "gemma3_text", **SMALL, "head_dim": 32,
                            "sliding_window_pattern": 2, "rope_local_base_freq": 5000.0,
                            "rope_theta": 20000.0},
    "gemma3 with images": {"model_type": "gemma3", "text_config": {
        "model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240,
        "num_hidden_layers": 34, "sliding_window": 1024,
        "rope_scaling": {"factor": 8.0, "rope_type": "linear"}}},
}
CLASSES = {"llama": transformers.LlamaConfig, "mistral": transformers.MistralConfig,
           "qwen2": transformers.Qwen2Config, "qwen3": transformers.Qwen3Config,
           "gemma3_text": transformers.Gemma3TextConfig, "gemma3": transformers.Gemma3Config}


def frequencies(config, kind):
    parameters = config.rope_parameters
    nested = "full_attention" in parameters
    chosen = parameters[kind] if nested else parameters
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    plain = 1.0 / chosen["rope_theta"] ** (torch.arange(0, head, 2).float() / head)
    if chosen["rope_type"] == "default":
        return plain.tolist()
    extra = {"layer_type": kind} if nested else {}
    return ROPE_INIT_FUNCTIONS[chosen["rope_type"]](config, "cpu", **extra)[0].tolist()


def expected(config):
    text = getattr(config, "text_config", config)
    types = getattr(text, "layer_types", None)
    if types is None:
        slides = getattr(text, "sliding_window", None) is not None and text.model_type == "mistral"
        types = ["sliding_attention" if slides else "full_attention"] * text.num_hidden_layers
    head = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    return {
        "vocabulary": text.vocab_size, "width": text.hidden_size,
        "layers": text.num_hidden_layers, "heads": text.num_attention_heads,
        "keyValueHeads": text.num_key_value_heads, "headWidth": head,
        "feedForward": text.intermediate_size, "context": text.max_position_embeddings,
        "normEpsilon": text.rms_norm_eps,
        "queryScale": getattr(text, "query_pre_attn_scalar", head) ** -0.5,
        "tiedHead": config.tie_word_embeddings,
        "bias": bool(getattr(text, "attention_bias", False)) or text.model_type == "qwen2",
        "window": text.sliding_window if "sliding_attention" in types else 0,
        "layerTypes": ["SLIDING" if t == "sliding_attention" else "FULL" for t in types],
        "frequencies": frequencies(text, "full_attention"),
        "localFrequencies": frequencies(text, "sliding_attention"),
    }


def main():
    cases = []
    for name, source in CASES.items():
        config = CLASSES[source["model_type"]].from_dict(json.loads(json.dumps(source)))
        want = expected(config)
        cases.append({"name": name, "config": source, "expected": want})
        saved = json.loads(config.to_json_string(use_diff=True))
        cases.append({"name": name + ", saved by 5.x", "config": saved, "expected": want})
    OUT.write_text(json.dumps(
        {"versions": {"transformers": importlib.metadata.version("transformers")},
         "cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main()
