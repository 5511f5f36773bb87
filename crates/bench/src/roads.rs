//! Travel times on a network: what is prepared once, what a new road state costs, and many trips.
//!
//! `value` is the sum of the travel times in seconds over all pairs with a way, so that two
//! programs that agree show the same figure.

mod peers;
mod synthetic;

use crate::report::{Line, Timing, peak_mib, timed, timed_once};
use anyhow::{Context, ensure};
use konbit_base::rng::{Seeded, seeded};
use konbit_roads::network::Network;
use konbit_roads::plain::NamedFile;
use konbit_roads::profile::{Profile, Weather};
use konbit_roads::route::dijkstra::Tree;
use konbit_roads::route::{Metric, Router, Spot, TimeTable};
use konbit_roads::state::{Condition, RoadState, RoadStates};
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MATRIX: [usize; 2] = [100, 10_000];
const BASES: usize = 24;
const CLOSURES: usize = 100;
const PAIRS: usize = 1_000;

/// Arguments of the suite.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// An OpenStreetMap extract (`.osm.pbf`, `.osm`, `.osm.gz`).
    #[arg(long, value_name = "FILE", group = "network")]
    osm: Option<PathBuf>,
    /// Node and arc files with travel times, in the layout of JEMSS; mode 1 is taken.
    #[arg(long, num_args = 2, value_names = ["NODES", "ARCS"], group = "network")]
    jemss: Option<Vec<PathBuf>>,
    /// An invented town of about this many nodes; what is measured if no file is named.
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(100..=5_000_000), group = "network")]
    grid: u32,
    /// So many copies of the network side by side, joined by a few roads.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    copies: u32,
    /// Speed profile.
    #[arg(long, default_value = "patrol-vehicle")]
    profile: String,
    /// Seed of sources, targets and closures.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Repetitions of each measurement; the median is reported.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=1000))]
    repetitions: u16,
    /// Measure pandana and Valhalla as well, with the Python that has them (`docs/benchmarks.md`).
    #[arg(long, value_name = "PYTHON")]
    peers: Option<PathBuf>,
}

/// What is measured on.
struct Setting {
    instance: String,
    seed: u64,
    repetitions: usize,
    router: Router,
    profile: Profile,
    sources: Vec<Spot>,
    bases: Vec<Spot>,
    targets: Vec<Spot>,
    /// The nodes from which all of these are drawn, and over which sums are taken.
    everywhere: Vec<Spot>,
}

/// Measures everything on one network.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (mut instance, mut network) = load(arguments)?;
    if arguments.copies > 1 {
        instance = format!("{} x {instance}", arguments.copies);
        network = synthetic::copies(&network, arguments.copies)?;
    }
    let profiles = konbit_roads::profile::defaults();
    let known = profiles.iter().find(|it| it.id == arguments.profile);
    let profile = known.with_context(|| format!("there is no speed profile {:?}", arguments.profile))?.clone();
    let network = Arc::new(network);
    let repetitions = usize::from(arguments.repetitions);
    let (router, prepare) = timed(repetitions.min(3), |_| Router::prepare(Arc::clone(&network)));
    let setting = Setting::new(instance, arguments.seed, repetitions, router, profile)?;
    setting.print("prepare", prepare, None, Map::new())?;
    setting.measure_order(&network)?;
    let metric = setting.measure_metric()?;
    setting.measure_updates(&metric)?;
    setting.measure_trips(&metric)?;
    setting.measure_dijkstra(&metric)?;
    match &arguments.peers {
        // Valhalla reads the file itself, of which the copies are not.
        Some(python) => {
            peers::run(python, arguments.osm.as_deref().filter(|_| arguments.copies == 1), &setting, &metric)
        }
        None => Ok(()),
    }
}

fn load(arguments: &Arguments) -> anyhow::Result<(String, Network)> {
    if let Some(path) = &arguments.osm {
        let imported = konbit_roads::osm::import(open(path)?, &name(path), &mut |_| ControlFlow::Continue(()))?;
        return Ok((name(path), imported.network));
    }
    if let Some([nodes, arcs]) = arguments.jemss.as_deref() {
        let (node_name, arc_name) = (name(nodes), name(arcs));
        let (nodes, arcs) =
            (NamedFile { name: &node_name, reader: open(nodes)? }, NamedFile { name: &arc_name, reader: open(arcs)? });
        return Ok((arc_name.clone(), konbit_roads::plain::import(nodes, arcs, 1)?.0));
    }
    Ok((format!("grid-{}", arguments.grid), synthetic::town(arguments.grid, arguments.seed)))
}

fn open(path: &Path) -> anyhow::Result<BufReader<File>> {
    Ok(BufReader::new(File::open(path).with_context(|| format!("cannot open {}", path.display()))?))
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

impl Setting {
    fn new(instance: String, seed: u64, repetitions: usize, router: Router, profile: Profile) -> anyhow::Result<Self> {
        let metric = router.metric(&profile, Weather::default(), &RoadStates::default());
        let marks = router.snap_marks(&metric);
        let mut nodes: Vec<u32> = Vec::new();
        for (link, it) in (0u32..).zip(&router.network().links) {
            if marks.is_connected(link) {
                nodes.extend([it.from, it.to]);
            }
        }
        // Nodes with a forbidden turn or a barrier are several nodes of the graph; other programs
        // know only one of them.
        let mut graph_nodes = vec![0u32; router.network().nodes.len()];
        for &node in router.graph_places() {
            graph_nodes[node as usize] += 1;
        }
        nodes.retain(|&node| graph_nodes[node as usize] == 1);
        nodes.sort_unstable();
        nodes.dedup();
        ensure!(!nodes.is_empty(), "the network {instance} has no road for this profile");
        let draw = |stream: u64, count: usize| -> Vec<Spot> {
            let mut rng = seeded(seed, stream);
            (0..count).map(|_| Spot::Node(nodes[below(&mut rng, nodes.len())])).collect()
        };
        Ok(Self {
            sources: draw(1, MATRIX[0]),
            targets: draw(2, MATRIX[1]),
            bases: draw(3, BASES),
            everywhere: nodes.iter().map(|&node| Spot::Node(node)).collect(),
            instance,
            seed,
            repetitions,
            router,
            profile,
        })
    }

    fn print(&self, what: &str, timing: Timing, value: Option<f64>, more: Map<String, Value>) -> anyhow::Result<()> {
        let network = self.router.network();
        let [graph_nodes, arcs, hierarchy_arcs] = self.router.sizes();
        let mut fields = Map::new();
        for (key, value) in [
            ("program", json!("konbit")),
            ("measured", json!(what)),
            ("repetitions", json!(self.repetitions)),
            ("seconds_min", json!(timing.seconds_min)),
            ("seconds_max", json!(timing.seconds_max)),
            ("cpu_seconds", json!(timing.cpu_seconds)),
            ("nodes", json!(network.nodes.len())),
            ("links", json!(network.links.len())),
            ("graph_nodes", json!(graph_nodes)),
            ("arcs", json!(arcs)),
            ("hierarchy_arcs", json!(hierarchy_arcs)),
        ] {
            fields.insert(key.to_owned(), value);
        }
        fields.extend(more);
        Line {
            suite: "roads",
            instance: format!("{}/{what}", self.instance),
            value,
            bound: None,
            gap: None,
            seconds: timing.seconds,
            peak_mib: peak_mib(),
            seed: self.seed,
            more: fields,
        }
        .print()
    }

    fn measure_order(&self, network: &Arc<Network>) -> anyhow::Result<()> {
        let bytes = self.router.order_bytes();
        let (again, timing) = timed(self.repetitions.min(3), |_| Router::with_order(Arc::clone(network), &bytes));
        ensure!(again.is_ok(), "the order that was written is not read back");
        self.print("prepare with a kept order", timing, None, Map::new())
    }

    fn measure_metric(&self) -> anyhow::Result<Metric> {
        let free = RoadStates::default();
        let (mut metric, timing) =
            timed(self.repetitions, |_| self.router.metric(&self.profile, Weather::default(), &free));
        self.print("metric", timing, None, Map::new())?;
        let ((), timing) = timed(self.repetitions, |_| self.router.customise(&mut metric));
        self.print("customise", timing, None, Map::new())?;
        Ok(metric)
    }

    /// A hundred closed links, another hundred each time, and none again.
    fn measure_updates(&self, metric: &Metric) -> anyhow::Result<()> {
        let mut metric = metric.clone();
        let mut rng = seeded(self.seed, 4);
        let links = self.router.network().links.len();
        let mut close = || {
            let links = (0..CLOSURES).map(|_| (index(below(&mut rng, links)), None)).collect();
            RoadStates::new(&[Condition { links, state: RoadState::Closed }])
        };
        let sets: Vec<RoadStates> = (0..self.repetitions).map(|_| close()).collect();
        let free = RoadStates::default();
        // One after the other, so that each closing starts from a free network.
        let (mut seconds, mut cpu) = ([Vec::new(), Vec::new()], [0.0, 0.0]);
        for states in &sets {
            for (way, states) in [states, &free].into_iter().enumerate() {
                let ((), once, once_cpu) = timed_once(|| self.router.update(&mut metric, states));
                seconds[way].push(once);
                cpu[way] += once_cpu;
            }
        }
        let [closing, opening] = seconds;
        self.print("update: close 100 links", Timing::of(closing, cpu[0]), None, Map::new())?;
        self.print("update: open them again", Timing::of(opening, cpu[1]), None, Map::new())
    }

    fn measure_trips(&self, metric: &Metric) -> anyhow::Result<()> {
        let (table, timing) = timed(self.repetitions, |_| self.router.matrix(metric, &self.sources, &self.targets));
        self.print("matrix 100 x 10000", timing, Some(total(&table, self.sources.len())), Map::new())?;
        let (table, timing) = timed(self.repetitions, |_| self.router.matrix_to_all(metric, &self.bases));
        let sum_of_row = |row: usize| -> f64 {
            let nodes = self.everywhere.iter().filter_map(|spot| match spot {
                Spot::Node(node) => table.get(row, *node as usize),
                Spot::OnLink { .. } => None,
            });
            nodes.map(|ms| f64::from(ms) / 1000.0).sum()
        };
        self.print("24 bases x all nodes", timing, Some((0..BASES).map(sum_of_row).sum()), Map::new())?;
        let pairs = || self.sources.iter().cycle().zip(&self.targets).take(PAIRS);
        let mut search = self.router.search();
        let sum = |ms: u32| f64::from(ms) / 1000.0;
        let (value, timing) = timed(self.repetitions, |_| {
            pairs().filter_map(|(&source, &target)| search.time_ms(metric, source, target)).map(sum).sum()
        });
        self.print("1000 pairs, times", timing, Some(value), Map::new())?;
        let (value, timing) = timed(self.repetitions, |_| {
            pairs().filter_map(|(&source, &target)| search.route(metric, source, target)).map(|it| sum(it.ms)).sum()
        });
        self.print("1000 pairs, routes", timing, Some(value), Map::new())
    }

    fn measure_dijkstra(&self, metric: &Metric) -> anyhow::Result<()> {
        let own = Map::from_iter([("program".to_owned(), json!("own Dijkstra"))]);
        let repetitions = self.repetitions.min(3);
        let (value, timing) = timed(repetitions, |_| {
            let trees = self.sources.iter().map(|&source| Tree::new(&self.router, metric, source));
            let sums = trees.map(|tree| -> f64 {
                self.targets.iter().filter_map(|&target| tree.to(target)).map(|ms| f64::from(ms) / 1000.0).sum()
            });
            sums.sum()
        });
        self.print("matrix 100 x 10000", timing, Some(value), own.clone())?;
        let (value, timing) = timed(repetitions, |_| {
            let trees = self.bases.iter().map(|&base| Tree::new(&self.router, metric, base));
            let sums = trees.map(|tree| -> f64 {
                self.everywhere.iter().filter_map(|&node| tree.to(node)).map(|ms| f64::from(ms) / 1000.0).sum()
            });
            sums.sum()
        });
        self.print("24 bases x all nodes", timing, Some(value), own)
    }
}

/// Seconds over all pairs with a way.
fn total(table: &TimeTable, rows: usize) -> f64 {
    let cells = (0..rows).flat_map(|row| table.row(row)).filter(|&&ms| ms < TimeTable::UNREACHED);
    cells.map(|&ms| f64::from(ms) / 1000.0).sum()
}

fn below(rng: &mut Seeded, bound: usize) -> usize {
    usize::try_from(rng.below(bound as u64)).expect("below a usize")
}

fn index(n: usize) -> u32 {
    u32::try_from(n).expect("a network has fewer than 2^31 links")
}
