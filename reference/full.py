"""Full fine-tuning on the tiny checkpoints: gradients of every parameter, ten steps of each optimiser, the 8-bit map.

Writes src/test/resources/reference/full.json. Needs the output of checkpoints.py and `pip install bitsandbytes==0.50.2`.
"""

import bitsandbytes
import bitsandbytes.backends.cpu.ops
import torch
from bitsandbytes.functional import create_dynamic_map
from transformers import Trainer
from transformers.optimization import Adafactor

from golden import CHECKPOINTS, load, norm, random_ids, rounded, write
from training import BATCH, gradients, steps

BETAS = dict(betas=(0.9, 0.999), eps=1e-8)


def examples(vocabulary):
    return [{"ids": random_ids(500 + i, length, vocabulary), "label_start": start} for i, (length, start) in enumerate(BATCH)]


def model(checkpoint, trains=""):
    """The checkpoint with the parameters trained whose names end in `trains`."""
    found = load(CHECKPOINTS / checkpoint)
    for name, parameter in found.named_parameters():
        parameter.requires_grad_(name.endswith(trains))
    return found


def trained(found):
    return {name: p for name, p in found.named_parameters() if p.requires_grad}


def groups(found, decay):
    """As the Trainer has it: norms and biases are spared."""
    decaying = set(Trainer.get_decay_parameter_names(None, found))
    parts = {True: [], False: []}
    for name, parameter in trained(found).items():
        parts[name in decaying].append(parameter)
    return [{"params": parts[True], "weight_decay": decay}, {"params": parts[False], "weight_decay": 0.0}]


def adamw(found, rate, decay):
    return torch.optim.AdamW(groups(found, decay), lr=rate, **BETAS)


def adafactor(found, rate, decay):
    return Adafactor(groups(found, decay), lr=rate, relative_step=False, scale_parameter=False)


def adamw8bit(found, rate, decay):
    return bitsandbytes.optim.AdamW8bit(groups(found, decay), lr=rate, **BETAS)


RUNS = [
    ("full-gemma3", "gemma3", "", adamw, 1e-3, 0.0),
    ("norms", "llama", "norm.weight", adamw, 1e-2, 0.0),
    ("norms-gemma3", "gemma3", "norm.weight", adamw, 1e-2, 0.0),
    ("decay", "llama", "", adamw, 1e-3, 0.1),
    ("adafactor", "llama", "", adafactor, 1e-3, 0.0),
    ("adafactor-decay", "llama", "", adafactor, 1e-3, 0.1),
    ("adamw8bit", "llama", "", adamw8bit, 1e-3, 0.0),
]


def run(name, checkpoint, trains, optimiser, rate, decay):
    found = model(checkpoint, trains)
    batch = examples(found.config.vocab_size)
    settings = {"checkpoint": checkpoint, "trains": len(trained(found)), "optimiser": optimiser.__name__, "rate": rate, "decay": decay}
    return {"name": name, **settings, **steps(found, batch, optimiser(found, rate, decay))}


def nearest(values, code, scales_out, codes_out, blocksize):
    """Blockwise quantisation by the Python formula of bitsandbytes (backends/cpu/ops.py, the fallback).

    Its CPU library takes another code than the nearest for some 4 % of the values (0 becomes 1e-5 of the largest)."""
    for block in range(-(values.numel() // -blocksize)):
        part = values.view(-1)[block * blocksize:(block + 1) * blocksize]
        scale = part.abs().max()
        scales_out[block] = scale
        shares = part / scale if scale > 0 else part
        codes = (shares.clamp(-1, 1)[:, None] - code).abs().argmin(-1).to(torch.uint8)
        codes_out.view(-1)[block * blocksize:(block + 1) * blocksize] = codes


bitsandbytes.backends.cpu.ops._quant_blockwise_fp32_direct = nearest


def blockwise(signed):
    """The map, and three blocks (the last one short) quantised by it; one of them is all zeros."""
    code = create_dynamic_map(signed)
    values = torch.randn(600, generator=torch.Generator().manual_seed(7)) ** 3
    values[256:512] = 0
    values = values if signed else values.abs()
    codes, scales = torch.zeros(600, dtype=torch.uint8), torch.zeros(3)
    nearest(values, code, scales, codes, 256)
    return {"name": "signed" if signed else "unsigned", "map": rounded(code), "values": rounded(values),
            "codes": codes.tolist(), "scales": rounded(scales)}


def main():
    cases = []
    for checkpoint in ("llama", "gemma3", "qwen2", "qwen3"):
        found = model(checkpoint)
        batch = examples(found.config.vocab_size)
        cases.append({"name": checkpoint, "batch": batch, **gradients(found, batch)})
    runs = [run(*recipe) for recipe in RUNS]
    write("full.json", "full.py", {
        "bitsandbytes": bitsandbytes.__version__, "gradients": cases, "runs": runs,
        "maps": [blockwise(True), blockwise(False)],
    })
    for case in runs:
        print(case["name"], case["trains"], case["losses"][0], case["final_loss"])


if __name__ == "__main__":
    main()
