"""spopt, pbp-pmedian and HiGHS on a p-median or covering instance that `bench pmed` or `bench mclp` solved.

Usage: placement.py INSTANCE --suite pmed|mclp --peer spopt|pbp|highs --instance NAME --seed N --seconds N

INSTANCE holds `choose`, and for a median `rows` (of each customer the cost to each candidate), for covering
`candidates` and `sets` (candidates that cover, weight), with points of the same cover set merged: the peers are
spared what Konbit does for itself. `value` and `bound` mean what they mean in Konbit's lines. `seconds` is the time
to solve and, apart, `seconds_to_build` the time to make the model in the program. Every answer is evaluated here;
what a program says of it is not taken. A program that is not installed is left out, with a word on standard error.
"""

import argparse
import importlib.metadata
import json
import math
import os
import resource
import sys
import time
import warnings

# The lines go to standard output; whatever the programs print themselves goes to standard error.
LINES = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def cpu_seconds():
    """Time of the processors, over all threads and finished children."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def worth(suite, instance, chosen):
    """The value of a set of candidates; nothing for a set of the wrong size."""
    chosen = {int(i) for i in chosen}
    if len(chosen) != instance["choose"]:
        return None
    if suite == "pmed":
        return sum(min(row[i] for i in chosen) for row in instance["rows"])
    return sum(weight for cover, weight in instance["sets"] if not chosen.isdisjoint(cover))


def spopt_locate(suite, instance, seconds):
    import numpy
    import pulp
    from spopt.locate import MCLP, PMedian

    solver = pulp.PULP_CBC_CMD(msg=False, timeLimit=seconds)
    if suite == "pmed":
        costs = numpy.array(instance["rows"], dtype=float)
        model = PMedian.from_cost_matrix(costs, numpy.ones(len(costs)), p_facilities=instance["choose"])
    else:
        # A cost of 0 is within the radius, a cost of 1 beyond it.
        costs = numpy.ones((len(instance["sets"]), instance["candidates"]))
        for row, (cover, _) in zip(costs, instance["sets"]):
            row[cover] = 0.0
        weights = numpy.array([float(weight) for _, weight in instance["sets"]])
        model = MCLP.from_cost_matrix(costs, weights, service_radius=0.5, p_facilities=instance["choose"])

    def solve():
        model.solve(solver, results=False)
        chosen = [i for i, variable in enumerate(model.fac_vars) if (variable.varValue or 0.0) > 0.5]
        outcome = pulp.LpStatus[model.problem.status]
        # CBC calls an answer optimal also where its time was up.
        proven = model.problem.sol_status == pulp.LpSolutionOptimal
        return chosen, None, outcome if proven else "stopped"

    return f"spopt {importlib.metadata.version('spopt')} CBC", solve


def pbp(suite, instance, seconds):
    if suite != "pmed":
        return None
    import numpy
    import pbp_pmedian

    costs = numpy.array(instance["rows"], dtype=float).T.copy()

    def solve():
        _, chosen, _, status, engine = pbp_pmedian.solve(costs, instance["choose"], time_limit=seconds)
        return chosen if chosen is not None else [], None, f"{status} ({engine})"

    return f"pbp-pmedian {pbp_pmedian.__version__}", solve


def highs(suite, instance, seconds):
    if suite != "mclp":
        return None
    import highspy
    import numpy

    sets, n = instance["sets"], instance["candidates"]
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = n + len(sets), len(sets) + 1
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = numpy.array([0.0] * n + [float(weight) for _, weight in sets])
    lp.col_lower_, lp.col_upper_ = numpy.zeros(lp.num_col_), numpy.ones(lp.num_col_)
    lp.row_lower_ = numpy.full(lp.num_row_, -highspy.kHighsInf)
    lp.row_upper_ = numpy.array([0.0] * len(sets) + [float(instance["choose"])])
    columns = [column for j, (cover, _) in enumerate(sets) for column in [*cover, n + j]] + list(range(n))
    values = [value for cover, _ in sets for value in [-1.0] * len(cover) + [1.0]] + [1.0] * n
    starts = numpy.cumsum([0] + [len(cover) + 1 for cover, _ in sets] + [n])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = starts, numpy.array(columns), numpy.array(values)
    lp.integrality_ = [highspy.HighsVarType.kInteger] * n + [highspy.HighsVarType.kContinuous] * len(sets)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("time_limit", float(seconds))
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.passModel(lp)

    def solve():
        solver.run()
        chosen = [i for i, value in enumerate(list(solver.getSolution().col_value)[:n]) if value > 0.5]
        return chosen, solver.getInfo().mip_dual_bound, solver.modelStatusToString(solver.getModelStatus())

    return f"highspy {solver.version()}", solve


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--suite", choices=["pmed", "mclp"], required=True)
    parser.add_argument("--peer", choices=["spopt", "pbp", "highs"], required=True)
    parser.add_argument("--instance", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    with open(arguments.file, encoding="utf-8") as file:
        instance = json.load(file)
    make = {"spopt": spopt_locate, "pbp": pbp, "highs": highs}[arguments.peer]
    start = time.perf_counter()
    try:
        made = make(arguments.suite, instance, arguments.seconds)
    except ImportError as missing:
        print(f"left out: {missing}", file=sys.stderr)
        return
    if made is None:
        return
    name, solve = made
    built, cpu = time.perf_counter(), cpu_seconds()
    chosen, bound, outcome = solve()
    seconds, cpu = time.perf_counter() - built, cpu_seconds() - cpu
    value = worth(arguments.suite, instance, chosen)
    # A bound that the program has not found is infinite there, and no number in JSON.
    bound = bound if bound is not None and math.isfinite(bound) else None
    gap = abs(value - bound) / value if value and bound is not None else None
    line = {
        "suite": arguments.suite,
        "instance": arguments.instance,
        "value": value,
        "bound": bound,
        "gap": gap,
        "seconds": seconds,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "seed": arguments.seed,
        "program": name,
        "outcome": outcome,
        "seconds_to_build": built - start,
        "cpu_seconds": cpu,
    }
    print(json.dumps(line), file=LINES, flush=True)


main()
