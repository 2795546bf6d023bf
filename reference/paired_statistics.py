"""Reference values for the ledger's statistics.

Run:  pip install scipy==1.17.1 statsmodels==0.15.0 numpy==2.4.6
      python reference/paired_statistics.py > src/test/resources/reference/paired_statistics.json

Where SciPy or statsmodels has the quantity, it is theirs. Tango's score interval and the exact
unconditional interval are in neither; they are computed here in another way than in Java: the
constrained likelihood is maximised numerically, and the exact test adds up every table.
"""

import json
import math
import platform

import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm
from scipy import optimize, stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

GAMMA, GRID, SCAN = 0.0005, 24, 12  # as in ExactInterval.java


def score_statistic(n, lost, won, delta):
    """Score test of won - lost = n * delta; the nuisance by a root of the likelihood's derivative."""
    excess = won - lost - n * delta
    if excess == 0:
        return 0.0
    rest = n - lost - won
    low, high = max(0.0, -delta), (1 - delta) / 2

    def slope(x):  # derivative of the log-likelihood times x (x + delta) (1 - 2x - delta)
        r = 1 - 2 * x - delta
        return won * x * r + lost * (x + delta) * r - 2 * rest * x * (x + delta)

    points = np.linspace(low, high, 2001)
    values = [slope(p) for p in points]
    candidates = [low, high]
    for a, b, va, vb in zip(points, points[1:], values, values[1:]):
        if va == 0:
            candidates.append(a)
        if va * vb < 0:
            candidates.append(optimize.brentq(slope, a, b, xtol=1e-16, rtol=1e-15))

    def likelihood(x):
        total = 0.0
        for count, p in ((won, x + delta), (lost, x), (rest, 1 - 2 * x - delta)):
            if count:
                total += count * math.log(p) if p > 0 else -math.inf
        return total

    best = max(candidates, key=likelihood)
    variance = n * (2 * best + delta * (1 - delta))
    return math.copysign(math.inf, excess) if variance <= 0 else excess / math.sqrt(variance)


def score_interval(n, lost, won):
    z = stats.norm.ppf(0.975)
    estimate = (won - lost) / n
    high = optimize.brentq(lambda d: score_statistic(n, lost, won, d) + z, estimate, 1 - 1e-9, xtol=1e-14)
    low = optimize.brentq(lambda d: score_statistic(n, lost, won, d) - z, -1 + 1e-9, estimate, xtol=1e-14)
    return [low, high]


def closed_statistic(n, lost, won, delta):
    """The same by the closed form, over arrays; checked against score_statistic below."""
    lost, won = np.asarray(lost, float), np.asarray(won, float)
    a = 2 * n
    b = 2 * n * delta - (lost + won) - (won - lost) * delta
    c = -lost * delta * (1 - delta)
    x = (-b + np.sqrt(np.maximum(0, b * b - 4 * a * c))) / (2 * a)
    x = np.maximum(x, max(0.0, -delta))
    excess = won - lost - n * delta
    variance = n * np.maximum(0, 2 * x + delta * (1 - delta))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = excess / np.sqrt(variance)
    return np.where(excess == 0, 0.0, z)


class Exact:
    def __init__(self, n, lost, won):
        self.n, self.lost, self.won = n, lost, won
        grid = [(b, c) for b in range(n + 1) for c in range(n + 1 - b)]
        self.b = np.array([g[0] for g in grid])
        self.c = np.array([g[1] for g in grid])
        low, high = proportion_confint(lost + won, n, alpha=GAMMA, method="beta")
        self.low = 0.0 if lost + won == 0 else low
        self.high = 1 - 1e-6 if lost + won == n else high

    def p_at_most(self, delta):
        observed = float(closed_statistic(self.n, self.lost, self.won, delta))
        start = max(self.low, abs(delta))
        if start >= self.high:
            return GAMMA if observed > 0 else 1.0
        z = closed_statistic(self.n, self.b, self.c, delta)
        inside = z >= observed - 1e-9 * (1 + abs(observed))
        b, c = self.b[inside], self.c[inside]
        table = np.stack([b, c, self.n - b - c], axis=1)
        largest = 0.0
        for i in range(GRID + 1):
            share = start + (self.high - start) * i / GRID
            lost, won = (share - delta) / 2, (share + delta) / 2
            p = stats.multinomial.pmf(table, self.n, [max(lost, 0), max(won, 0), 1 - max(lost, 0) - max(won, 0)])
            largest = max(largest, float(p.sum()))
        return min(1.0, largest + GAMMA)

    def lower(self, level):
        estimate = (self.won - self.lost) / self.n
        outside, inside = -self.high, estimate
        step = (estimate - outside) / SCAN
        for _ in range(1, SCAN):
            candidate = outside + step
            if self.p_at_most(candidate) > level:
                inside = candidate
                break
            outside = candidate
        while inside - outside > 1e-9:
            middle = (inside + outside) / 2
            if self.p_at_most(middle) > level:
                inside = middle
            else:
                outside = middle
        return outside


def exact_interval(n, lost, won):
    return [Exact(n, lost, won).lower(0.025), -Exact(n, won, lost).lower(0.025)]


def table(kept, lost, won, neither):
    n = kept + lost + won + neither
    few = lost + won < 20
    p = mcnemar([[kept, lost], [won, neither]], exact=True).pvalue
    limits = exact_interval(n, lost, won) if few else score_interval(n, lost, won)
    below = Exact(n, won, lost).p_at_most(0.01) if few else stats.norm.cdf(score_statistic(n, lost, won, -0.01))
    return {
        "kept": kept, "lost": lost, "won": won, "neither": neither,
        "mcnemar_p": float(min(1.0, p)), "few": few, "low": limits[0], "high": limits[1],
        "p_below_minus_one_percent": float(below),
    }


def check_closed_form():
    for n, lost, won, delta in [(60, 3, 1, 0.02), (60, 0, 4, -0.1), (100, 12, 30, 0.3), (40, 5, 5, -0.5), (60, 7, 0, 0.1)]:
        assert abs(score_statistic(n, lost, won, delta) - float(closed_statistic(n, lost, won, delta))) < 1e-8


def ratio(seed, n):
    generator = np.random.default_rng(seed)
    sizes = generator.integers(50, 2000, n).astype(float)
    amounts = np.round(sizes * (0.02 + 0.05 * generator.standard_normal(n)), 6)
    # sum(amounts) / sum(sizes) is the weighted mean of the texts' own ratios; HC1 is its robust error
    fit = sm.WLS(amounts / sizes, np.ones(n), weights=sizes).fit(cov_type="HC1", use_t=True)
    low, high = fit.conf_int(0.05)[0]
    return {"amounts": amounts.tolist(), "sizes": sizes.tolist(), "value": float(fit.params[0]), "low": float(low), "high": float(high)}


def clustered(seed, documents, mean_size, per_document, per_item):
    """Rao and Scott: the score test's variance times the design effect, Student's t over documents.

    The clustered and the independent variance of the mean change are statsmodels'; the exact case
    rounds as ClusteredInterval.java does.
    """
    generator = np.random.default_rng(seed)
    sizes = 1 + generator.poisson(mean_size - 1, documents)
    names, change = [], []
    for d, size in enumerate(sizes):
        whole = generator.choice([-1, 0, 1], p=[per_document, 1 - 1.5 * per_document, per_document / 2])
        for _ in range(size):
            names.append(d)
            alone = generator.choice([-1, 0, 1], p=[per_item, 1 - 2 * per_item, per_item])
            change.append(int(whole if whole != 0 else alone))
    change, names = np.array(change, float), np.array(names)
    n, lost, won = len(change), int((change < 0).sum()), int((change > 0).sum())
    model = sm.OLS(change, np.ones(n))
    groups = model.fit(cov_type="cluster", cov_kwds={"groups": names, "use_correction": False}).bse[0] ** 2
    groups *= documents / (documents - 1)
    independent = model.fit(cov_type="HC1").bse[0] ** 2
    complete = float((sizes**2).sum() / n)
    effect = max(1.0, groups / independent) if independent > 0 else complete
    complete = max(complete, effect)
    few = lost + won < 20
    if few:
        low, high, below = clustered_exact(n, lost, won, complete)
    else:
        student = stats.t(documents - 1)
        reach = student.ppf(0.975) * math.sqrt(effect)
        estimate = (won - lost) / n
        high = optimize.brentq(lambda d: score_statistic(n, lost, won, d) + reach, estimate, 1 - 1e-9, xtol=1e-14)
        low = optimize.brentq(lambda d: score_statistic(n, lost, won, d) - reach, -1 + 1e-9, estimate, xtol=1e-14)
        below = student.cdf(score_statistic(n, lost, won, -0.01) / math.sqrt(effect))
    return {
        "change": [int(c) for c in change], "document": [int(d) for d in names], "few": bool(few),
        "design_effect": float(effect), "complete_effect": complete,
        "low": float(low), "high": float(high), "p_below_minus_one_percent": float(below),
    }


def clustered_exact(n, lost, won, effect):
    def table(falling, rising):
        whole = max(1, int(n / effect))
        up = min(whole, math.ceil(rising / effect))
        return whole, min(whole - up, int(falling / effect)), up

    size, falling, rising = table(lost, won)
    high = max((won - lost) / n, -Exact(size, rising, falling).lower(0.025))
    below = 1.0 if -0.01 <= (won - lost) / n else Exact(size, rising, falling).p_at_most(0.01)
    size, falling, rising = table(won, lost)
    low = -max((lost - won) / n, -Exact(size, rising, falling).lower(0.025))
    return low, high, below


def holm(p):
    return {"p": p, "adjusted": multipletests(p, method="holm")[1].tolist()}


def items_needed(change, churn, power):
    reach = stats.norm.ppf(0.975) + stats.norm.ppf(power)
    return {"change": change, "churn": churn, "power": power, "items": math.ceil(reach**2 * (churn - change**2) / change**2)}


def main():
    check_closed_form()
    print(json.dumps({
        "made_by": "reference/paired_statistics.py",
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__},
        "tables": [table(*t) for t in [
            (300, 45, 20, 135), (100, 20, 0, 80), (0, 9, 31, 160), (700, 130, 131, 39), (5000, 12, 9, 4979),
            (30, 0, 0, 30), (500, 0, 0, 300), (40, 5, 1, 14), (50, 0, 8, 22), (20, 9, 9, 2), (3, 1, 0, 1), (90, 2, 11, 17), (0, 4, 3, 0), (1, 0, 0, 0),
        ]],
        "clustered": [clustered(4, 90, 5, 0.1, 0.05), clustered(5, 25, 12, 0.2, 0.1), clustered(6, 12, 40, 0.0, 0.08), clustered(7, 40, 4, 0.03, 0.01), clustered(8, 30, 3, 0.0, 0.0)],
        "ratios": [ratio(1, 12), ratio(2, 2), ratio(3, 60)],
        "holm": [holm([0.01, 0.04, 0.03, 0.005]), holm([0.2]), holm([0.5, 0.5, 0.001, 0.9, 0.02])],
        "items_needed": [items_needed(-0.01, 0.1, 0.8), items_needed(0.02, 0.1, 0.8), items_needed(0.05, 0.1, 0.8), items_needed(0.05, 0.05, 0.9)],
    }, indent=1))


if __name__ == "__main__":
    main()
