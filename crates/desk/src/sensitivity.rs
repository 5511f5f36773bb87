//! Which judged figures a plan depends on: it is made again with each at the ends of its interval.

use crate::plan::options;
use crate::{Assumptions, Changes, Desk, DeskError, Figure, Figures, Moment, PlanRequest, prepare};
use konbit_mission::Mission;
use konbit_protect::{Outcome, Plan, Posture, Problem, Watch, plan_from};

/// A figure at one end of its interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Which figure; `None` for the plan made again with nothing changed, which shows what moves without cause.
    pub figure: Option<Figure>,
    /// Its value there, in units of the record.
    pub value: u64,
    /// Whether it is the high end.
    pub is_high: bool,
}

/// What the plan becomes at one end.
#[derive(Debug, Clone, PartialEq)]
pub struct EndResult {
    /// Which figure, where.
    pub end: End,
    /// Value and bound of the plan there, persons a week; `None` where there is none.
    pub found: Option<(f64, f64)>,
    /// Sites that gain or lose their post altogether.
    pub postures: usize,
    /// Sites whose rank by protection changes by a tenth of all sites or more.
    pub moved: usize,
    /// The sites whose protection changes most: index, before, after.
    pub widest: Vec<(usize, f64, f64)>,
}

/// Sites named of each end.
const WIDEST_MAX: usize = 3;

/// The ends to compute, those of the whole mission first, then those of the kinds with the most sites. The first one
/// changes nothing.
pub fn ends(mission: &Mission, assumptions: Assumptions, changes: &Changes) -> Vec<End> {
    let Some(figures) = Figures::of(mission) else { return Vec::new() };
    let mut ends = vec![End { figure: None, value: 0, is_high: false }];
    for figure in Figure::of_mission().chain(of_kinds(mission, figures)) {
        let held = match figure {
            Figure::Alpha => assumptions.alpha_ppm.map(u64::from),
            _ => None,
        };
        ends.extend(ends_of(&figure, figures, held.or_else(|| changes.get(&figure))));
    }
    ends
}

/// The judged figures of the kinds of site there are, the kinds with the most sites first.
pub(crate) fn of_kinds<'a>(mission: &'a Mission, figures: Figures<'a>) -> impl Iterator<Item = Figure> + 'a {
    let count = |kind: &str| mission.sites.values().filter(|site| site.kind == kind).count();
    let mut kinds: Vec<(usize, &String)> = figures.planning.kinds.keys().map(|kind| (count(kind), kind)).collect();
    kinds.retain(|(count, _)| *count > 0);
    kinds.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    kinds.into_iter().flat_map(|(_, kind)| [Figure::Value(kind.clone()), Figure::PriorAttempts(kind.clone())])
}

/// The ends of one figure that differ from the value in use.
pub(crate) fn ends_of(figure: &Figure, figures: Figures<'_>, held: Option<u64>) -> Vec<End> {
    let Some(judged) = figure.judged(figures) else { return Vec::new() };
    let held = held.unwrap_or(judged.best);
    let end = |value: u64, is_high: bool| End { figure: Some(figure.clone()), value, is_high };
    let both = [end(judged.low, false), end(judged.high, true)];
    both.into_iter().filter(|end| end.value != held).collect()
}

/// What the sensitivity of a plan is computed from.
#[derive(Debug, Clone, Copy)]
pub struct Base<'a> {
    /// The mission's data as they stand.
    pub mission: &'a Mission,
    /// The plan's own changes of them.
    pub changes: &'a Changes,
    /// The plan's own assumptions.
    pub assumptions: Assumptions,
    /// The moment planned for.
    pub moment: Moment,
    /// Its problem.
    pub problem: &'a Problem,
    /// The plan.
    pub plan: &'a Plan,
}

impl Desk {
    /// Plans with a figure at one end, quickly and from the schedules of the plan.
    pub fn at_end(&self, base: &Base<'_>, end: &End, watch: &Watch<'_>) -> Result<EndResult, DeskError> {
        let mut changes = base.changes.clone();
        let mut assumptions = base.assumptions;
        let mut seed = base.plan.seed;
        match &end.figure {
            Some(Figure::Alpha) => assumptions.alpha_ppm = u32::try_from(end.value).ok(),
            Some(figure) => changes.put(figure.clone(), end.value),
            None => seed = seed.wrapping_add(1),
        }
        let mission = changes.upon(base.mission)?;
        let travel = self.travel(&mission, base.moment)?;
        let problem = prepare(&mission, &travel, assumptions, base.moment)?.problem;
        let options = options(&PlanRequest { assumptions, seed, moment: base.moment }).quick();
        let known = same_places(base.problem, &problem).then_some(base.plan);
        let none = EndResult { end: end.clone(), found: None, postures: 0, moved: 0, widest: Vec::new() };
        let Outcome::Planned(next) = plan_from(&problem, known, &options, watch) else { return Ok(none) };
        if known.is_none() {
            return Ok(EndResult { found: Some((next.value, next.bound)), ..none });
        }
        Ok(EndResult { found: Some((next.value, next.bound)), ..compared(&stands(base.plan), &stands(&next), none) })
    }
}

/// Schedules can be carried over where sites and bases are the same, in the same order.
fn same_places(a: &Problem, b: &Problem) -> bool {
    let (a, b) = (a.data(), b.data());
    a.sites.iter().map(|site| &site.id).eq(b.sites.iter().map(|site| &site.id))
        && a.bases.iter().map(|base| &base.id).eq(b.bases.iter().map(|base| &base.id))
}

/// What a plan gives a site: its protection, and whether a post stands there at any time.
pub(crate) type Stand = (f64, bool);

fn stands(plan: &Plan) -> Vec<Stand> {
    let posted = |posture: Posture| matches!(posture, Posture::Always | Posture::Sometimes);
    plan.sites.iter().map(|site| (site.protection, posted(site.posture))).collect()
}

/// What differs between two plans for the same sites.
pub(crate) fn compared(before: &[Stand], after: &[Stand], none: EndResult) -> EndResult {
    let (then, now) = (ranks(before), ranks(after));
    let far = then.len().div_ceil(10).max(1);
    let pairs = || before.iter().zip(after);
    let mut widest: Vec<(usize, f64, f64)> = pairs().enumerate().map(|(i, (a, b))| (i, a.0, b.0)).collect();
    widest.retain(|(_, a, b)| (a - b).abs() >= 0.01);
    widest.sort_by(|a, b| (b.1 - b.2).abs().total_cmp(&(a.1 - a.2).abs()).then(a.0.cmp(&b.0)));
    widest.truncate(WIDEST_MAX);
    EndResult {
        postures: pairs().filter(|(a, b)| a.1 != b.1).count(),
        moved: then.iter().zip(&now).filter(|(a, b)| a.abs_diff(**b) >= far).count(),
        widest,
        ..none
    }
}

/// Rank of each site by protection to the percentage point, the best protected first; equals share the better rank.
fn ranks(stands: &[Stand]) -> Vec<usize> {
    #[expect(clippy::cast_possible_truncation, reason = "a share in hundredths")]
    let coarse: Vec<i64> = stands.iter().map(|stand| (stand.0 * 1e2).round() as i64).collect();
    let mut sorted = coarse.clone();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    coarse.iter().map(|own| sorted.partition_point(|other| other > own) + 1).collect()
}
