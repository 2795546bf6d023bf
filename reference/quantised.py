"""NF4 with double quantisation and row-wise int8 by bitsandbytes, and PEFT's gradients over a base of such weights.

Writes src/test/resources/reference/quantised.json. Needs the output of checkpoints.py and adapters.py.

bitsandbytes 0.50.2 has two implementations for the CPU. Its library rounds what it quantises to 8 bits to a grid of 65,536
first, so that one absmax in a thousand goes to its second nearest value, and with AVX-512 it reads the wrong absmax where a row
is not a whole number of blocks. The one in PyTorch (backends/default), taken here, does what the formulas say, as CUDA does.
"""

import ctypes
import hashlib
import os

os.environ["TORCHDYNAMO_DISABLE"] = "1"  # operation by operation, as written

load_library = ctypes.cdll.LoadLibrary


def refuse(path):
    """Without its library bitsandbytes takes its implementation in PyTorch."""
    if "libbitsandbytes" in str(path):
        raise OSError("left aside")
    return load_library(path)


ctypes.cdll.LoadLibrary = refuse

import bitsandbytes
import numpy
import torch
from bitsandbytes import functional
from peft import PeftModel

from golden import ADAPTERS, CHECKPOINTS, load, write
from training import examples, gradients

# name -> shape: whole blocks; a short last block of an odd number of weights; more blocks than one nested block has
SHAPES = {"blocks": (48, 32), "odd": (7, 19), "nested": (160, 128), "wide": (33, 200)}


def weights(shape):
    """Numbers that any language makes alike: a hash of the index, scaled by row and column."""
    count = shape[0] * shape[1]
    index = numpy.arange(count, dtype=numpy.uint64)
    mixed = (index * numpy.uint64(2654435761) + numpy.uint64(12345)) % numpy.uint64(2**32)
    mixed ^= mixed >> numpy.uint64(15)
    mixed = (mixed * numpy.uint64(2246822519)) % numpy.uint64(2**32)
    unit = (mixed >> numpy.uint64(8)).astype(numpy.float32) / numpy.float32(2**23) - numpy.float32(1)
    scale = (index // numpy.uint64(50) % numpy.uint64(37) + numpy.uint64(1)).astype(numpy.float32) / numpy.float32(512)
    made = unit * scale
    made[64:128] = 0 if shape == (48, 32) else made[64:128]  # a block, and two rows, of zeros
    return torch.from_numpy(made.reshape(shape))


def nf4(weight):
    return functional.quantize_4bit(weight, blocksize=64, compress_statistics=True, quant_type="nf4")


def of_nf4(weight, dtype=torch.float32):
    codes, state = nf4(weight)
    state.dtype = dtype
    return functional.dequantize_4bit(codes, state).reshape(weight.shape)


def int8(weight):
    codes, absmax, _ = functional.int8_vectorwise_quant(weight)
    codes[absmax == 0] = 0  # 0 · inf there; what it becomes is left to the processor
    return codes, absmax


def of_int8(weight, dtype=torch.float32):
    return functional.int8_vectorwise_dequant(*int8(weight)).to(dtype)


def raw(tensor):
    tensor = tensor.detach().contiguous()
    return (tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor).numpy().tobytes()


def digest(tensor):
    return hashlib.sha256(raw(tensor)).hexdigest()


def case(name, shape):
    weight = weights(shape)
    codes, state = nf4(weight)
    bytes_, absmax = int8(weight)
    return {
        "name": name, "shape": list(shape), "weights": digest(weight),
        "nf4": {
            "codes": digest(codes), "absmax": raw(state.absmax).hex(), "nested_absmax": raw(state.state2.absmax).hex(),
            "offset": raw(state.offset.reshape(1)).hex(), "fp32": digest(of_nf4(weight)),
            "bf16": digest(of_nf4(weight, torch.bfloat16)), "first": raw(of_nf4(weight).flatten()[:8]).hex(),
        },
        "int8": {
            "codes": digest(bytes_), "absmax": raw(absmax).hex(), "fp32": digest(of_int8(weight)),
            "bf16": digest(of_int8(weight, torch.bfloat16)), "first": raw(of_int8(weight).flatten()[:8]).hex(),
        },
    }


def base(dequantised):
    """The tiny llama with every linear layer of its blocks quantised and dequantised, as bitsandbytes leaves the head."""
    model = load(CHECKPOINTS / "llama")
    with torch.no_grad():
        for name, module in model.named_modules():
            if isinstance(module, torch.nn.Linear) and name != "lm_head":
                module.weight.copy_(dequantised(module.weight))
    return model


def trained(name, dequantised):
    model = base(dequantised)
    modules = {n: digest(m.weight) for n, m in model.named_modules() if isinstance(m, torch.nn.Linear) and n != "lm_head"}
    adapted = PeftModel.from_pretrained(model, ADAPTERS / "plain", is_trainable=True)
    return {"name": name, "adapter": "plain", "modules": modules, **gradients(adapted, examples())}


def main():
    write("quantised.json", "quantised.py", {
        "bitsandbytes": bitsandbytes.__version__,
        "nf4_code": raw(functional.get_4bit_type("nf4", device="cpu")).hex(),
        "dynamic_code": raw(functional.create_dynamic_map()).hex(),
        "cases": [case(name, shape) for name, shape in SHAPES.items()],
        "gradients": [trained("nf4", of_nf4), trained("int8", of_int8)],
    })


if __name__ == "__main__":
    main()
