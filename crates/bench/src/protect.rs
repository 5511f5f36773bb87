//! Protection plans: value, bound, gap and time, on invented missions and on plan files.

mod peers;

use crate::report::{Line, peak_mib, timed_once};
use anyhow::{Context, Result, bail};
use clap::Args;
use konbit_base::Digest;
use konbit_protect::generate::{Shape, generate, generate_week};
use konbit_protect::{
    Lost, Options, Outcome, Plan, PlanDocument, Problem, RELIEF_FACTOR_MILLI_DEFAULT, Watch, Week, WeekData,
    WeekDocument, WeekOutcome, WeekSchedule, curve, plan, plan_week,
};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// `bench protect --sites 1000 --bases 50 --seats 555 [--slots 56]`, or `bench protect FILE...` for the
/// problems of plan files, of a slot or of a week. The problem is made before the clock starts.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Plan files, whose problems are planned again; without one a problem is drawn.
    files: Vec<PathBuf>,
    /// Sites.
    #[arg(long, default_value_t = 469)]
    sites: usize,
    /// Bases.
    #[arg(long, default_value_t = 24)]
    bases: usize,
    /// Seats (persons on duty).
    #[arg(long, default_value_t = 212)]
    seats: u32,
    /// Kinds of slot: one, or those of a week, with two contingents and nights.
    #[arg(long, default_value_t = 1)]
    slots: u32,
    /// Share of the attempts made by adversaries who watch; several values with commas.
    #[arg(long, value_delimiter = ',', default_value = "0.5")]
    alpha: Vec<f64>,
    /// Every how many sites there is a floor of 0.1; 0 for none.
    #[arg(long, default_value_t = 0)]
    floor_every: usize,
    /// Seeds of everything drawn at random; several values with commas.
    #[arg(long, value_delimiter = ',', default_value = "1")]
    seed: Vec<u64>,
    /// Planning ends when the gap is below this share; without it the planner's own target.
    #[arg(long)]
    gap: Option<f64>,
    /// Most seconds for one problem; the plan so far counts.
    #[arg(long, default_value_t = 300.0)]
    seconds: f64,
    /// Threads.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Also plan again after the base whose force waits most often is lost, from the plan at hand.
    #[arg(long)]
    replan: bool,
    /// Also plan for so many steps of 50 people more, each from the plan before.
    #[arg(long, default_value_t = 0)]
    curve: u32,
    /// Python with highspy and ortools; what is not installed there is left out.
    #[arg(long)]
    peers: Option<PathBuf>,
}

/// A problem, its name and the seed it is planned with.
struct Case {
    title: String,
    seed: u64,
    problem: Problem,
}

/// What one run of the planner gave.
struct Found {
    outcome: &'static str,
    value: Option<f64>,
    bound: Option<f64>,
    gap: Option<f64>,
    schedules: usize,
    hash: Digest,
}

pub fn run(arguments: &Arguments) -> Result<()> {
    if arguments.files.is_empty() && arguments.slots > 1 {
        return arguments.weeks();
    }
    for &seed in &arguments.seed {
        for path in &arguments.files {
            if let File::Week(week) = read(path)? {
                arguments.week(&name(path), seed, &week)?;
            }
        }
    }
    for case in arguments.cases()? {
        arguments.single(&case)?;
    }
    Ok(())
}

impl Arguments {
    fn shape(&self, alpha: f64) -> Result<Shape> {
        if !(0.0..=1.0).contains(&alpha) {
            bail!("alpha is {alpha}; give a share from 0 to 1");
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a million")]
        let alpha_ppm = (alpha * 1e6).round() as u32;
        // The least strength that gives so many seats.
        let people = (u64::from(self.seats) * u64::from(RELIEF_FACTOR_MILLI_DEFAULT)).div_ceil(1_000);
        let personnel = u32::try_from(people).context("--seats is too large")?;
        let (sites, bases, floor_every) = (self.sites, self.bases, self.floor_every);
        Ok(Shape { sites, bases, personnel, alpha_ppm, floor_every, mandatory_every: 0 })
    }

    fn title(&self, alpha: f64) -> String {
        let slots = if self.slots > 1 { format!(" x {} slots", self.slots) } else { String::new() };
        let floors = if self.floor_every > 0 { format!(", floors 1/{}", self.floor_every) } else { String::new() };
        format!("{} sites, {} bases, {} seats{slots}, alpha {alpha}{floors}", self.sites, self.bases, self.seats)
    }

    fn cases(&self) -> Result<Vec<Case>> {
        let mut cases = Vec::new();
        for &seed in &self.seed {
            for path in &self.files {
                if let File::Single(problem) = read(path)? {
                    cases.push(Case { title: name(path), seed, problem });
                }
            }
            if self.files.is_empty() {
                for &alpha in &self.alpha {
                    cases.push(Case { title: self.title(alpha), seed, problem: generate(self.shape(alpha)?, seed) });
                }
            }
        }
        Ok(cases)
    }

    fn options(&self, seed: u64) -> Options {
        let default = Options::default();
        Options { seed, threads: self.threads, gap_target: self.gap.unwrap_or(default.gap_target), ..default }
    }

    /// Runs `work` with a watch that stops it when the time is up, and reports what it gives.
    fn measure<T>(
        &self,
        title: &str,
        seed: u64,
        work: impl FnOnce(&Watch<'_>) -> T,
        read: impl FnOnce(&T) -> Found,
    ) -> Result<T> {
        let limit = Duration::try_from_secs_f64(self.seconds).context("--seconds is not a time; give 0 or more")?;
        let start = Instant::now();
        let watch = Watch { should_stop: &|| start.elapsed() > limit, progress: &|_| {} };
        let (result, seconds, cpu_seconds) = timed_once(|| work(&watch));
        let found = read(&result);
        let more = json!({
            "outcome": found.outcome, "schedules": found.schedules, "cpu_seconds": cpu_seconds,
            "threads": self.threads, "problem_hash": found.hash,
        });
        let (value, bound, gap) = (found.value, found.bound, found.gap);
        let more = more.as_object().cloned().unwrap_or_else(Map::new);
        let instance = title.to_owned();
        Line { suite: "protect", instance, value, bound, gap, seconds, peak_mib: peak_mib(), seed, more }.print()?;
        Ok(result)
    }

    fn single(&self, case: &Case) -> Result<()> {
        let options = self.options(case.seed);
        let outcome =
            self.measure(&case.title, case.seed, |watch| plan(&case.problem, &options, watch), read_single)?;
        let Outcome::Planned(found) = outcome else { return Ok(()) };
        if self.replan {
            self.again(case, &found)?;
        }
        if self.curve > 0 {
            self.steps(case, &found)?;
        }
        match &self.peers {
            Some(python) => peers::run(python, &case.title, (case.seed, self.seconds), &case.problem),
            None => Ok(()),
        }
    }

    /// The base whose force waits most often is lost: from the plan at hand to a plan without it.
    fn again(&self, case: &Case, found: &Plan) -> Result<()> {
        let week = Week::new(WeekData::from_single(case.problem.data()))?;
        let known: Vec<WeekSchedule> = found.schedules.iter().map(WeekSchedule::from_single).collect();
        let often = |base: u32| {
            let there = known.iter().filter(|schedule| schedule.forces.iter().any(|force| force.0 == base));
            there.map(|schedule| schedule.probability).sum::<u64>()
        };
        let bases = u32::try_from(case.problem.data().bases.len()).context("too many bases")?;
        let Some(base) = (0..bases).max_by_key(|&base| (often(base), std::cmp::Reverse(base))) else {
            return Ok(());
        };
        let without = week.without(&Lost { bases: vec![base], ..Lost::default() })?;
        let (known, options) = ([known], self.options(case.seed));
        let title = format!("{}, without its busiest base", case.title);
        self.measure(
            &title,
            case.seed,
            |watch| plan_week(&without, Some(&known), &options, watch),
            |outcome| read_week(outcome, without.hash()),
        )?;
        Ok(())
    }

    /// The curve of 50 people more at each step; the value and bound of the line are those of its end.
    fn steps(&self, case: &Case, found: &Plan) -> Result<()> {
        let options = self.options(case.seed);
        let people: Vec<u32> = (1..=self.curve).map(|step| case.problem.data().personnel + 50 * step).collect();
        let title = format!("{}, curve of {} steps of 50 people", case.title, self.curve);
        let work = |watch: &Watch<'_>| curve(&case.problem, Some(found), &people, &options, watch);
        let points = self.measure(&title, case.seed, work, |points| {
            let last = points.last();
            let (value, bound) = (last.and_then(|point| point.value), last.and_then(|point| point.bound));
            Found {
                outcome: "curve",
                value,
                bound,
                gap: points.iter().filter_map(|point| share(point.value?, point.bound?)).reduce(f64::max),
                schedules: 0,
                hash: case.problem.hash(),
            }
        })?;
        let text: Vec<Value> = points.iter().map(|p| json!([p.personnel, p.value, p.bound])).collect();
        eprintln!("people, value, bound: {}", Value::from(text));
        Ok(())
    }

    fn weeks(&self) -> Result<()> {
        for &seed in &self.seed {
            for &alpha in &self.alpha {
                self.week(&self.title(alpha), seed, &generate_week(self.shape(alpha)?, self.slots, seed))?;
            }
        }
        Ok(())
    }

    fn week(&self, title: &str, seed: u64, week: &Week) -> Result<()> {
        let options = self.options(seed);
        let work = |watch: &Watch<'_>| plan_week(week, None, &options, watch);
        self.measure(title, seed, work, |outcome| read_week(outcome, week.hash()))?;
        Ok(())
    }
}

fn share(value: f64, bound: f64) -> Option<f64> {
    (value > 0.0).then(|| (value - bound) / value)
}

fn read_single(outcome: &Outcome) -> Found {
    match outcome {
        Outcome::Planned(plan) => Found {
            outcome: "planned",
            value: Some(plan.value),
            bound: Some(plan.bound),
            gap: Some(plan.gap),
            schedules: plan.schedules.len(),
            hash: plan.problem_hash,
        },
        Outcome::Infeasible(found) => none("infeasible", found.problem_hash),
        Outcome::Unsettled { problem_hash, .. } => none("unsettled", *problem_hash),
    }
}

fn read_week(outcome: &WeekOutcome, hash: Digest) -> Found {
    match outcome {
        WeekOutcome::Planned(plan) => Found {
            outcome: "planned",
            value: Some(plan.value),
            bound: Some(plan.bound),
            gap: Some(plan.gap),
            schedules: plan.schedules.iter().map(Vec::len).sum(),
            hash,
        },
        WeekOutcome::Infeasible(_) => none("infeasible", hash),
        WeekOutcome::Unsettled { .. } => none("unsettled", hash),
    }
}

fn none(outcome: &'static str, hash: Digest) -> Found {
    Found { outcome, value: None, bound: None, gap: None, schedules: 0, hash }
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The problem of a plan file.
enum File {
    Single(Problem),
    Week(Week),
}

fn read(path: &Path) -> Result<File> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    if let Ok(document) = serde_json::from_slice::<WeekDocument>(&bytes) {
        return Ok(File::Week(Week::new(document.problem).with_context(|| format!("{}", path.display()))?));
    }
    let document: PlanDocument = serde_json::from_slice(&bytes).with_context(|| {
        format!(
            "{} is not a plan file; make one with konbit plan --format json, or konbit week plan -o",
            path.display()
        )
    })?;
    Ok(File::Single(Problem::new(document.problem).with_context(|| format!("{}", path.display()))?))
}
