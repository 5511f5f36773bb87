//! Placement problems and rosters: value, bound, gap, time.

mod peers;

use crate::report::{Line, peak_mib, timed};
use anyhow::{Context, Result};
use clap::Args;
use konbit_placement::covering::{Covering, covering};
use konbit_placement::fill::{fill, generate_game};
use konbit_placement::median::median;
use konbit_placement::orienteering::orienteering;
use konbit_placement::{
    CoverShape, Layout, Options, Placement, Watch, generate_covering, read_pmed, read_points, read_top,
};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What all suites here share.
#[derive(Debug, Args)]
struct Common {
    /// Seed of everything drawn at random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Most seconds for one instance; the answer so far counts.
    #[arg(long, default_value_t = 60.0)]
    seconds: f64,
}

impl Common {
    fn options(&self) -> Options {
        Options { seed: self.seed, ..Options::default() }
    }

    /// Runs `work` with a watch that stops it when the time is up.
    fn run<T>(&self, work: impl FnOnce(&Watch<'_>) -> T) -> Result<T> {
        let limit = Duration::try_from_secs_f64(self.seconds).context("--seconds is not a time; give 0 or more")?;
        let start = Instant::now();
        Ok(work(&Watch { should_stop: &|| start.elapsed() > limit }))
    }
}

fn line(suite: &'static str, instance: String, found: (f64, f64, f64), seconds: f64, seed: u64, more: &Value) -> Line {
    let more = more.as_object().cloned().unwrap_or_else(Map::new);
    let (value, bound, gap) = (Some(found.0), Some(found.1), Some(found.2));
    Line { suite, instance, value, bound, gap, seconds, peak_mib: peak_mib(), seed, more }
}

fn placement(found: &Placement) -> (f64, f64, f64) {
    (found.value as f64, found.bound as f64, found.gap())
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// `bench pmed FILE...`: p-median instances of the OR-Library. Reading and shortest distances count.
#[derive(Debug, Args)]
pub struct Pmed {
    /// Files of the OR-Library form.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Python with spopt and pbp-pmedian; what is not installed there is left out.
    #[arg(long)]
    peers: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

impl Pmed {
    pub fn run(&self) -> Result<()> {
        for path in &self.files {
            let bytes = read(path)?;
            let start = Instant::now();
            let instance = read_pmed(&bytes).with_context(|| format!("{}", path.display()))?;
            let found = self.common.run(|watch| median(&instance, self.common.options(), watch))?;
            let seconds = start.elapsed().as_secs_f64();
            let more = json!({
                "status": found.status, "nodes": found.nodes, "choose": instance.choose(),
                "vertices": instance.rows().len(), "instance_hash": found.instance_hash,
            });
            line("pmed", name(path), placement(&found), seconds, self.common.seed, &more).print()?;
            if let Some(python) = &self.peers {
                peers::median(python, &name(path), &self.common, &instance)?;
            }
        }
        Ok(())
    }
}

/// `bench mclp FILE --p 50 --radius 600`: maximal covering from a file of points, or with
/// `--points` a generated one.
#[derive(Debug, Args)]
pub struct Mclp {
    /// File of points; without one an instance is generated.
    file: Option<PathBuf>,
    /// How many candidates are chosen; several values with commas.
    #[arg(long, value_delimiter = ',', required = true)]
    p: Vec<usize>,
    /// Radius: metres on the globe, else the file's units; a generated square has side 30.
    #[arg(long)]
    radius: f64,
    /// Demand points of a generated instance.
    #[arg(long, default_value_t = 20_000_000)]
    points: u64,
    /// Candidates of a generated instance.
    #[arg(long, default_value_t = 100)]
    candidates: usize,
    /// Generated points lie anywhere, not on a grid.
    #[arg(long)]
    scattered: bool,
    /// Python with spopt and highspy; what is not installed there is left out.
    #[arg(long)]
    peers: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

impl Mclp {
    pub fn run(&self) -> Result<()> {
        for &choose in &self.p {
            let start = Instant::now();
            let (instance, title) = self.instance(choose)?;
            let made = start.elapsed().as_secs_f64();
            let found = self.common.run(|watch| covering(&instance, self.common.options(), watch))?;
            let seconds = start.elapsed().as_secs_f64();
            let more = json!({
                "status": found.status, "nodes": found.nodes, "points": instance.points(),
                "sets": instance.sets(), "candidates": instance.candidates(), "seconds_to_merge": made,
                "weight_total": instance.weight_total(), "instance_hash": found.instance_hash,
            });
            line("mclp", title.clone(), placement(&found), seconds, self.common.seed, &more).print()?;
            if let Some(python) = &self.peers {
                peers::covering(python, &title, &self.common, choose, &instance)?;
            }
        }
        Ok(())
    }

    fn instance(&self, choose: usize) -> Result<(Covering, String)> {
        let radius = self.radius;
        if let Some(path) = &self.file {
            let points = read_points(&read(path)?).with_context(|| format!("{}", path.display()))?;
            return Ok((points.covering(radius, choose)?, format!("{} p={choose} r={radius}", name(path))));
        }
        let layout = if self.scattered { Layout::Scattered } else { Layout::Grid };
        let shape = CoverShape { points: self.points, candidates: self.candidates, radius, choose, layout };
        let title = format!("generated {} x {} p={choose} r={radius}", self.candidates, self.points);
        Ok((generate_covering(shape, self.common.seed)?, title))
    }
}

/// `bench ssg --targets 1000000 --resources 10000`: static posts, general payoffs, games of
/// Kiekintveld et al. 2009, section 7. Making the game does not count; sorting does.
#[derive(Debug, Args)]
pub struct Ssg {
    /// Targets.
    #[arg(long, default_value_t = 1_000_000)]
    targets: usize,
    /// Resources.
    #[arg(long, default_value_t = 10_000)]
    resources: u32,
    /// Times the game is solved; the median counts.
    #[arg(long, default_value_t = 5)]
    repetitions: usize,
    #[command(flatten)]
    common: Common,
}

impl Ssg {
    pub fn run(&self) -> Result<()> {
        let game = generate_game(self.targets, self.resources, self.common.seed)?;
        let (found, timing) = timed(self.repetitions, |_| fill(&game));
        let gap = (found.bound - found.value) / found.value.abs().max(1.0);
        let more = json!({
            "status": found.status, "attacker_value": found.attacker_value, "attacker_bound": found.attacker_bound,
            "attack_set": found.attack_set, "seconds_min": timing.seconds_min, "seconds_max": timing.seconds_max,
            "instance_hash": found.instance_hash,
        });
        let title = format!("{} targets, {} resources", self.targets, self.resources);
        line("ssg", title, (found.value, found.bound, gap), timing.seconds, self.common.seed, &more).print()
    }
}

/// `bench top FILE...`: team orienteering, Chao's format.
#[derive(Debug, Args)]
pub struct Top {
    /// Files of Chao's form.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    common: Common,
}

impl Top {
    pub fn run(&self) -> Result<()> {
        for path in &self.files {
            let instance = read_top(&read(path)?).with_context(|| format!("{}", path.display()))?;
            let start = Instant::now();
            let found = self.common.run(|watch| orienteering(&instance, self.common.options(), watch))?;
            let seconds = start.elapsed().as_secs_f64();
            let more = json!({
                "status": found.status, "vertices": instance.vertices(), "instance_hash": found.instance_hash,
            });
            let result = (found.value as f64, found.bound as f64, found.gap());
            line("top", name(path), result, seconds, self.common.seed, &more).print()?;
        }
        Ok(())
    }
}
