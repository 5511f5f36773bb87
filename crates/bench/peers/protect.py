"""HiGHS and OR-Tools on the linear relaxation of a problem that `bench protect` planned.

Usage: protect.py PROBLEM --instance NAME --seed N --seats N --seconds N

PROBLEM is the `problem` of a plan file. The relaxation has no schedules in it: its optimum is a lower
bound of every plan, so Konbit's `bound` cannot be far above it and its `value` cannot be below it; a
proof by branching can raise `bound` above it. Time is that of the solver alone, without building.
A program that is not done after so many seconds is stopped, says so in `outcome`, and has no bound.
A program that is not installed is left out, with a word on standard error.
"""

import argparse
import json
import os
import resource
import sys
import time

# The lines go to standard output; whatever the programs print themselves goes to standard error.
LINES = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Program:
    """min cost . v  subject to  low <= rows . v <= high,  0 <= v <= upper."""

    def __init__(self):
        self.cost, self.upper, self.rows, self.low, self.high = [], [], [], [], []

    def variable(self, cost=0.0, upper=float("inf")):
        self.cost.append(cost)
        self.upper.append(upper)
        return len(self.cost) - 1

    def row(self, entries, low=float("-inf"), high=float("inf")):
        self.rows.append(entries)
        self.low.append(low)
        self.high.append(high)


def relaxation(problem, seats):
    """The program of the module `relax` of the planner, with every pair of site and base."""
    sites, bases = problem["sites"], problem["bases"]
    alpha, attempts = problem["alpha_ppm"] / 1e6, problem["watched_attempts_micro"] / 1e6
    program = Program()
    theta = program.variable(cost=1.0)
    post = [program.variable(upper=1.0) for _ in sites]
    force = [program.variable(upper=1.0 if base["forces_max"] else 0.0) for base in bases]
    modes = [[(x, problem["static_effect_ppm"] / 1e6)] for x in post]
    for reach in problem["reach"]:
        share = program.variable()
        modes[reach["site"]].append((share, reach["effect_ppm"] / 1e6))
        program.row([(share, 1.0), (force[reach["base"]], -1.0)], high=0.0)
    constant = 0.0
    for site, x, cover in zip(sites, post, modes):
        value = site["value_milli"] / 1e3
        forecast, watched = (1 - alpha) * site["attempts_micro"] / 1e6 * value, alpha * attempts * value
        constant += forecast
        for column, effect in cover:
            program.cost[column] -= forecast * effect
        program.row([(column, 1.0) for column, _ in cover], high=1.0)
        if watched > 0:
            program.row([(theta, 1.0)] + [(column, watched * effect) for column, effect in cover], low=watched)
        if site["floor_ppm"]:
            program.row(cover, low=site["floor_ppm"] / 1e6)
        if site["mandatory"]:
            program.row([(x, 1.0)], low=1.0)
    spent = [(x, site["seats"]) for x, site in zip(post, sites)]
    program.row(spent + [(z, base["seats"]) for z, base in zip(force, bases)], high=seats)
    return program, constant


def highs(program, seconds):
    import highspy
    import numpy

    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(program.cost), len(program.rows)
    lp.col_cost_ = numpy.array(program.cost)
    lp.col_lower_ = numpy.zeros(len(program.cost))
    lp.col_upper_ = numpy.array(program.upper)
    lp.row_lower_, lp.row_upper_ = numpy.array(program.low), numpy.array(program.high)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = numpy.cumsum([0] + [len(row) for row in program.rows])
    lp.a_matrix_.index_ = numpy.array([column for row in program.rows for column, _ in row])
    lp.a_matrix_.value_ = numpy.array([float(value) for row in program.rows for _, value in row])
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("time_limit", float(seconds))
    solver.passModel(lp)

    def solve():
        solver.run()
        status = solver.getModelStatus()
        optimal = status == highspy.HighsModelStatus.kOptimal
        value = solver.getInfo().objective_function_value if optimal else None
        return value, solver.modelStatusToString(status).lower()

    return f"highspy {solver.version()}", solve


def glop(program, seconds):
    import ortools
    from ortools.linear_solver import pywraplp

    solver = pywraplp.Solver.CreateSolver("GLOP")
    variables = [solver.NumVar(0.0, upper, "") for upper in program.upper]
    for entries, low, high in zip(program.rows, program.low, program.high):
        row = solver.Constraint(low, high)
        for column, value in entries:
            row.SetCoefficient(variables[column], float(value))
    for variable, cost in zip(variables, program.cost):
        solver.Objective().SetCoefficient(variable, cost)
    solver.Objective().SetMinimization()

    def solve():
        solver.SetTimeLimit(int(1000 * seconds))
        optimal = solver.Solve() == pywraplp.Solver.OPTIMAL
        return (solver.Objective().Value(), "optimal") if optimal else (None, "not optimal when it ended")

    return f"ortools {ortools.__version__} GLOP", solve


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("problem")
    parser.add_argument("--instance", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--seats", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    arguments = parser.parse_args()
    with open(arguments.problem, encoding="utf-8") as file:
        program, constant = relaxation(json.load(file), arguments.seats)
    for make in (highs, glop):
        try:
            name, solve = make(program, arguments.seconds)
        except ImportError as missing:
            print(f"left out: {missing}", file=sys.stderr)
            continue
        start, cpu = time.perf_counter(), cpu_seconds()
        optimum, status = solve()
        seconds, cpu = time.perf_counter() - start, cpu_seconds() - cpu
        line = {
            "suite": "protect",
            "instance": f"{arguments.instance}/relaxation",
            "value": None,
            "bound": None if optimum is None else constant + optimum,
            "gap": None,
            "seconds": seconds,
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "seed": arguments.seed,
            "program": name,
            "outcome": status,
            "rows": len(program.rows),
            "columns": len(program.cost),
            "cpu_seconds": cpu,
        }
        print(json.dumps(line), file=LINES, flush=True)


main()
