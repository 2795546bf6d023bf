"""Added tokens: tiny tokenizers and checkpoints that get more tokens here, by transformers, and what it makes of them.

Writes src/test/resources/reference/tokens.json. Needs the output of checkpoints.py. With folders as arguments it tells
what transformers reads in what `palimpsest grow --method tokens` wrote:

    python reference/tokens.py BASE GROWN...
"""

import json
import sys

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AddedToken, AutoTokenizer, PreTrainedTokenizerFast

from golden import CHECKPOINTS, load, picked_logits, random_ids, write

NEW = ["<|tool|>", "<answer>", "Zwölf"]
TEXTS = ["<|tool|>", "say <|tool|>now<answer> 12", "Zwölf und zwölf", "a<|tool|><|tool|> <answer", " <answer> Zwölf."]
LENGTH = 12
CORPUS = ["say it now and then", "a tool, an answer: 12 or 13 und mehr", "zwölf oder Zwei < | >.", "the cat sat on the mat",
          "where there is a way there was another one", "mother and father and the other brothers gathered"]


def sentence_piece_like(size):
    """BPE over characters with Gemma's blanks, of so many tokens."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.Fuse()])
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=["<pad>", "<bos>", "<eos>", "<unk>"], show_progress=False)
    tokenizer.train_from_iterator(CORPUS * 3, trainer)
    assert tokenizer.get_vocab_size() == size, tokenizer.get_vocab_size()
    return tokenizer


def grown(model, known, pieces, init):
    """The model with rows for so many tokens behind its known ones."""
    rows = max(model.config.vocab_size, known + len(pieces))
    old = [model.get_input_embeddings().weight.detach().clone(), model.get_output_embeddings().weight.detach().clone()]
    model.resize_token_embeddings(rows, mean_resizing=False)
    with torch.no_grad():
        for table, before in zip((model.get_input_embeddings(), model.get_output_embeddings()), old):
            for i, ids in enumerate(pieces):
                of = before[:known] if init == "mean" else before[ids]
                table.weight[known + i] = of.double().mean(0).float()
    return model


def case(name, tokenizer, init, special):
    model = load(CHECKPOINTS / name)
    known = tokenizer.get_vocab_size()
    before = tokenizer.to_str()
    pieces = [tokenizer.encode(token, add_special_tokens=False).ids for token in NEW]
    fast = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(before))
    added = [AddedToken(token, special=special, normalized=False) for token in NEW]
    assert fast.add_tokens(added, special_tokens=special) == len(NEW)
    ids = [known - 1, *fast.convert_tokens_to_ids(NEW), *random_ids(5, LENGTH - 4, known)]
    tied = model.config.tie_word_embeddings
    model = grown(model, known, pieces, init)
    assert (model.get_input_embeddings().weight is model.get_output_embeddings().weight) == tied
    return {
        "checkpoint": name, "init": init, "special": special, "tokenizer": before, "known": known,
        "vocabulary": model.config.vocab_size, "tokens": NEW, "ids": fast.convert_tokens_to_ids(NEW), "pieces": pieces,
        "texts": [{"text": text, "ids": fast.encode(text, add_special_tokens=False)} for text in TEXTS],
        "sequence": ids, "rows": [3, LENGTH - 1], "logits": picked_logits(model, ids, [3, LENGTH - 1]),
    }


def compare(base, folders):
    model = load(base)
    old = AutoTokenizer.from_pretrained(base)
    ids = random_ids(5, LENGTH, len(old))
    before = torch.tensor(picked_logits(model, ids, list(range(LENGTH))))
    for folder in folders:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        record = json.load(open(f"{folder}/growth.json"))["new_tokens"]
        for token, id in record.items():
            text = f"so {token}then {token}"
            found = tokenizer.encode(text, add_special_tokens=False)
            assert tokenizer.convert_tokens_to_ids(token) == id and found.count(id) == 2, (token, id, found)
            print(f"{token}: {id}, {text!r} is {found}, shown as {tokenizer.decode(found, skip_special_tokens=True)!r}, "
                  f"special {token in tokenizer.all_special_tokens}")
        after = torch.tensor(picked_logits(load(folder), ids, list(range(LENGTH))))
        change = (after[:, :len(old)] - before[:, :len(old)]).abs().max().item()
        print(f"{folder}: {tuple(after.shape)} logits, largest change of an old token's {change:.3g}")


def main():
    llama = Tokenizer.from_file(str(CHECKPOINTS / "llama" / "tokenizer.json"))
    write("tokens.json", "tokens.py", {
        "grown": [
            case("llama", llama, "mean", False),  # tied, no row to spare
            case("llama3", sentence_piece_like(120), "pieces", True),  # a head of its own, rows to spare
            case("qwen2", sentence_piece_like(126), "pieces", False),  # tied, two rows to spare
            case("gemma3", sentence_piece_like(128), "mean", True),
        ],
    })


if __name__ == "__main__":
    compare(sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else main()
