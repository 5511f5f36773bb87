"""Pandana and Valhalla on the network that `bench roads` measured.

Usage: roads.py FOLDER --instance NAME --seed N --repetitions N [--osm FILE]

FOLDER holds, as the program `bench` writes them: nodes.csv (lat, lon), arcs.csv (tail, head, ms),
sources.csv, targets.csv, bases.csv and everywhere.csv (node). Pandana gets exactly this graph, so that its sums
have to agree with Konbit's. Valhalla cannot be given a graph: it makes its own from the
OpenStreetMap file, with its own speeds and turn costs, so that only its times can be compared.
A program that is not installed is left out, with a word on standard error.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

# The lines go to standard output; whatever the programs print themselves goes to standard error.
LINES = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def peak_mib():
    kib = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return max(kib) / 1024


def timed(repetitions, work):
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return result, seconds


def report(arguments, program, measured, seconds, value=None, **more):
    line = {
        "suite": "roads",
        "instance": f"{arguments.instance}/{measured}",
        "value": value,
        "bound": None,
        "gap": None,
        "seconds": statistics.median(seconds),
        "peak_mib": peak_mib(),
        "seed": arguments.seed,
        "program": program,
        "measured": measured,
        "repetitions": len(seconds),
        "seconds_min": min(seconds),
        "seconds_max": max(seconds),
        **more,
    }
    print(json.dumps(line), file=LINES, flush=True)


def read(folder, name):
    import pandas

    return pandas.read_csv(folder / name)


def with_pandana(arguments):
    import numpy
    import pandana

    program = f"pandana {pandana.__version__}"
    folder = arguments.folder
    nodes, arcs = read(folder, "nodes.csv"), read(folder, "arcs.csv")
    sources, targets, bases = (read(folder, f"{name}.csv")["node"].to_numpy() for name in ("sources", "targets", "bases"))
    # Pandana keeps thousandths: seconds here are whole milliseconds there.
    weights = (arcs[["ms"]] / 1000.0).rename(columns={"ms": "seconds"})

    def prepare():
        return pandana.Network(nodes["lon"], nodes["lat"], arcs["tail"], arcs["head"], weights, twoway=False)

    network, seconds = timed(min(arguments.repetitions, 3), prepare)
    report(arguments, program, "prepare", seconds, note="with weights: a new road state costs this again")

    def total(starts, ends):
        lengths = network.shortest_path_lengths(numpy.repeat(starts, len(ends)), numpy.tile(ends, len(starts)))
        lengths = numpy.asarray(lengths)
        return float(lengths[lengths < 4_294_967].sum())

    value, seconds = timed(arguments.repetitions, lambda: total(sources, targets))
    report(arguments, program, f"matrix {len(sources)} x {len(targets)}", seconds, value)
    everywhere = read(folder, "everywhere.csv")["node"].to_numpy()
    value, seconds = timed(arguments.repetitions, lambda: total(bases, everywhere))
    report(arguments, program, f"{len(bases)} bases x all nodes", seconds, value)


def with_valhalla(arguments):
    import valhalla

    program = f"valhalla {valhalla.__version__}"
    nodes = read(arguments.folder, "nodes.csv")

    def places(name):
        rows = nodes.iloc[read(arguments.folder, f"{name}.csv")["node"]]
        return [{"lat": lat, "lon": lon} for lat, lon in zip(rows["lat"], rows["lon"])]

    with tempfile.TemporaryDirectory() as folder:
        tiles = pathlib.Path(folder) / "tiles"
        tiles.mkdir()
        config = valhalla.get_config(tile_dir=str(tiles))
        config["mjolnir"]["concurrency"] = 2
        config["mjolnir"]["tile_extract"] = ""
        config["mjolnir"]["admin"] = config["mjolnir"]["timezone"] = ""
        config["mjolnir"]["logging"] = config["loki"]["logging"] = {"type": ""}
        config["thor"]["logging"] = {"type": ""}
        for limits in config["service_limits"].values():
            if isinstance(limits, dict):
                for limit in limits.keys() & {"max_matrix_location_pairs", "max_matrix_locations", "max_locations"}:
                    limits[limit] = 10_000_000
                for limit in limits.keys() & {"max_distance", "max_matrix_distance"}:
                    limits[limit] = 5_000_000.0
        path = pathlib.Path(folder) / "valhalla.json"
        path.write_text(json.dumps(config))
        build = [sys.executable, "-m", "valhalla", "valhalla_build_tiles", "-c", str(path), str(arguments.osm)]

        def prepare():
            subprocess.run(build, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        _, seconds = timed(1, prepare)
        report(arguments, program, "prepare", seconds, note="tiles from the OpenStreetMap file; includes the import")
        actor = valhalla.Actor(str(path))
        request = {
            "sources": places("sources"),
            "targets": places("targets"),
            "costing": "auto",
            "verbose": False,
        }

        def matrix():
            return actor.matrix(json.dumps(request))

        answer, seconds = timed(1, matrix)
        durations = [ms for row in json.loads(answer)["sources_to_targets"]["durations"] for ms in row]
        total = float(sum(duration for duration in durations if duration is not None))
        note = "own speeds, with snapping and with the answer as JSON; the sum is not comparable"
        measured = f"matrix {len(request['sources'])} x {len(request['targets'])}"
        report(arguments, program, measured, seconds, total, note=note)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--instance", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--repetitions", type=int, required=True)
    parser.add_argument("--osm", type=pathlib.Path)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    for package, measure in (("pandana", with_pandana), ("valhalla", with_valhalla)):
        if package == "valhalla" and arguments.osm is None:
            print("valhalla is left out: it needs --osm", file=sys.stderr)
            continue
        try:
            __import__(package)
        except ImportError as error:
            print(f"{package} is left out: {error}", file=sys.stderr)
            continue
        measure(arguments)


if __name__ == "__main__":
    main()
