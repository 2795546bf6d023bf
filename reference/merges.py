"""Merged weights: PEFT's own merge_and_unload, sums of PEFT's deltas, and TIES, SLERP and rank cuts written again from the papers, in NumPy.

Writes src/test/resources/reference/merges.json. Needs the output of checkpoints.py and adapters.py.
"""

import numpy
import peft
from peft import PeftModel
from peft.tuners.lora import LoraLayer

from golden import ADAPTERS, CHECKPOINTS, load, rounded, write

# adapter -> checkpoint
ALONE = {
    "plain": "llama", "second": "llama", "patterns": "llama", "rslora": "llama", "one-layer": "llama", "dora": "llama",
    "qwen2-dora": "qwen2", "qwen3-plain": "qwen3", "gemma3-plain": "gemma3", "mistral-plain": "mistral",
    # embedding and head: rows of tokens, whole copies, factors; where the base ties them, what keeps them tied
    "tokens": "llama3", "tokens-both": "llama3", "saved-embedding": "llama3", "embedding": "llama3",
    "tokens-tied": "llama", "gemma3-tokens": "gemma3", "saved-ensured": "llama",
}


def matrices(model):
    return {
        name.replace(".base_layer", ""): tensor.detach().double().numpy()
        for name, tensor in model.state_dict().items() if tensor.dim() == 2 and ".lora_" not in name
    }


def deltas(name):
    """tensor -> s B A as PEFT computes it, in fp64 from here."""
    model = PeftModel.from_pretrained(load(CHECKPOINTS / ALONE[name]), ADAPTERS / name)
    return {
        module + ".weight": layer.get_delta_weight("default").detach().double().numpy()
        for module, layer in model.base_model.model.named_modules() if isinstance(layer, LoraLayer)
    }


def probes(weights):
    """W v with v = cos(0, 1, 2, ...): every element counts."""
    return {name: rounded(w @ numpy.cos(numpy.arange(w.shape[1]))) for name, w in weights.items()}


def peft_alone(name):
    base = matrices(load(CHECKPOINTS / ALONE[name]))
    merged = matrices(PeftModel.from_pretrained(load(CHECKPOINTS / ALONE[name]), ADAPTERS / name).merge_and_unload())
    assert base.keys() == merged.keys()
    if numpy.array_equal(base["lm_head.weight"], base["model.embed_tokens.weight"]):
        assert numpy.array_equal(merged["lm_head.weight"], merged["model.embed_tokens.weight"]), name
        del merged["lm_head.weight"]
    return {"name": name, "checkpoint": ALONE[name],
            "probes": probes({key: w for key, w in merged.items() if not numpy.array_equal(w, base[key])})}


def ties(changes, weights, density, scale):
    """2306.01708, section 3: trim, elect the sign, mean of those that agree (by weight)."""
    trimmed = []
    for change in changes:
        size = numpy.abs(change.astype(numpy.float32))
        kept = max(1, int(density * size.size))
        trimmed.append(numpy.where(size >= numpy.sort(size, axis=None)[size.size - kept], change, 0))
    mass = sum(w * t for w, t in zip(weights, trimmed))
    agree = [(numpy.sign(t) == numpy.sign(mass)) & (t != 0) for t in trimmed]
    total = sum(w * t * a for w, t, a in zip(weights, trimmed, agree))
    weight = sum(w * a for w, a in zip(weights, agree))
    return scale * numpy.where(weight > 0, total / numpy.where(weight > 0, weight, 1), 0)


def slerp(before, after, t):
    cosine = (before * after).sum() / numpy.linalg.norm(before) / numpy.linalg.norm(after)
    angle = numpy.arccos(cosine)
    assert abs(cosine) < 0.9995
    return (numpy.sin((1 - t) * angle) * before + numpy.sin(t * angle) * after) / numpy.sin(angle)


def several():
    base = matrices(load(CHECKPOINTS / "llama"))
    plain, second = deltas("plain"), deltas("second")
    zero = {name: numpy.zeros_like(base[name]) for name in plain}
    second = zero | second
    total = {name: 0.7 * plain[name] - 0.4 * second[name] for name in plain}
    parts = {name: numpy.linalg.svd(change) for name, change in total.items()}
    kept = sum((s[:3] ** 2).sum() for _, s, _ in parts.values()) / sum((s ** 2).sum() for _, s, _ in parts.values())
    return [
        {"name": "sum", "probes": probes({n: base[n] + d for n, d in total.items()})},
        {"name": "svd", "kept_energy": rounded(kept),
         "probes": probes({n: base[n] + (u[:, :3] * s[:3]) @ v[:3] for n, (u, s, v) in parts.items()})},
        {"name": "ties", "probes": probes({
            n: base[n] + ties([plain[n]] + [second[n]] * bool(second[n].any()), [1, 0.5], 0.3, 0.9) for n in plain})},
        {"name": "slerp", "probes": probes({n: slerp(base[n], base[n] + plain[n], 0.3) for n in plain})},
    ]


def main():
    write("merges.json", "merges.py", {
        "peft": peft.__version__, "numpy": numpy.__version__,
        "alone": [peft_alone(name) for name in ALONE], "several": several(),
    })


if __name__ == "__main__":
    main()
