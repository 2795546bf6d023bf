"""What the benches share: processes with their peak memory, contenders in turn, results. Standard library only."""

import argparse
import datetime
import json
import os
import pathlib
import platform
import resource
import statistics
import subprocess
import sys
import time

HOME = pathlib.Path(__file__).resolve().parent.parent
CACHE = pathlib.Path(os.environ.get("PALIMPSEST_BENCH", pathlib.Path.home() / ".cache/palimpsest/bench"))
PYTHON = os.environ.get("PALIMPSEST_BENCH_PYTHON", str(CACHE / "venv/bin/python"))
WORK = CACHE / "work"
MODELS = pathlib.Path(os.environ.get("PALIMPSEST_CACHE", pathlib.Path.home() / ".cache/palimpsest")) / "pypi"


def options(doc, **defaults):
    """The command line: one option a default, and those that all benches have."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    defaults = {"data": str(CACHE / "tasks/form-train.jsonl"), "rounds": 3, "threads": os.cpu_count(), **defaults}
    for name, value in defaults.items():
        parser.add_argument("--" + name, default=value, type=type(value))
    chosen = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    # a launcher that still had to build would count as part of the first run
    subprocess.run([HOME / "palimpsest", "--help"], stdout=subprocess.DEVNULL, check=True)
    chosen.neighbours = Neighbours()
    return chosen


class Neighbours:
    """How many cores other processes kept busy meanwhile: figures from a busy machine say nothing."""

    def __init__(self):
        self.start, self.before = time.monotonic(), self.seconds()

    @staticmethod
    def seconds():
        stat = pathlib.Path("/proc/stat")
        if not stat.exists():
            return None
        user, nice, system, _, _, irq, softirq = map(int, stat.read_text().split()[1:8])
        own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK") - sum(u.ru_utime + u.ru_stime for u in own)

    def cores(self):
        return None if self.before is None else round((self.seconds() - self.before) / (time.monotonic() - self.start), 2)


def ours(chosen, *arguments):
    """One call of palimpsest: its document, with the wall's seconds and the peak memory."""
    return process([HOME / "palimpsest", *arguments, "--threads", chosen.threads, "--json"], {})


def peer(chosen, script, *arguments):
    """One call of a peer, whose last line is its document."""
    environment = {"PALIMPSEST_BENCH": CACHE, "THREADS": chosen.threads, "HF_HUB_OFFLINE": 1, "TOKENIZERS_PARALLELISM": "false"}
    return process([PYTHON, HOME / "bench/peers" / script, *arguments], environment)


def process(command, environment):
    clean = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OMP_NUM_THREADS")}
    clean.update({k: str(v) for k, v in environment.items()})
    log = WORK / "stderr.txt"
    start = time.monotonic()
    with open(log, "w") as stderr:
        child = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=stderr, env=clean, text=True)
        output = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nended with {child.returncode}: {log.read_text()[-2000:]}")
    document = json.loads(output.strip().splitlines()[-1])
    scale = 1 if platform.system() == "Darwin" else 1024
    cpu = usage.ru_utime + usage.ru_stime
    return {**document, "wall_seconds": time.monotonic() - start, "cpu_seconds": cpu, "rss_gb": usage.ru_maxrss * scale / 1e9}


def in_turn(rounds, contenders):
    """Runs the contenders A, B, A, B, …: what each found in every round, by name."""
    found = {name: [] for name in contenders}
    for number in range(rounds):
        for name, run in contenders.items():
            found[name].append(run())
            brief = {k: round(v, 4) for k, v in found[name][-1].items() if isinstance(v, (int, float))}
            print(f"round {number + 1}  {name}: {json.dumps(brief)}", file=sys.stderr, flush=True)
    return found


def spread(values):
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def compare(found, ours, figure):
    """Spread of a figure by contender, and of ours over each peer's, round by round."""
    rows = {name: spread([run[figure] for run in runs]) for name, runs in found.items()}
    for name, runs in found.items():
        if name != ours:
            rows[name]["ratio"] = spread([a[figure] / b[figure] for a, b in zip(found[ours], runs)])
    return rows


def show(figure, rows):
    print(f"\n{figure:<34}{'min':>10}{'median':>10}{'max':>10}   ours / peer: median (min … max)")
    for name, row in rows.items():
        ratio = row.get("ratio")
        text = f"   {ratio['median']:.2f} ({ratio['min']:.2f} … {ratio['max']:.2f})" if ratio else ""
        print(f"{name:<34}{row['min']:>10.4g}{row['median']:>10.4g}{row['max']:>10.4g}{text}")


def save(bench, chosen, figures):
    """One file a run under bench/results."""
    now = datetime.datetime.now(datetime.timezone.utc)
    settings = {k: pathlib.Path(v).name if k == "data" else v for k, v in vars(chosen).items() if k != "neighbours"}
    others = chosen.neighbours.cores()
    if others is not None and others > 0.1:
        print(f"\nNOT TO BE QUOTED: other processes kept {others} cores busy meanwhile")
    document = {
        "bench": bench,
        "date": now.isoformat(timespec="seconds"),
        "machine": machine() | {"cores_busy_with_others": others},
        "versions": versions(),
        "settings": settings,
        "figures": figures,
    }
    file = HOME / "bench/results" / f"{bench}-{now:%Y%m%dT%H%M%S}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    print(f"\n{file.relative_to(HOME)}")


def machine():
    model, bf16 = platform.processor(), None
    info = pathlib.Path("/proc/cpuinfo")
    if info.exists():
        bf16 = any(flag in info.read_text() for flag in ("avx512_bf16", "amx_bf16"))
        lines = [line for line in info.read_text().splitlines() if line.startswith(("model name", "cpu family", "model\t"))]
        model = ", ".join(dict.fromkeys(" ".join(line.replace("\t", "").split()) for line in lines))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"cpu": model, "bf16_instructions": bf16, "cores": os.cpu_count(), "memory_gb": round(memory / 1e9, 1)}


def versions():
    names = ["torch", "transformers", "peft", "trl", "lm-eval"]
    code = f"import json, importlib.metadata as m; print(json.dumps({{n: m.version(n) for n in {names}}}))"
    found = json.loads(subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=True).stdout)
    commit = subprocess.run(["git", "-C", HOME, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    return {"palimpsest": commit, **found}


def rows(file, count, start=0):
    """Rows of a JSONL file with prompt and completion, other fields left out."""
    with open(file) as lines:
        read = [json.loads(line) for line in lines]
    if len(read) < start + count:
        sys.exit(f"{file}: {len(read)} rows, {start + count} are needed")
    return [{"id": str(r.get("id", i)), "prompt": r["prompt"], "completion": r["completion"]} for i, r in enumerate(read[start : start + count])]


def write(name, items):
    file = WORK / name
    file.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items))
    return file


def steps(run):
    """The lines of a run's metrics."""
    return [json.loads(line) for line in (pathlib.Path(run) / "metrics.jsonl").read_text().splitlines()]
