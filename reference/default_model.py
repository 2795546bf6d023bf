"""default_model.py FILE.gguf OUT: the default model dequantised to fp32 in the Hugging Face layout, for logprobs.py, greedy.py and training.py.

The importer of transformers forgets that this file's pre-tokenizer (smollm) takes digits one by one; it is put back here.
"""

import pathlib
import sys

import torch
from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
from transformers import AutoModelForCausalLM, AutoTokenizer


def main(gguf, out):
    source = dict(pretrained_model_name_or_path=gguf.parent, gguf_file=gguf.name)
    tokenizer = AutoTokenizer.from_pretrained(**source)
    tokenizer.backend_tokenizer.pre_tokenizer = Sequence(
        [Digits(individual_digits=True), ByteLevel(add_prefix_space=False, use_regex=True)]
    )
    model = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)
    # The weights are plain now; without this the folder would claim to be quantised.
    del model.config.quantization_config
    model.is_quantized, model.hf_quantizer = False, None
    model.config._name_or_path = ""
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
