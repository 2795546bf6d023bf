"""What the reference scripts share: where the files lie, how numbers are rounded, how a document is written."""

import json
import os
import pathlib

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import numpy
import torch
import transformers
from transformers import AutoModelForCausalLM

transformers.utils.logging.disable_progress_bar()
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)

RESOURCES = pathlib.Path(__file__).resolve().parent.parent / "src/test/resources"
CHECKPOINTS = RESOURCES / "checkpoints"
ADAPTERS = RESOURCES / "adapters"
DEFAULT_MODEL = pathlib.Path(
    os.environ.get("PEERS", os.path.expanduser("~/.cache/palimpsest-peers"))
) / "smol-f32"


def load(folder, attention="eager"):
    """The checkpoint in fp32, whatever its stored type."""
    return AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation=attention, experts_implementation="eager"
    ).eval()


def random_ids(seed, length, vocabulary, first=3):
    """Ids from `first` on, so that no special token of the tiny tokenizer is among them."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(first, vocabulary, (length,), generator=generator).tolist()


def rounded(values):
    """A number, or nested lists of numbers, to nine significant digits (enough for any fp32)."""
    if isinstance(values, (torch.Tensor, numpy.ndarray)):
        values = values.tolist()
    if isinstance(values, list):
        return [rounded(value) for value in values]
    return float(f"{values:.9g}")


def norm(tensor):
    """The Frobenius norm, summed in fp64."""
    return rounded(tensor.detach().double().norm().item())


def picked_logits(model, ids, rows):
    """Rows of the logits, full vocabulary, for one sequence."""
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]
    return rounded(logits[rows])


def picked_rows(length):
    """The first, the middle and the last row."""
    return sorted({0, length // 2, length - 1})


def token_logprobs(model, ids):
    """log p(ids[i] | ids[:i]) for i = 1 .. n-1 and whether each was the greedy choice; (n-1,), (n-1,)."""
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, :-1]
    targets = torch.tensor(ids[1:])
    logprobs = logits.log_softmax(-1).gather(-1, targets[:, None])[:, 0]
    return logprobs, logits.argmax(-1) == targets


def write(name, script, document):
    """Writes reference/NAME: one line for each key and for each element of a top-level list."""
    header = {
        "script": f"reference/{script}",
        "versions": {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__},
    }
    lines = []
    for key, value in (header | document).items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            text = "[\n" + ",\n".join(compact(element) for element in value) + "\n]"
        else:
            text = compact(value)
        lines.append(f"{json.dumps(key)}:{text}")
    path = RESOURCES / "reference" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes")


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
