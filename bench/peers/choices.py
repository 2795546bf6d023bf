"""lm-evaluation-harness: a multiple-choice task made of a file's items, through the chat template; choices end with end-of-turn."""

import json
import pathlib
import tempfile
import time

import common
import lm_eval
import peft
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager

TASK = """
task: items
dataset_path: json
dataset_kwargs:
  data_files: {{test: {file}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{prompt}}}}"
doc_to_choice: "{{{{ended}}}}"
doc_to_target: "{{{{answer}}}}"
target_delimiter: ""
metric_list:
  - metric: acc
"""


class Timed(HFLM):
    """Counts the seconds and tokens of the requests alone."""

    seconds = tokens = scored = 0

    def _loglikelihood_tokens(self, requests, *args, **kwargs):
        start = time.monotonic()
        found = super()._loglikelihood_tokens(requests, *args, **kwargs)
        self.seconds += time.monotonic() - start
        self.tokens += sum(len(context) + len(continuation) for _, context, continuation in requests)
        self.scored += sum(len(continuation) for _, _, continuation in requests)
        return found


def main():
    chosen = common.options(__doc__, data="", dtype="bf16", batch=8, adapter="")
    model, tokenizer = common.load(chosen.dtype)
    if chosen.adapter:
        model = peft.PeftModel.from_pretrained(model, chosen.adapter)
    items = common.rows(chosen.data)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        ended = [{**item, "ended": [choice + tokenizer.eos_token for choice in item["choices"]]} for item in items]
        (folder / "items.jsonl").write_text("".join(json.dumps(item) + "\n" for item in ended))
        (folder / "items.yaml").write_text(TASK.format(file=folder / "items.jsonl"))
        timed = Timed(pretrained=model, tokenizer=tokenizer, batch_size=chosen.batch, device="cpu")
        found = lm_eval.simple_evaluate(
            timed, tasks=["items"], task_manager=TaskManager(include_path=str(folder), include_defaults=False), apply_chat_template=True,
            bootstrap_iters=0, log_samples=True)  # fmt: skip
    samples = sorted(found["samples"]["items"], key=lambda sample: sample["doc_id"])
    best = [max(range(len(s["filtered_resps"])), key=lambda i: s["filtered_resps"][i][0]) for s in samples]
    common.tell(
        accuracy=found["results"]["items"]["acc,none"], best=best, tokens=timed.tokens, scored=timed.scored,
        items_per_second=len(items) / timed.seconds)  # fmt: skip


if __name__ == "__main__":
    main()
