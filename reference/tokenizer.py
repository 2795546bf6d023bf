"""Token ids of llama.cpp and of Hugging Face's tokenizers over a text of 5 MB.

    python reference/tokenizer.py llama MODEL.gguf NAME [PARTS]   # llama-cpp-python 0.3.36
    python reference/tokenizer.py hf tokenizer.json NAME [PARTS]  # tokenizers 0.23.3

writes src/test/resources/reference/tokenizer-NAME.json: for each part of 100 kB the number of tokens and
the SHA-256 over the ids (int32, little endian). The text is made here and in TokenizerText.java by the
same rule: splitmix64 picks from src/test/resources/reference/tokenizer-fragments.json.
"""

import hashlib
import json
import pathlib
import struct
import sys

RESOURCES = pathlib.Path(__file__).parent.parent / "src/test/resources/reference"
FRAGMENTS = json.loads((RESOURCES / "tokenizer-fragments.json").read_text())
PARTS = 52
PART_BYTES = 100_000
MASK = (1 << 64) - 1


class Random:
    """splitmix64."""

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        z ^= z >> 31
        return (z >> 33) % bound

    def of(self, name):
        choices = FRAGMENTS[name]
        return choices[self.below(len(choices))]

    def inside(self, name):
        low, high = self.of(name)
        return chr(low + self.below(high - low + 1))


def fragment(random):
    kind = random.below(32)
    if kind < 10:
        return " " + random.of("words")
    if kind < 12:
        return random.of("words")
    if kind < 16:
        return random.of("code")
    if kind < 18:
        return "".join(str(random.below(10)) for _ in range(1 + random.below(12)))
    if kind < 20:
        return "".join(random.inside("cjk") for _ in range(1 + random.below(8)))
    if kind < 21:
        return random.of("emoji")
    if kind < 23:
        return random.of("specials")
    if kind < 25:
        return random.of("spaces") * (1 + random.below(9))
    if kind < 26:
        return "".join(random.of("spaces") for _ in range(1 + random.below(6)))
    if kind < 28:
        return random.of("bases") + "".join(random.inside("marks") for _ in range(1 + random.below(3)))
    if kind < 29:
        return random.of("odd")
    low, high = random.of("ranges")
    return "".join(chr(low + random.below(high - low + 1)) for _ in range(1 + random.below(6)))


def part(index):
    random = Random(index)
    pieces, size = [], 0
    while size < PART_BYTES:
        piece = fragment(random)
        pieces.append(piece)
        size += len(piece.encode())
    return "".join(pieces)


def encoder(kind, file):
    if kind == "llama":
        import llama_cpp

        model = llama_cpp.Llama(file, vocab_only=True, verbose=False)
        return lambda text: model.tokenize(text.encode(), add_bos=False, special=True)
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(file)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids


def main(kind, file, name, parts=PARTS):
    encode = encoder(kind, file)
    rows = []
    for index in range(int(parts)):
        text = part(index)
        ids = encode(text)
        digest = hashlib.sha256(struct.pack(f"<{len(ids)}i", *ids)).hexdigest()
        rows.append({"bytes": len(text.encode()), "tokens": len(ids), "sha256": digest})
    text = "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n"
    (RESOURCES / f"tokenizer-{name}.json").write_text(text)
    print(name, sum(row["bytes"] for row in rows), sum(row["tokens"] for row in rows))


if __name__ == "__main__":
    main(*sys.argv[1:])
