"""Learning and forgetting events of samples over states, from their definition in Toneva and others, An Empirical
Study of Example Forgetting during Deep Neural Network Learning (2019), section 3: a forgetting event is acc(t) > acc(t + 1),
a learning event acc(t) < acc(t + 1); unforgettable is what was learned at some point and has no forgetting event. The base
is the state before the first step.

    pip install numpy==2.4.6 && python reference/forgetting.py

Writes src/test/resources/reference/forgetting.json: by sample right (0 or 1 by state), then what follows from it.
"""

import itertools
import json
import pathlib

import numpy

TARGET = pathlib.Path(__file__).parent.parent / "src/test/resources/reference/forgetting.json"
LONG = [
    [0, 1, 0, 1, 0, 1, 0, 1],
    [1, 0, 0, 0, 1, 1, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 1],
    [0, 1, 1, 1, 1, 1, 1, 0],
    [1, 1, 1, 1, 1, 1, 1, 1],
]


def case(right):
    accuracy = numpy.array(right)
    change = accuracy[1:] - accuracy[:-1]
    forgetting = int((change < 0).sum())
    ever = bool(accuracy.any())
    ends = (right[0], right[-1])
    kind = {(1, 1): "known", (0, 1): "learned", (1, 0): "lost"}.get(ends, "forgotten" if ever else "never")
    return {
        "right": right,
        "forgetting_events": forgetting,
        "learning_events": int((change > 0).sum()),
        "first_right": int(accuracy.argmax()) if ever else None,
        "unforgettable": ever and forgetting == 0,
        "class": kind,
    }


def main():
    all_short = [list(each) for n in (2, 3, 4) for each in itertools.product([0, 1], repeat=n)]
    out = {
        "made_by": "reference/forgetting.py",
        "versions": {"numpy": numpy.__version__},
        "cases": [case(right) for right in all_short + LONG],
    }
    TARGET.write_text(json.dumps(out) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
