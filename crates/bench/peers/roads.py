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


# A million pairs take Valhalla minutes even in a small network; it is asked for fewer.
VALHALLA_TARGETS = 100


def peak_mib():
    kib = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return max(kib) / 1024


def cpu_seconds():
    """Time of the processors, over all threads and finished children."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def timed(repetitions, work):
    seconds, cpu = [], cpu_seconds()
    for _ in range(repetitions):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return result, (seconds, (cpu_seconds() - cpu) / repetitions)


def report(arguments, program, measured, timing, value=None, **more):
    seconds, cpu = timing
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
        "cpu_seconds": cpu,
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

    network, timing = timed(min(arguments.repetitions, 3), prepare)
    report(arguments, program, "prepare", timing, note="with weights: a new road state costs this again")

    def total(starts, ends):
        lengths = network.shortest_path_lengths(numpy.repeat(starts, len(ends)), numpy.tile(ends, len(starts)))
        lengths = numpy.asarray(lengths)
        return float(lengths[lengths < 4_294_967].sum())

    value, timing = timed(arguments.repetitions, lambda: total(sources, targets))
    report(arguments, program, f"matrix {len(sources)} x {len(targets)}", timing, value)
    everywhere = read(folder, "everywhere.csv")["node"].to_numpy()
    value, timing = timed(arguments.repetitions, lambda: total(bases, everywhere))
    report(arguments, program, f"{len(bases)} bases x all nodes", timing, value)


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
        archive = pathlib.Path(folder) / "tiles.tar"
        archive.touch()  # the configuration asks for one; it is taken out again below
        config = valhalla.get_config(tile_extract=str(archive), tile_dir=str(tiles))
        config["mjolnir"]["concurrency"] = 2
        config["mjolnir"]["tile_extract"] = ""
        config["mjolnir"]["admin"] = config["mjolnir"]["timezone"] = ""
        config["mjolnir"]["logging"] = config["loki"]["logging"] = {"type": ""}
        config["thor"]["logging"] = {"type": ""}
        limits = config["service_limits"]["auto"]
        limits["max_matrix_location_pairs"] = limits["max_locations"] = 10_000_000
        limits["max_matrix_distance"] = limits["max_distance"] = 5_000_000.0
        path = pathlib.Path(folder) / "valhalla.json"
        path.write_text(json.dumps(config))
        builder = pathlib.Path(valhalla.__file__).parent / "bin" / "valhalla_build_tiles"
        build = [str(builder), "-c", str(path), str(arguments.osm)]

        def prepare():
            subprocess.run(build, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        _, timing = timed(1, prepare)
        report(arguments, program, "prepare", timing, note="tiles from the OpenStreetMap file; includes the import")
        actor = valhalla.Actor(str(path))
        request = {
            "sources": places("sources"),
            "targets": places("targets")[:VALHALLA_TARGETS],
            "costing": "auto",
            "verbose": False,
        }

        def matrix():
            return actor.matrix(json.dumps(request))

        answer, timing = timed(1, matrix)
        durations = [ms for row in json.loads(answer)["sources_to_targets"]["durations"] for ms in row]
        total = float(sum(duration for duration in durations if duration is not None))
        note = "own speeds, with snapping and with the answer as JSON; the sum is not comparable"
        measured = f"matrix {len(request['sources'])} x {len(request['targets'])}"
        report(arguments, program, measured, timing, total, note=note)


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
        if package == "valhalla" and (arguments.osm is None or arguments.osm.suffix != ".pbf"):
            print("valhalla is left out: it makes its graph from an .osm.pbf file only", file=sys.stderr)
            continue
        try:
            __import__(package)
        except ImportError as error:
            print(f"{package} is left out: {error}", file=sys.stderr)
            continue
        measure(arguments)


if __name__ == "__main__":
    main()
