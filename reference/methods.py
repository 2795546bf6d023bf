"""DoRA, PiSSA and LoRA+ on the tiny llama: what they begin with, gradients and ten steps, by PEFT.

Writes src/test/resources/reference/methods.json. Needs the output of checkpoints.py and adapters.py.
"""

import peft
import torch
from peft import LoraConfig, get_peft_model
from peft.optimizers import create_loraplus_optimizer
from peft.tuners.lora import LoraLayer

from golden import CHECKPOINTS, load, norm, picked_logits, picked_rows, random_ids, rounded, write
from training import CLIP, adamw, examples, gradients, lora, loss_of, run, sgd, steps, trained

RANK, ALPHA, RATIO = 4, 6, 16
PATTERNS = {"rank_pattern": {"q_proj": 8, "layers.1.mlp.down_proj": 2}, "alpha_pattern": {"up_proj": 20}}
LENGTH = 40


def fresh(**more):
    """A new adapter; the scale is 1.5 where no pattern says otherwise."""
    torch.manual_seed(7)
    config = LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules="all-linear", task_type="CAUSAL_LM", **more)
    return get_peft_model(load(CHECKPOINTS / "llama"), config).eval()


def layers(model):
    return {name: module for name, module in model.base_model.model.named_modules() if isinstance(module, LoraLayer)}


def matrices(deltas):
    """Norm and first entries; a product of factors, since each singular vector's sign is anyone's choice."""
    return [{"name": name, "norm": norm(delta), "first": rounded(delta.flatten()[:6])} for name, delta in deltas.items()]


def products(model):
    return {name: layer.get_delta_weight("default").detach() for name, layer in layers(model).items()}


def logits(model):
    ids, rows = random_ids(700, LENGTH, 320), picked_rows(LENGTH)
    return {"ids": ids, "rows": rows, "logits": picked_logits(model, ids, rows)}


def pissa(batch):
    """PiSSA with ranks and alphas of its own by module; what leaves is its change of the whole base."""
    model = fresh(init_lora_weights="pissa", **PATTERNS)
    begun = products(model)
    start = gradients(model, batch)
    # The gradient of a factor has the sign of its singular vector.
    norms = [{"name": g["name"], "norm": g["norm"]} for g in start["gradients"]]
    steps_done = steps(model, batch, sgd(model, 1e-1))
    del steps_done["final"]
    change = {name: product - begun[name] for name, product in products(model).items()}
    return {
        "rank": RANK, "alpha": ALPHA, **PATTERNS, "optimiser": "sgd", "rate": 1e-1, "clip": CLIP,
        "start": matrices(begun), "loss": start["loss"], "gradient_norms_of_factors": norms,
        **steps_done, "change": matrices(change), **logits(model),
    }


def dora_start():
    """Magnitudes before any step: the norms of the base's rows."""
    model = fresh(use_dora=True)
    magnitudes = {n: p for n, p in trained(model).items() if "magnitude" in n}
    return [{"name": n, "norm": norm(p), "first": rounded(p.flatten()[:6])} for n, p in magnitudes.items()]


def loraplus(model, rate):
    return create_loraplus_optimizer(model, torch.optim.AdamW, lr=rate, loraplus_lr_ratio=RATIO,
                                     betas=(0.9, 0.999), eps=1e-8)


def main():
    batch = examples()
    # The optimiser's first group has A's rate, which run() notes.
    runs = [run("dora-adamw", lora("dora"), adamw, 1e-2, batch), run("lora+-adamw", lora("plain"), loraplus, 1e-3, batch)]
    # the same adapter that all methods begin from changes nothing
    assert abs(loss_of(fresh(use_dora=True), batch) - loss_of(load(CHECKPOINTS / "llama"), batch)) < 1e-6
    write("methods.json", "methods.py", {
        "peft": peft.__version__, "checkpoint": "llama", "ratio": RATIO,
        "dora_start": dora_start(), "pissa": pissa(batch), "runs": runs,
    })
    for case in runs:
        print(case["name"], case["losses"], case["final_loss"], case["gradient_norms"][0])


if __name__ == "__main__":
    main()
