//! Reading a plan of the week: what more people of a contingent buy, what one more unit is worth, and which judged
//! figures the plan depends on. Each strength has a roster of its own.

use crate::plan::strengths;
use crate::sensitivity::{Stand, compared, ends_of, of_kinds};
use crate::study::{AtStrength, POSTS_SCORED, Strengths, best_first, gains, people_on_roll, read_force, units_of};
use crate::week_summary::mean_over_week;
use crate::{
    Changes, Desk, DeskError, End, EndResult, Equal, Figure, Figures, Force, Moment, PlacePrice, PrepareError, Unit,
    known_schedules, studied_contingent,
};
use konbit_mission::Mission;
use konbit_mission::week::{ContingentFigures, WeekAssumptions, WeekFigures};
use konbit_protect::{
    Options, PROBABILITY_DENOMINATOR, Status, Watch, Week, WeekCertificate, WeekData, WeekDocument, WeekEvaluation,
    WeekOutcome, WeekSchedule, evaluate_week, plan_week, post_worth, score_week, week_seats_equal,
};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// Gap at which a plan for another strength is good enough to be compared.
const STRENGTH_GAP: f64 = 0.005;

/// What is kept of a plan at a strength, in memory and in files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeekAt {
    /// Persons harmed a week.
    value: f64,
    /// Proven bound.
    bound: f64,
    /// The schedules, to start the next plan from.
    schedules: Vec<Vec<WeekSchedule>>,
    /// What each site has, over the week.
    stands: Vec<Stand>,
    /// Value of each site, mean over the week.
    values: Vec<f64>,
    /// People on duty, kind of slot by kind of slot and contingent by contingent.
    seats: Vec<u32>,
}

/// What more people of a contingent buy over the week.
pub type WeekForce = Force<WeekAt>;

/// What a plan of the week is read from.
#[derive(Debug, Clone)]
pub struct WeekBase<'a> {
    /// The mission's data as they stand.
    pub mission: &'a Mission,
    /// The plan's own changes of them.
    pub changes: &'a Changes,
    /// The plan's own assumptions.
    pub assumptions: &'a WeekAssumptions,
    /// The moment planned for.
    pub moment: Moment,
    /// The plan.
    pub document: &'a WeekDocument,
}

impl AtStrength for WeekAt {
    fn found(&self) -> (f64, f64) {
        (self.value, self.bound)
    }

    fn gains(&self, before: &Self) -> (Vec<(usize, f64, f64)>, usize) {
        let pairs = || before.stands.iter().zip(&self.stands);
        let gains = gains(pairs().map(|(then, now)| (then.0, now.0)), self.values.iter().copied());
        (gains, pairs().filter(|(then, now)| then.1 != now.1).count())
    }

    // A roster for more people is another roster: it may have fewer of them on duty in some kind of slot.
    fn has_all_of(&self, fewer: &Self) -> bool {
        self.seats.iter().zip(&fewer.seats).all(|(more, fewer)| more >= fewer)
    }
}

fn stands(data: &WeekData, evaluation: &WeekEvaluation) -> Vec<Stand> {
    let posts = mean_over_week(data, &evaluation.post_share);
    mean_over_week(data, &evaluation.protection)
        .into_iter()
        .zip(posts)
        .map(|(given, post)| (given, post > 0.0))
        .collect()
}

impl WeekAt {
    fn new(week: &Week, found: (f64, f64), schedules: Vec<Vec<WeekSchedule>>) -> Option<Self> {
        let data = week.data();
        let evaluation = evaluate_week(week, &schedules).ok()?;
        let values = |slot: &konbit_protect::SlotKind| data.values_milli[slot.values as usize].iter();
        let values: Vec<Vec<f64>> =
            data.slots.iter().map(|slot| values(slot).map(|milli| *milli as f64 / 1e3).collect()).collect();
        Some(Self {
            value: found.0,
            bound: found.1,
            schedules,
            stands: stands(data, &evaluation),
            values: mean_over_week(data, &values),
            seats: data.slots.iter().flat_map(|slot| slot.seats.iter().map(|part| part.seats)).collect(),
        })
    }
}

impl WeekAt {
    /// Whether it can be one of a study of a plan for this problem.
    pub(crate) fn fits(&self, problem: &WeekData) -> bool {
        let sites = problem.sites.len();
        (0.0..=self.value * (1.0 + 1e-9)).contains(&self.bound)
            && self.stands.len() == sites
            && self.values.len() == sites
            && self.seats.len() == problem.slots.iter().map(|slot| slot.seats.len()).sum::<usize>()
    }
}

/// The figures of the week, and the contingent of this id.
fn contingent<'a>(mission: &'a Mission, id: &str) -> Result<(&'a WeekFigures, &'a ContingentFigures), DeskError> {
    let figures = mission.week_figures.values().next().ok_or(PrepareError::NoWeek)?;
    let found = studied_contingent(figures, Some(id))?;
    let crew = figures.contingents.iter().find(|crew| crew.id.as_str() == found);
    Ok((figures, crew.expect("it is one of them")))
}

/// The ends of intervals to compute, the first of which changes nothing: figures of the whole mission, those of the week,
/// then those of the kinds with the most sites.
pub fn week_ends(mission: &Mission, assumptions: &WeekAssumptions, changes: &Changes) -> Vec<End> {
    let Some(figures) = Figures::of(mission) else { return Vec::new() };
    let of_week = figures.week.into_iter().flat_map(Figure::of_week);
    let mut ends = vec![End { figure: None, value: 0, is_high: false }];
    for figure in Figure::of_mission().chain(of_week).chain(of_kinds(mission, figures)) {
        let held = match figure {
            Figure::Alpha => assumptions.alpha_ppm.map(u64::from),
            _ => None,
        };
        ends.extend(ends_of(&figure, figures, held.or_else(|| changes.get(&figure))));
    }
    ends
}

impl Desk {
    /// Plans the week for every strength of a contingent, and prices units of it. Goes on from `known`, which the same
    /// plan and contingent gave, where that was cut short; `report` is told after each strength.
    ///
    /// # Errors
    /// [`DeskError::NoContingent`] where there is no such contingent, and as [`Desk::prepare_week`].
    pub fn week_force(
        &self,
        base: &WeekBase<'_>,
        crew: &str,
        known: Option<&WeekForce>,
        report: &dyn Fn(&WeekForce),
        watch: &Watch<'_>,
    ) -> Result<WeekForce, DeskError> {
        let plans = known.map(|known| known.plans.clone()).unwrap_or_default();
        self.week_force_from(base, crew, plans, report, watch)
    }

    /// The same from plans at strengths.
    pub(crate) fn week_force_from(
        &self,
        base: &WeekBase<'_>,
        crew: &str,
        mut plans: Strengths<WeekAt>,
        report: &dyn Fn(&WeekForce),
        watch: &Watch<'_>,
    ) -> Result<WeekForce, DeskError> {
        let (figures, held) = contingent(base.mission, crew)?;
        let own = base.assumptions.personnel.get(crew).copied().unwrap_or(held.personnel);
        let week = Week::new(base.document.problem.clone()).map_err(PrepareError::from)?;
        let shown = strengths(own);
        let relief = base.changes.figures(base.mission)?.planning.relief_factor_milli.best;
        let units = week_units(&week, figures, relief);
        let found = (base.document.value.unwrap_or_default(), base.document.bound.unwrap_or_default());
        plans.entry(own).or_insert_with(|| WeekAt::new(&week, found, base.document.schedules.clone()));
        let (bases, posts) = week_places(&week, base.document, crew, relief);
        let read = |plans: Strengths<WeekAt>| {
            let force = read_force(own, found, &shown, &units, plans);
            WeekForce { bases: bases.clone(), posts: posts.clone(), ..force }
        };
        let mut wanted: Vec<u32> = units.iter().map(|unit| own.saturating_add(unit.1)).collect();
        let mut further = shown.clone();
        further.sort_by_key(|people| (people.abs_diff(own), *people));
        wanted.extend(further);
        for people in wanted {
            if plans.contains_key(&people) {
                continue;
            }
            report(&read(plans.clone()));
            if (watch.should_stop)() {
                break;
            }
            match self.at_strength(base, crew, people, &plans, watch)? {
                ControlFlow::Continue(planned) => drop(plans.insert(people, planned)),
                ControlFlow::Break(()) => break,
            }
        }
        Ok(read(plans))
    }

    /// The plan at a strength, from the plan at the strength nearest to it; breaks where the time was up.
    fn at_strength(
        &self,
        base: &WeekBase<'_>,
        crew: &str,
        people: u32,
        plans: &Strengths<WeekAt>,
        watch: &Watch<'_>,
    ) -> Result<ControlFlow<(), Option<WeekAt>>, DeskError> {
        let mut assumptions = base.assumptions.clone();
        assumptions.personnel.insert(crew.to_owned(), people);
        let prepared = self.prepare_week_if(base.mission, &assumptions, base.changes, base.moment)?;
        let near = plans.iter().filter_map(|(held, plan)| Some((held.abs_diff(people), plan.as_ref()?)));
        let near = near.min_by_key(|(far, _)| *far).map(|(_, plan)| plan.schedules.as_slice());
        // What was read from a file is a start only where it can be one.
        let near = near.filter(|near| score_week(&prepared.week, near).is_ok());
        let options = Options { seed: base.document.seed, ..Options::default() };
        let options = Options { gap_target: options.gap_target.max(STRENGTH_GAP), ..options };
        Ok(match plan_week(&prepared.week, near, &options, watch) {
            // What was stopped is not kept: given its time it is better.
            WeekOutcome::Planned(plan) if plan.status == Status::LimitReached && (watch.should_stop)() => {
                ControlFlow::Break(())
            }
            WeekOutcome::Planned(plan) => {
                ControlFlow::Continue(WeekAt::new(&prepared.week, (plan.value, plan.bound), plan.schedules))
            }
            WeekOutcome::Unsettled { .. } if (watch.should_stop)() => ControlFlow::Break(()),
            WeekOutcome::Infeasible(_) | WeekOutcome::Unsettled { .. } => ControlFlow::Continue(None),
        })
    }

    /// Plans the week with a figure at one end, quickly and from the schedules of the plan.
    ///
    /// # Errors
    /// As [`Desk::prepare_week_if`].
    pub fn week_at_end(&self, base: &WeekBase<'_>, end: &End, watch: &Watch<'_>) -> Result<EndResult, DeskError> {
        let (mut changes, mut assumptions) = (base.changes.clone(), base.assumptions.clone());
        let mut seed = base.document.seed;
        match &end.figure {
            Some(Figure::Alpha) => assumptions.alpha_ppm = u32::try_from(end.value).ok(),
            Some(figure) => changes.put(figure.clone(), end.value),
            None => seed = seed.wrapping_add(1),
        }
        let prepared = self.prepare_week_if(base.mission, &assumptions, &changes, base.moment)?;
        let known = known_schedules(&prepared.week, base.document);
        let none = EndResult { end: end.clone(), found: None, postures: 0, moved: 0, widest: Vec::new() };
        let options = Options { seed, ..Options::default() }.quick();
        let WeekOutcome::Planned(next) = plan_week(&prepared.week, known.as_deref(), &options, watch) else {
            return Ok(none);
        };
        let found = Some((next.value, next.bound));
        let own = Week::new(base.document.problem.clone()).map_err(PrepareError::from)?;
        let of = |week: &Week, schedules: &[Vec<WeekSchedule>]| {
            evaluate_week(week, schedules).ok().map(|evaluation| stands(week.data(), &evaluation))
        };
        let pair = of(&own, &base.document.schedules).zip(of(&prepared.week, &next.schedules));
        Ok(match pair.filter(|_| known.is_some()) {
            Some((before, after)) => EndResult { found, ..compared(&before, &after, none) },
            None => EndResult { found, ..none },
        })
    }
}

impl Desk {
    /// Plans the week at the ends that are `wanted`, in their order. Goes on from what is `known` of the same plan and
    /// ends; `report` is told before each.
    ///
    /// # Errors
    /// As [`Desk::week_at_end`].
    pub fn week_at_ends(
        &self,
        base: &WeekBase<'_>,
        wanted: &[End],
        known: Vec<EndResult>,
        report: &dyn Fn(&[EndResult]),
        watch: &Watch<'_>,
    ) -> Result<Vec<EndResult>, DeskError> {
        let mut results = known;
        for end in wanted.iter().skip(results.len()) {
            report(&results);
            if (watch.should_stop)() {
                break;
            }
            let made = self.week_at_end(base, end, watch);
            if (watch.should_stop)() {
                // It may have been cut short: then it would say something else than at another time.
                break;
            }
            results.push(made?);
        }
        Ok(results)
    }
}

/// The pattern that a plan of the week is read against where no other is at hand: in every kind of slot posts at the
/// sites where an attempt harms most, mandatory posts first, always the same, as many as each contingent has people for
/// and may man; no reaction force and no patrol.
pub fn naive_week(week: &Week) -> Vec<Vec<WeekSchedule>> {
    let data = week.data();
    let kind = |slot: &konbit_protect::SlotKind| {
        let values = &data.values_milli[slot.values as usize];
        let mut order: Vec<u32> = (0u32..).zip(&data.sites).map(|(site, _)| site).collect();
        order.sort_by_key(|site| (slot.posts.binary_search(site).is_err(), u64::MAX - values[*site as usize], *site));
        let mut left: Vec<u32> = slot.seats.iter().map(|part| if part.posts { part.seats } else { 0 }).collect();
        let mut posts = Vec::new();
        for site in order {
            let seats = data.sites[site as usize].seats;
            let may = |list: Option<&Vec<u32>>| list.is_none_or(|list| list.binary_search(&site).is_ok());
            let crews = (0u32..).zip(&data.contingents).zip(&left);
            let free = crews.filter(|((_, crew), left)| **left >= seats && may(crew.sites.as_ref()));
            // The one with the fewest places where it may serve goes first.
            let places = |crew: &konbit_protect::Contingent| crew.sites.as_ref().map_or(usize::MAX, Vec::len);
            if let Some(((number, _), _)) = free.min_by_key(|((number, crew), _)| (places(crew), *number)) {
                left[number as usize] -= seats;
                posts.push((site, number));
            }
        }
        posts.sort_unstable();
        vec![WeekSchedule {
            probability: PROBABILITY_DENOMINATOR,
            posts,
            forces: Vec::new(),
            duties: Vec::new(),
            routes: Vec::new(),
        }]
    };
    data.slots.iter().map(kind).collect()
}

/// How many more people on the roll `present` would need to do as well as `value` over the week, by harm alone: rules
/// that it breaks are not counted. `relief` is the people for one person always on duty, in thousandths. The error
/// says why it cannot be used.
pub fn week_equal(week: &Week, present: &[Vec<WeekSchedule>], value: f64, relief: u64) -> Result<Equal, String> {
    let told = |fault: konbit_protect::WeekFault| fault.to_string();
    let evaluation = score_week(week, present).map_err(told)?.evaluation;
    let seats = week_seats_equal(week, present, value).map_err(told)?;
    let people = seats.map(|seats| people_on_roll(u32::try_from(seats).unwrap_or(u32::MAX), relief));
    Ok(Equal { present: evaluation.value, people })
}

/// Kinds of unit that are priced, with the people each takes on the roll.
fn week_units(week: &Week, figures: &WeekFigures, relief: u64) -> Vec<(Unit, u32)> {
    let data = week.data();
    let reaction = data.bases.iter().filter(|base| base.forces_max > 0).map(|base| base.seats).max();
    let patrols = figures.patrols.iter().map(|patrol| patrol.seats);
    units_of(data.sites.iter().map(|site| site.seats), reaction, patrols, relief)
}

/// Bases for one more force of a contingent and sites for one more post, all else as it is, with people of its own.
fn week_places(week: &Week, document: &WeekDocument, crew: &str, relief: u64) -> (Vec<PlacePrice>, Vec<PlacePrice>) {
    let data = week.data();
    let crew = (0u32..).zip(&data.contingents).find(|(_, held)| held.id == crew);
    let Some(((number, crew), certificate)) = crew.zip(document.certificate.as_ref()) else {
        return (Vec::new(), Vec::new());
    };
    let may = |list: Option<&Vec<u32>>, index: u32| list.is_none_or(|list| list.binary_search(&index).is_ok());
    let value = document.value.unwrap_or_default();
    let with = |place: usize, seats: u32, add: &dyn Fn(usize, &mut WeekSchedule)| {
        let larger = week.with_more_seats(number as usize, i64::from(seats)).ok()?;
        let mut schedules = document.schedules.clone();
        for (slot, list) in schedules.iter_mut().enumerate() {
            for schedule in list {
                add(slot, schedule);
            }
        }
        let found = evaluate_week(&larger, &schedules).ok()?;
        Some(PlacePrice { place, people: people_on_roll(seats, relief), spared: value - found.value })
    };
    let part = |slot: usize| data.slots[slot].seats[number as usize];
    let bases = (0u32..).zip(&data.bases).filter(|(base, held)| held.forces_max > 0 && may(crew.bases.as_ref(), *base));
    let bases = bases.filter_map(|(base, held)| {
        with(base as usize, held.seats, &|slot, schedule| {
            let is_there = schedule.forces.iter().any(|force| force.0 == base);
            if part(slot).forces && part(slot).seats > 0 && !is_there {
                schedule.forces.push((base, number));
                schedule.forces.sort_unstable();
            }
        })
    });
    let posts = posts_to_score(week, certificate, document, &|site| may(crew.sites.as_ref(), site));
    let posts = posts.into_iter().filter_map(|site| {
        with(site as usize, data.sites[site as usize].seats, &|slot, schedule| {
            if part(slot).posts
                && part(slot).seats > 0
                && let Err(place) = schedule.posts.binary_search_by_key(&site, |post| post.0)
            {
                schedule.posts.insert(place, (site, number));
            }
        })
    });
    (best_first(bases.collect()), best_first(posts.collect()))
}

/// Sites among those that `may` have it that are scored for one more post, most gain at the proof's prices first.
fn posts_to_score(
    week: &Week,
    certificate: &WeekCertificate,
    document: &WeekDocument,
    may: &dyn Fn(u32) -> bool,
) -> Vec<u32> {
    let Ok(evaluation) = evaluate_week(week, &document.schedules) else { return Vec::new() };
    let worth = post_worth(week, certificate, &evaluation);
    let mut order: Vec<(u32, f64)> = (0u32..).zip(worth).filter(|(site, worth)| *worth > 0.0 && may(*site)).collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    order.truncate(POSTS_SCORED);
    order.into_iter().map(|(site, _)| site).collect()
}
