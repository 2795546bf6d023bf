"""Whether exported GGUF files are what llama.cpp's own quantiser makes; needs the real model.

    palimpsest export --model smollm2 --format gguf --type T --out FOLDER/T.gguf
    python reference/gguf_quantised.py FOLDER

for T of f32, q4_0, q4_1, q8_0 and q4_k_m. llama-cpp-python's llama_model_quantize reads the F32 file;
printed is, for each type, how many tensors have the same type and the same bytes.
"""

import ctypes
import pathlib
import sys

import gguf
import llama_cpp
import numpy as np

TYPES = {"q4_0": 2, "q4_1": 3, "q8_0": 7, "q4_k_m": 15}


def tensors(path):
    return {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}


def main():
    folder = pathlib.Path(sys.argv[1])
    for kind, number in TYPES.items():
        params = llama_cpp.llama_model_quantize_default_params()
        params.ftype = number
        out = folder / "llama.cpp.gguf"
        assert llama_cpp.llama_model_quantize(
            str(folder / "f32.gguf").encode(), str(out).encode(), ctypes.byref(params)) == 0
        theirs, ours = tensors(out), tensors(folder / f"{kind}.gguf")
        assert theirs.keys() == ours.keys()
        same = [name for name, tensor in theirs.items()
                if tensor.tensor_type == ours[name].tensor_type
                and np.array_equal(tensor.data, ours[name].data)]
        print(kind, len(same), "of", len(theirs))


if __name__ == "__main__":
    main()
