"""Expected values for the GGUF encoders: src/test/resources/reference/gguf_encoding.json.

    python reference/gguf_encoding.py LIBGGML_BASE

LIBGGML_BASE is ggml's shared library (libggml-base.so, as llama-cpp-python 0.3.36 carries it). Its
reference quantisers (quantize_row_*_ref) pack random rows and rows at the edges; the bytes are what
the encoders must give, bit for bit. gguf-py's quantisers, where it has them, must agree.
"""

import ctypes
import json
import pathlib
import sys

import gguf
import numpy as np

OUT = pathlib.Path(__file__).parent.parent / "src/test/resources/reference/gguf_encoding.json"
QUANTISED = ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"]
AGAIN = ["F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"]


def rows():
    """Every row is one super-block."""
    rng = np.random.default_rng(11)
    normal = rng.standard_normal
    outlier = normal(256) * 0.02
    outlier[77] = 3.5
    ties = np.tile(np.array([-8, -7.5, -0.5, 0.5, 1.5, 2.5, 6.5, 7.5]), 32) * 0.25
    halves = (np.arange(256) % 64 - 31.5) / 4
    sparse = np.where(rng.random(256) < 0.05, normal(256), 0)
    part = np.concatenate([np.zeros(128), normal(128)])
    mixed = normal(256) * np.repeat(10.0 ** rng.integers(-6, 3, 16), 16)
    return {"normal": normal(256) * 0.02, "normal large": normal(256) * 40,
            "heavy": rng.standard_t(2, 256) * 0.05, "zeros": np.zeros(256),
            "constant": np.full(256, 0.75), "constant negative": np.full(256, -0.3),
            "positive": rng.random(256) + 1, "negative": -rng.random(256) - 1,
            "tiny": normal(256) * 1e-9, "nothing": normal(256) * 1e-17,
            "huge": normal(256) * 1e5, "outlier": outlier, "ties": ties, "halves": halves,
            "sparse": sparse, "half of it": part, "mixed": mixed,
            "ramp": np.linspace(-1, 1, 256)}


def main():
    lib = ctypes.CDLL(sys.argv[1])
    floats = {name: np.ascontiguousarray(values, dtype=np.float32) for name, values in rows().items()}
    packed = {}
    for kind in QUANTISED:
        size, width = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[kind]]
        call = getattr(lib, f"quantize_row_{kind[:-2].lower()}_{kind[-1]}_ref")
        call.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
        call.restype = None
        for name, values in floats.items():
            out = np.zeros(256 // size * width, dtype=np.uint8)
            call(values.ctypes.data, out.ctypes.data, 256)
            packed.setdefault(kind, {})[name] = out
    for kind in AGAIN:
        for name, values in floats.items():
            with np.errstate(all="ignore"):
                out = np.ascontiguousarray(
                    gguf.quants.quantize(values, gguf.GGMLQuantizationType[kind])).view(np.uint8)
            known = packed.setdefault(kind, {}).setdefault(name, out)
            if not np.array_equal(known, out):
                print(f"gguf-py differs from ggml: {kind} {name}")
    OUT.write_text(json.dumps({
        "rows": {name: values.astype("<f4").tobytes().hex() for name, values in floats.items()},
        "packed": {kind: {name: out.tobytes().hex() for name, out in each.items()}
                   for kind, each in packed.items()},
    }, indent=1) + "\n")


if __name__ == "__main__":
    main()
