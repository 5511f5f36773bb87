//! Plans made by hand: a table of who stands where, read with the place of every mistake, and scored by the evaluator
//! that plans are scored by.

use crate::study::without_demands;
use konbit_mission::Mission;
use konbit_protect::{Evaluation, EvaluationError, PROBABILITY_DENOMINATOR, Problem, ProblemData, Schedule, evaluate};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fmt::Write as _;

/// Largest table that is read, bytes.
pub const HAND_BYTES_MAX: usize = 3 << 20;
/// Most rows of a table.
pub const HAND_ROWS_MAX: usize = 60_000;
/// Most schedules in a table.
pub const HAND_SCHEDULES_MAX: usize = 3_000;
/// Mistakes that are named at most.
const FAULTS_MAX: usize = 20;
/// How far probabilities may sum to something else than one.
const SUM_SLACK: f64 = 1e-6;

/// Heads of a column of places.
const PLACES: [&str; 6] = ["place", "site", "base", "site_or_base", "id", "post"];

/// What is wrong with a table, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandFault {
    /// Row, counted from 1 with the head; 0 for the whole table.
    pub row: usize,
    /// Column, as its head says; empty for the whole row.
    pub column: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for HandFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.row, self.column) {
            (0, "") => write!(f, "{}", self.message),
            (row, "") => write!(f, "row {row}: {}", self.message),
            (0, column) => write!(f, "column {column}: {}", self.message),
            (row, column) => write!(f, "row {row}, column {column}: {}", self.message),
        }
    }
}

/// A plan made by hand, in the indices of a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandPlan {
    /// The schedules; probabilities sum to the denominator exactly.
    pub schedules: Vec<Schedule>,
    /// What the table calls each of them.
    pub names: Vec<String>,
}

/// A rule that a plan made by hand breaks. It is scored all the same, so that it can be seen what it would come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Breach {
    /// More people on duty than there are.
    Seats {
        /// The schedule's name.
        schedule: String,
        /// Seats it takes.
        needed: u64,
        /// Seats there are.
        available: u32,
    },
    /// A mandatory post that does not stand in every schedule.
    Missing {
        /// Index of the site.
        site: usize,
        /// Schedules without it.
        schedules: usize,
    },
    /// More forces at a base than it takes.
    Forces {
        /// The schedule's name.
        schedule: String,
        /// Index of the base.
        base: usize,
        /// Forces there.
        count: u32,
        /// Most forces there.
        most: u32,
    },
}

/// A plan made by hand, scored.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// What it gives, with the floors that are not met.
    pub evaluation: Evaluation,
    /// What else stands in its way; empty for a plan that can be used.
    pub breaches: Vec<Breach>,
}

/// Where the columns stand.
struct Columns {
    schedule: Option<usize>,
    probability: Option<usize>,
    kind: Option<usize>,
    count: Option<usize>,
    places: Vec<usize>,
}

/// What a row places.
enum Place {
    Site(u32),
    Base(u32),
}

struct Draft {
    name: String,
    probability: Option<f64>,
    posts: BTreeSet<u32>,
    forces: BTreeMap<u32, u32>,
}

struct Reader<'a> {
    sites: BTreeMap<&'a str, u32>,
    bases: BTreeMap<&'a str, u32>,
    by_name: BTreeMap<String, Vec<(&'a str, bool)>>,
    faults: Vec<HandFault>,
}

/// Reads a table: `schedule,probability,place,kind,count`, or only `site` for one schedule that always stands. A place
/// is the id of a site or base, or its name where only one is called so.
pub fn read_hand(mission: &Mission, problem: &ProblemData, bytes: &[u8]) -> Result<HandPlan, Vec<HandFault>> {
    let whole = |message: String| vec![HandFault { row: 0, column: "", message }];
    if bytes.len() > HAND_BYTES_MAX {
        return Err(whole(format!("the table has more than {HAND_BYTES_MAX} bytes; leave out what is not needed")));
    }
    let text =
        std::str::from_utf8(bytes).map_err(|_| whole("the table is not UTF-8 text; save it as CSV".to_owned()))?;
    let text = text.trim_start_matches('\u{feff}');
    let head = text.lines().next().unwrap_or_default();
    let separator = if head.contains(';') && !head.contains(',') {
        b';'
    } else if head.contains('\t') && !head.contains(',') {
        b'\t'
    } else {
        b','
    };
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut records = rows.records();
    let Some(Ok(head)) = records.next() else {
        return Err(whole("the table is empty; the first row names the columns, or is: site".to_owned()));
    };
    let columns = Columns::read(&head).map_err(whole)?;
    let mut reader = Reader::new(mission, problem);
    let mut drafts: Vec<Draft> = Vec::new();
    let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
    for record in records {
        let record = match record {
            Ok(record) => record,
            Err(error) => return Err(whole(format!("the table cannot be read as CSV: {error}"))),
        };
        let row = record.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or(usize::MAX));
        if row > HAND_ROWS_MAX {
            return Err(whole(format!("the table has more than {HAND_ROWS_MAX} rows; leave out what is not needed")));
        }
        if record.iter().all(str::is_empty) || record.iter().next().is_some_and(|cell| cell.starts_with('#')) {
            continue;
        }
        let cell = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or_default();
        let name = Some(cell(columns.schedule)).filter(|name| !name.is_empty()).unwrap_or("1").to_owned();
        let known = drafts.len();
        let at = *by_name.entry(name.clone()).or_insert(known);
        if at == known {
            if known >= HAND_SCHEDULES_MAX {
                return Err(whole(format!("the table has more than {HAND_SCHEDULES_MAX} schedules; merge some")));
            }
            drafts.push(Draft { name, probability: None, posts: BTreeSet::new(), forces: BTreeMap::new() });
        }
        let place = columns.places.iter().filter_map(|at| record.get(*at)).find(|cell| !cell.is_empty());
        reader.probability(row, cell(columns.probability), &mut drafts[at]);
        reader.place(row, place.unwrap_or_default(), cell(columns.kind), cell(columns.count), &mut drafts[at]);
        if reader.faults.len() >= FAULTS_MAX {
            break;
        }
    }
    reader.finish(drafts)
}

impl Columns {
    fn read(head: &csv::StringRecord) -> Result<Self, String> {
        let names: Vec<String> =
            head.iter().map(|name| name.trim().to_lowercase().replace([' ', '-', '/'], "_")).collect();
        let find = |word: &str| names.iter().position(|name| name == word);
        let places: Vec<usize> = (0..names.len()).filter(|at| PLACES.contains(&names[*at].as_str())).collect();
        if places.is_empty() {
            return Err(format!(
                "the first row names no column of places, but {:?}; name it place, site or base",
                names.join(", ")
            ));
        }
        Ok(Self {
            schedule: find("schedule"),
            probability: find("probability"),
            kind: find("kind"),
            count: find("count"),
            places,
        })
    }
}

fn fold(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

impl<'a> Reader<'a> {
    fn new(mission: &Mission, problem: &'a ProblemData) -> Self {
        let mut by_name: BTreeMap<String, Vec<(&str, bool)>> = BTreeMap::new();
        for site in &problem.sites {
            if let Some(held) = mission.sites.get(&site.id) {
                by_name.entry(fold(&held.value.name)).or_default().push((&site.id, true));
            }
        }
        for base in &problem.bases {
            if let Some(held) = mission.bases.get(&base.id) {
                by_name.entry(fold(&held.value.name)).or_default().push((&base.id, false));
            }
        }
        Self {
            sites: problem.sites.iter().map(|site| site.id.as_str()).zip(0u32..).collect(),
            bases: problem.bases.iter().map(|base| base.id.as_str()).zip(0u32..).collect(),
            by_name,
            faults: Vec::new(),
        }
    }

    fn fault(&mut self, row: usize, column: &'static str, message: String) {
        self.faults.push(HandFault { row, column, message });
    }

    fn probability(&mut self, row: usize, text: &str, draft: &mut Draft) {
        if text.is_empty() {
            return;
        }
        let (digits, divide) = text.strip_suffix('%').map_or((text, 1.0), |digits| (digits.trim_end(), 100.0));
        let read = digits.parse::<f64>().ok().map(|value| value / divide).filter(|value| (0.0..=1.0).contains(value));
        match (read, draft.probability) {
            (None, _) => {
                self.fault(row, "probability", format!("{text:?} is not a probability; give a number from 0 to 1"));
            }
            (Some(value), Some(held)) if (value - held).abs() > 1e-12 => {
                let name = &draft.name;
                let message = format!("schedule {name:?} has {text}, but {held} in a row above; give it one");
                self.fault(row, "probability", message);
            }
            (Some(value), _) => draft.probability = Some(value),
        }
    }

    fn find(&mut self, row: usize, text: &str, kind: &str) -> Option<Place> {
        // Where a site and a base share an id, the kind decides.
        let (site, base) = (self.sites.get(text).copied(), self.bases.get(text).copied());
        match (site, base) {
            (Some(site), Some(base)) => {
                return Some(if kind == "force" { Place::Base(base) } else { Place::Site(site) });
            }
            (Some(site), None) => return Some(Place::Site(site)),
            (None, Some(base)) => return Some(Place::Base(base)),
            (None, None) => {}
        }
        let mut called = self.by_name.get(&fold(text)).cloned().unwrap_or_default();
        if !kind.is_empty() {
            called.retain(|(_, is_site)| *is_site == (kind != "force"));
        }
        match called.as_slice() {
            [(id, true)] => Some(Place::Site(self.sites[id])),
            [(id, false)] => Some(Place::Base(self.bases[id])),
            [] => {
                let message =
                    format!("no site or base of the plan has the id or name {text:?}; look it up in the list of sites");
                self.fault(row, "place", message);
                None
            }
            several => {
                let ids: Vec<&str> = several.iter().take(5).map(|(id, _)| *id).collect();
                let message =
                    format!("{} places are called {text:?}; give an id, such as {}", several.len(), ids.join(", "));
                self.fault(row, "place", message);
                None
            }
        }
    }

    fn place(&mut self, row: usize, text: &str, kind: &str, count: &str, draft: &mut Draft) {
        if text.is_empty() {
            return;
        }
        let kind = kind.to_lowercase();
        if !["", "post", "force"].contains(&kind.as_str()) {
            return self.fault(row, "kind", format!("{kind:?} is neither post nor force; write one of the two"));
        }
        let number =
            if count.is_empty() { Some(1) } else { count.parse::<u32>().ok().filter(|n| (1..=1_000).contains(n)) };
        let Some(number) = number else {
            return self.fault(row, "count", format!("{count:?} is not a number from 1 to 1000"));
        };
        match (self.find(row, text, &kind), kind.as_str()) {
            (Some(Place::Site(_)), "force") => {
                self.fault(row, "kind", format!("{text:?} is a site, and reaction forces wait at bases; write post"));
            }
            (Some(Place::Base(_)), "post") => {
                self.fault(row, "kind", format!("{text:?} is a base, and posts stand at sites; write force"));
            }
            (Some(Place::Site(_)), _) if number != 1 => {
                self.fault(row, "count", "a site has one post or none; leave the count out or write 1".to_owned());
            }
            (Some(Place::Site(site)), _) => {
                if !draft.posts.insert(site) {
                    self.fault(row, "place", format!("{text:?} stands in schedule {:?} twice; keep one", draft.name));
                }
            }
            (Some(Place::Base(base)), _) => *draft.forces.entry(base).or_default() += number,
            (None, _) => {}
        }
    }

    fn finish(mut self, drafts: Vec<Draft>) -> Result<HandPlan, Vec<HandFault>> {
        if drafts.is_empty() && self.faults.is_empty() {
            self.fault(0, "", "the table has no rows below its head; add at least one".to_owned());
        }
        let single = drafts.len() == 1;
        let mut shares = Vec::with_capacity(drafts.len());
        for draft in &drafts {
            match draft.probability {
                Some(share) => shares.push(share),
                None if single => shares.push(1.0),
                None if self.faults.len() < FAULTS_MAX => {
                    self.fault(0, "probability", format!("schedule {:?} has none; give it one", draft.name));
                }
                None => {}
            }
        }
        let sum: f64 = shares.iter().sum();
        if self.faults.is_empty() && (sum - 1.0).abs() > SUM_SLACK {
            let message =
                format!("the probabilities of the {} schedules sum to {sum:.6}; they must sum to 1", shares.len());
            self.fault(0, "probability", message);
        }
        if !self.faults.is_empty() {
            return Err(self.faults);
        }
        let probabilities = whole(&shares);
        let names = drafts.iter().map(|draft| draft.name.clone()).collect();
        let schedules = drafts.into_iter().zip(probabilities).map(|(draft, probability)| Schedule {
            probability,
            posts: draft.posts.into_iter().collect(),
            forces: draft.forces.into_iter().collect(),
        });
        Ok(HandPlan { schedules: schedules.collect(), names })
    }
}

/// Shares that sum to nearly one as whole numbers that sum to the denominator; the likeliest takes what is left over.
fn whole(shares: &[f64]) -> Vec<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1")]
    let mut parts: Vec<u64> =
        shares.iter().map(|share| (share * PROBABILITY_DENOMINATOR as f64).round() as u64).collect();
    let sum: u64 = parts.iter().sum();
    if let Some(most) = parts.iter_mut().max() {
        *most = (*most + PROBABILITY_DENOMINATOR).saturating_sub(sum);
    }
    parts
}

/// Scores a plan made by hand under a problem, whatever rules it breaks.
pub fn score(problem: &Problem, plan: &HandPlan) -> Result<Scored, EvaluationError> {
    let evaluation = evaluate(&without_demands(problem), &plan.schedules)?;
    Ok(Scored { evaluation, breaches: breaches(problem, plan) })
}

fn breaches(problem: &Problem, plan: &HandPlan) -> Vec<Breach> {
    let data = problem.data();
    let mut found = Vec::new();
    for (ix, _) in (0u32..).zip(&data.sites).filter(|(_, site)| site.mandatory) {
        let schedules = plan.schedules.iter().filter(|schedule| schedule.posts.binary_search(&ix).is_err()).count();
        if schedules > 0 {
            found.push(Breach::Missing { site: ix as usize, schedules });
        }
    }
    for (schedule, name) in plan.schedules.iter().zip(&plan.names) {
        let posts: u64 = schedule.posts.iter().map(|&i| u64::from(data.sites[i as usize].seats)).sum();
        let mut needed = posts;
        for &(ix, count) in &schedule.forces {
            let base = &data.bases[ix as usize];
            needed += u64::from(count) * u64::from(base.seats);
            if count > base.forces_max {
                let (schedule, most) = (name.clone(), base.forces_max);
                found.push(Breach::Forces { schedule, base: ix as usize, count, most });
            }
        }
        if needed > u64::from(problem.seats()) {
            found.push(Breach::Seats { schedule: name.clone(), needed, available: problem.seats() });
        }
    }
    found
}

/// A breach in words.
pub fn breach_words(mission: &Mission, problem: &ProblemData, breach: &Breach) -> String {
    let site = |ix: usize| {
        let id = problem.sites[ix].id.as_str();
        mission.sites.get(id).map_or_else(|| id.to_owned(), |site| format!("{} ({id})", site.value.name))
    };
    let base = |ix: usize| {
        let id = problem.bases[ix].id.as_str();
        mission.bases.get(id).map_or_else(|| id.to_owned(), |base| format!("{} ({id})", base.value.name))
    };
    match breach {
        Breach::Seats { schedule, needed, available } => {
            format!("schedule {schedule:?} takes {needed} people on duty; there are {available}")
        }
        Breach::Missing { site: ix, schedules } => {
            format!("no post stands at {}, where one is mandatory, in {schedules} of the schedules", site(*ix))
        }
        Breach::Forces { schedule, base: ix, count, most } => {
            format!("schedule {schedule:?} has {count} reaction forces at {}; it takes {most}", base(*ix))
        }
    }
}

/// Schedules as a table to start from: it is read back by [`read_hand`]. The last column only names the place.
pub fn hand_csv(mission: &Mission, problem: &ProblemData, schedules: &[Schedule]) -> String {
    let mut out = String::from("schedule,probability,place,kind,count,name\n");
    for (number, schedule) in schedules.iter().enumerate() {
        let head = format!("{},{:.9}", number + 1, schedule.probability as f64 / PROBABILITY_DENOMINATOR as f64);
        for &ix in &schedule.posts {
            let id = problem.sites[ix as usize].id.as_str();
            let name = mission.sites.get(id).map_or("", |site| site.value.name.as_str());
            let _ = writeln!(out, "{head},{},post,1,{}", quoted(id), quoted(name));
        }
        for &(ix, count) in &schedule.forces {
            let id = problem.bases[ix as usize].id.as_str();
            let name = mission.bases.get(id).map_or("", |base| base.value.name.as_str());
            let _ = writeln!(out, "{head},{},force,{count},{}", quoted(id), quoted(name));
        }
        if schedule.posts.is_empty() && schedule.forces.is_empty() {
            let _ = writeln!(out, "{head},,,,");
        }
    }
    out
}

/// A cell of CSV; what a spreadsheet would run as a formula gets an apostrophe.
fn quoted(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if guard.is_empty() && !text.contains([',', '"', '\n', '\r']) {
        return text.to_owned();
    }
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}
