"""Reference values for shares of items and their difference.

Run:  pip install scipy==1.17.1 statsmodels==0.15.0 numpy==2.4.6
      python reference/shares.py > src/test/resources/reference/shares.json

Fisher's p is SciPy's, the intervals are statsmodels' (beta is Clopper-Pearson, newcomb is Newcombe's
tenth method).
"""

import json
import platform

import scipy
import statsmodels
from scipy.stats import fisher_exact
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

TABLES = [
    (0, 10, 0, 10), (10, 10, 0, 10), (10, 10, 10, 10), (3, 7, 1, 7), (12, 20, 4, 20), (15, 31, 9, 28),
    (1, 1, 0, 1), (5, 6, 5, 60), (40, 55, 21, 55), (117, 250, 88, 250), (2, 400, 11, 390), (9, 9, 7, 9),
]

cases = []
for right, n, others, m in TABLES:
    low, high = confint_proportions_2indep(right, n, others, m, method="newcomb", compare="diff")
    cases.append({
        "table": [right, n, others, m],
        "clopper": list(map(float, proportion_confint(right, n, method="beta"))),
        "wilson": list(map(float, proportion_confint(right, n, method="wilson"))),
        "newcombe": [float(low), float(high)],
        "fisher": float(fisher_exact([[right, n - right], [others, m - others]]).pvalue),
    })

print(json.dumps({
    "made_with": {"python": platform.python_version(), "scipy": scipy.__version__, "statsmodels": statsmodels.__version__},
    "cases": cases,
}, indent=1))
