"""What llama.cpp answers with an exported GGUF, beside what `generate --temperature 0` answered.

    python reference/export/llama_greedy.py --gguf FILE [--lora FILE] --prompts PROMPTS.jsonl --answers ANSWERS.json [--max-tokens N]

PROMPTS has an `id` and a `prompt` a line; ANSWERS is what
`palimpsest generate --data PROMPTS.jsonl --temperature 0 --max-tokens N --json` printed. Prompts go through the chat
template of the file, rendered by Jinja itself. For each prompt: whether the greedy texts are the same, and where not,
the gap between llama.cpp's best two logits at the token at which they part. Needs llama-cpp-python 0.3 and numpy.
Exit 1 if a text differs where that gap is above --tolerance.
"""

import argparse
import datetime
import json
import sys

import jinja2.sandbox
import llama_cpp
import numpy


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gguf", required=True)
    parser.add_argument("--lora")
    parser.add_argument("--prompts", required=True)
    parser.add_argument("--answers", required=True)
    parser.add_argument("--max-tokens", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tolerance", type=float, default=0.0)
    return parser.parse_args()


def template(model):
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.globals["strftime_now"] = lambda form: datetime.datetime.now().strftime(form)
    compiled = environment.from_string(model.metadata["tokenizer.chat_template"])
    token = {name: model._model.token_get_text(getattr(model, f"token_{name}")()) for name in ("bos", "eos")}
    return lambda prompt: compiled.render(
        messages=[{"role": "user", "content": prompt}], add_generation_prompt=True,
        bos_token=token["bos"], eos_token=token["eos"])


def logits(model):
    last = llama_cpp.llama_get_logits_ith(model._ctx.ctx, -1)
    return numpy.ctypeslib.as_array(last, shape=(model.n_vocab(),)).astype(numpy.float64)


def greedy(model, ids, most):
    """Tokens without the one that ends the answer, and for each the gap to the second best."""
    model.reset()
    model.eval(ids)
    tokens, gaps = [], []
    while len(tokens) < most:
        scores = logits(model)
        second, best = numpy.argsort(scores)[-2:]
        gaps.append(float(scores[best] - scores[second]))
        if llama_cpp.llama_vocab_is_eog(model._model.vocab, int(best)):
            break
        tokens.append(int(best))
        model.eval([int(best)])
    return tokens, gaps


def text(model, tokens):
    return model.detokenize(tokens, special=False).decode("utf-8", errors="replace")


def parted(model, tokens, answer):
    """The first token after which the text is no beginning of the answer."""
    for count in range(1, len(tokens) + 1):
        if not answer.startswith(text(model, tokens[:count]).rstrip("\ufffd")):
            return count - 1
    return len(tokens)


def main():
    args = arguments()
    model = llama_cpp.Llama(
        args.gguf, lora_path=args.lora, n_ctx=1024, n_threads=args.threads, n_threads_batch=args.threads,
        logits_all=False, verbose=False)
    render = template(model)
    answers = {item["id"]: item["text"] for item in json.load(open(args.answers))["items"]}
    same, close, tokens_in_all, smallest = 0, 0, 0, float("inf")
    rows = [json.loads(line) for line in open(args.prompts) if line.strip()]
    for row in rows:
        ids = model.tokenize(render(row["prompt"]).encode(), add_bos=False, special=True)
        tokens, gaps = greedy(model, ids, args.max_tokens)
        tokens_in_all += len(tokens)
        smallest = min([smallest] + gaps)
        expected = answers[row["id"]]
        if text(model, tokens) == expected:
            same += 1
            continue
        at = min(parted(model, tokens, expected), len(gaps) - 1)
        close += gaps[at] <= args.tolerance
        print(f"{row['id']}: parts at token {at}, gap {gaps[at]:.4f}\n  llama.cpp: {text(model, tokens)!r}\n"
              f"  generate:  {expected!r}")
    print(f"{same} of {len(rows)} greedy answers are the same ({tokens_in_all} tokens, smallest gap of the best two "
          f"logits {smallest:.4f}); llama-cpp-python {llama_cpp.__version__}")
    sys.exit(0 if same + close == len(rows) else 1)


if __name__ == "__main__":
    main()
