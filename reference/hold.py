"""What holds parameters back, on the tiny llama: values and gradients by autograd, ten steps with them.

Writes src/test/resources/reference/hold.json. Needs the output of checkpoints.py and adapters.py.
"""

import torch
from transformers import get_linear_schedule_with_warmup

from golden import norm, rounded, write
from training import BATCH, CLIP, FULL_TENSORS, STEPS, adamw, examples, full, lora, loss_of, trained

L2 = 0.3
EWC = 20.0
ORTHOGONAL = 0.05


def deltas(model):
    """s · BA of every module that has factors, or the weight of every trained tensor, by name."""
    found = {}
    for name, module in model.named_modules():
        if hasattr(module, "lora_A"):
            change = module.lora_B["default"].weight @ module.lora_A["default"].weight
            found[name.removeprefix("base_model.model.")] = module.scaling["default"] * change
    return found or trained(model)


def l2(model, start):
    return L2 / 2 * sum((delta - start[name]).square().sum() for name, delta in deltas(model).items())


def fisher(model, names):
    """Of the named weights: the sum over examples of their squared gradients (of the sum of -log p), over all labels."""
    weights = {name: parameter.requires_grad_(True) for name, parameter in model.named_parameters() if name in names}
    found = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    labels = 0
    for example in examples():
        model.zero_grad()
        count = len(example["ids"]) - example["label_start"]
        (count * loss_of(model, [example])).backward()
        labels += count
        for name, weight in weights.items():
            found[name] += weight.grad.square()
    return {name: each / labels for name, each in found.items()}


def ewc(information):
    def penalty(model, start):
        return EWC / 2 * sum((information[name if name in information else name + ".weight"]
                              * (delta - start[name]).square()).sum() for name, delta in deltas(model).items())
    return penalty


def rows():
    """A of the adapter `second`, by module."""
    return {name: p.detach().clone() for name, p in trained(lora("second")).items() if ".lora_A." in name}


def orthogonal(earlier):
    """O-LoRA's term as its authors wrote it (uie_trainer_lora.py): absolute values of A_old A_new^T, summed."""
    return lambda model, _: ORTHOGONAL * sum(torch.abs(earlier[name] @ p.T).sum()
                                             for name, p in trained(model).items() if name in earlier)


def fixed(model):
    return {name: delta.detach().clone() for name, delta in deltas(model).items()}


def nothing(model):
    return {name: torch.zeros_like(delta) for name, delta in deltas(model).items()}


def move(model):
    """Away from where it stands, A and B by different factors."""
    with torch.no_grad():
        for name, parameter in trained(model).items():
            parameter *= 0.7 if ".lora_B." in name else 1.1


def gradients(model, penalty):
    """The penalty's value, and of every trained tensor the gradient's norm and first entries (all of them for a few)."""
    model.zero_grad()
    value = penalty(model)
    value.backward()
    found = []
    for name, parameter in trained(model).items():
        if parameter.grad is not None:
            flat = parameter.grad.flatten()
            entries = flat if name in FULL_TENSORS else flat[:6]
            found.append({"name": name, "shape": list(parameter.shape), "norm": norm(flat), "first": rounded(entries)})
    return {"value": rounded(value), "gradients": found}


def steps(model, penalty, rate):
    """As in training.py, the penalty added: losses without it, penalties, norms of the whole gradient, the end."""
    optimiser = adamw(model, rate)
    schedule = get_linear_schedule_with_warmup(optimiser, 0, STEPS)
    losses, penalties, norms, rates = [], [], [], []
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss, value = loss_of(model, examples()), penalty(model)
        (loss + value).backward()
        norms.append(torch.nn.utils.clip_grad_norm_(trained(model).values(), CLIP).item())
        losses.append(loss.item())
        penalties.append(value.item())
        rates.append(schedule.get_last_lr()[0])
        optimiser.step()
        schedule.step()
    return {
        "optimiser": "adamw", "rate": rate, "losses": rounded(losses), "penalties": rounded(penalties),
        "gradient_norms": rounded(norms), "rates": rounded(rates),
        "final": [{"name": n, "norm": norm(p), "first": rounded(p.flatten()[:6])} for n, p in trained(model).items()],
    }


def case(name, model, start, penalty):
    return {"name": name, **gradients(model, lambda m: penalty(m, start))}


def main():
    modules = [name + ".weight" for name in deltas(lora("plain"))]
    of_modules, of_all = fisher(full(), modules), fisher(full(), list(trained(full())))
    fresh, moved, whole = lora("plain"), lora("plain"), full()
    begun, weights = fixed(moved), fixed(whole)
    move(moved)
    move(whole)
    cases = [
        case("l2-from-nothing", fresh, nothing(fresh), l2),
        case("l2-from-adapter", moved, begun, l2),
        case("l2-full", whole, weights, l2),
        case("ewc-from-nothing", fresh, nothing(fresh), ewc(of_modules)),
        case("ewc-from-adapter", moved, begun, ewc(of_modules)),
        case("orthogonal", fresh, None, orthogonal(rows())),
        case("ewc-full", whole, weights, ewc(of_all)),
    ]
    runs = []
    for name, model, rate in [("l2-lora", lora("plain"), 1e-2), ("l2-full", full(), 1e-3)]:
        start = fixed(model)
        runs.append({"name": name, **steps(model, lambda m: l2(m, start), rate)})
    model = full()
    start = fixed(model)
    runs.append({"name": "ewc-full", **steps(model, lambda m: ewc(of_all)(m, start), 1e-3)})
    model = lora("plain")
    start = fixed(model)
    runs.append({"name": "ewc-lora", **steps(model, lambda m: ewc(of_modules)(m, start), 1e-2)})
    earlier = rows()
    runs.append({"name": "orthogonal", **steps(lora("plain"), lambda m: orthogonal(earlier)(m, None), 1e-2)})
    measured = [{"name": name, "shape": list(each.shape), "norm": norm(each), "first": rounded(each.flatten()[:6])}
                for name, each in sorted(of_all.items())]
    write("hold.json", "hold.py", {"checkpoint": "llama", "batch": BATCH, "l2": L2, "ewc": EWC, "orthogonal": ORTHOGONAL,
                                   "fisher": measured,
                                   "cases": cases, "runs": runs})
    for each in cases:
        print(each["name"], each["value"])
    for each in runs:
        print(each["name"], each["losses"], each["penalties"])


if __name__ == "__main__":
    main()
