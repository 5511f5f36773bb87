//! Weeks with slots, groups, contingents and patrols: against brute force, and against the checker.

use crate::brute::minimum;
use konbit_plan_check::{Report, Verdict};
use konbit_protect::{
    Contingent, Group, Options, PatrolArea, PatrolDuty, ProblemBase, Reach, SlotKind, SlotSeats, Status, Watch, Week,
    WeekData, WeekDocument, WeekOutcome, WeekPlan, WeekSite, plan_week,
};
use proptest::prelude::*;

/// Sites of these values (persons) with posts of these seats; one slot, one contingent, one group;
/// posts stop 80 %, patrols 60 % of attempts while they are there; half of four attempts a week are
/// by watchers; no forecast.
pub fn simple(sites: &[(u64, u32)], seats: u32) -> WeekData {
    let named = |(ix, &(_, seats)): (usize, &(u64, u32))| WeekSite { id: format!("s{ix}"), seats, position: None };
    WeekData {
        sites: sites.iter().enumerate().map(named).collect(),
        bases: Vec::new(),
        contingents: vec![Contingent::anywhere("c0")],
        groups: vec![Group { id: "g0".to_owned(), share_ppm: 1_000_000, sites: None }],
        duties: Vec::new(),
        areas: Vec::new(),
        values_milli: vec![sites.iter().map(|site| site.0 * 1_000).collect()],
        attempts_micro: vec![vec![0; sites.len()]],
        reach: vec![Vec::new()],
        slots: vec![slot("t0", vec![SlotSeats::any(seats)])],
        static_effect_ppm: 800_000,
        patrol_effect_ppm: 600_000,
        alpha_ppm: 500_000,
        watched_attempts_micro: 4_000_000,
    }
}

pub fn slot(id: &str, seats: Vec<SlotSeats>) -> SlotKind {
    SlotKind {
        id: id.to_owned(),
        count: 1,
        minutes: 60,
        values: 0,
        attempts: 0,
        reach: 0,
        floors: Vec::new(),
        posts: Vec::new(),
        visits: Vec::new(),
        seats,
    }
}

pub fn solved(data: &WeekData) -> (Week, WeekOutcome) {
    let week = Week::new(data.clone()).unwrap();
    let outcome = plan_week(&week, None, &Options::default(), &Watch::none());
    (week, outcome)
}

pub fn planned(data: &WeekData) -> WeekPlan {
    match solved(data).1 {
        WeekOutcome::Planned(plan) => *plan,
        other => panic!("expected a plan, got {other:?}"),
    }
}

pub fn checked(week: &Week, outcome: &WeekOutcome) -> Report {
    let bytes = WeekDocument::new(week, outcome, 1, 0.5).to_bytes();
    match konbit_plan_check::check(&bytes) {
        Ok(report) => report,
        Err(refusal) => panic!("refused: {refusal}\n{}", String::from_utf8(bytes).unwrap()),
    }
}

/// A round of an area: sites and minutes there, and seats.
type Round = Vec<(usize, u32)>;

/// All rounds of an area that leave and travel without waiting; waiting adds nothing.
fn rounds(area: &PatrolArea, minutes: u32) -> Vec<Round> {
    fn walk(area: &PatrolArea, minutes: u32, at: usize, time: u32, so_far: &mut Round, all: &mut Vec<Round>) {
        if at != 0 && time + area.travel_minutes[at][0] <= minutes {
            all.push(so_far.clone());
        }
        for next in (1..=area.sites.len()).filter(|&next| next != at) {
            for stay in area.stay_minutes_min..=area.stay_minutes_max {
                let leaves = time + area.travel_minutes[at][next] + stay;
                if leaves <= minutes {
                    so_far.push((area.sites[next - 1] as usize, stay));
                    walk(area, minutes, next, leaves, so_far, all);
                    so_far.pop();
                }
            }
        }
    }
    let mut all = Vec::new();
    walk(area, minutes, 0, 0, &mut Vec::new(), &mut all);
    all
}

fn may(list: Option<&Vec<u32>>, index: usize) -> bool {
    list.is_none_or(|list| list.iter().any(|&known| known as usize == index))
}

/// What a thing does.
enum Does {
    Post(usize),
    Force(usize),
    Patrol(Round),
}

/// Seats, who may do it, what it does.
type Alternative = (u32, Vec<usize>, Does);

/// Is told what is chosen: thing and alternative.
type Tell<'a> = &'a mut dyn FnMut(&[(usize, usize)]);

/// Tells of every choice of nobody or one alternative by one crew for each thing, within the seats.
fn choose(
    at: usize,
    things: &[Vec<Alternative>],
    left: &mut Vec<u32>,
    chosen: &mut Vec<(usize, usize)>,
    tell: Tell<'_>,
) {
    if at == things.len() {
        return tell(chosen);
    }
    choose(at + 1, things, left, chosen, tell);
    for (which, (seats, crew, _)) in things[at].iter().enumerate() {
        for &c in crew {
            if left[c] >= *seats {
                left[c] -= seats;
                chosen.push((at, which));
                choose(at + 1, things, left, chosen, tell);
                chosen.pop();
                left[c] += seats;
            }
        }
    }
}

/// Protection of every site under every schedule of a slot, by enumeration: each thing is done by
/// nobody or by one contingent; of each area at most one patrol.
fn all_covers(data: &WeekData, s: usize) -> Vec<Vec<f64>> {
    let slot = &data.slots[s];
    let of = |c: usize| (&data.contingents[c], &slot.seats[c]);
    // Things, each with its alternatives: seats, who may, what it does.
    let mut things: Vec<Vec<Alternative>> = Vec::new();
    let crews = |may: &dyn Fn(usize) -> bool| (0..data.contingents.len()).filter(|&c| may(c)).collect::<Vec<_>>();
    for (i, site) in data.sites.iter().enumerate() {
        things.push(vec![(site.seats, crews(&|c| of(c).1.posts && may(of(c).0.sites.as_ref(), i)), Does::Post(i))]);
    }
    for (b, base) in data.bases.iter().enumerate().filter(|(_, base)| base.forces_max > 0) {
        things.push(vec![(base.seats, crews(&|c| of(c).1.forces && may(of(c).0.bases.as_ref(), b)), Does::Force(b))]);
    }
    for (d, duty) in data.duties.iter().enumerate().filter(|(_, duty)| may(duty.slots.as_ref(), s)) {
        let round = duty.visits.iter().map(|&(site, stay)| (site as usize, stay)).collect();
        let crew = crews(&|c| of(c).1.patrols && may(of(c).0.duties.as_ref(), d));
        things.push(vec![(duty.seats, crew, Does::Patrol(round))]);
    }
    for (a, area) in data.areas.iter().enumerate().filter(|(_, area)| area.patrols_max > 0) {
        let crew = crews(&|c| of(c).1.patrols && may(of(c).0.areas.as_ref(), a));
        let all = rounds(area, slot.minutes).into_iter();
        things.push(all.map(|round| (area.seats, crew.clone(), Does::Patrol(round))).collect());
    }
    let mut covers = Vec::new();
    let mut left: Vec<u32> = slot.seats.iter().map(|part| part.seats).collect();
    let mut chosen: Vec<(usize, usize)> = Vec::new();
    let mut tell = |chosen: &[(usize, usize)]| {
        let n = data.sites.len();
        let (mut posted, mut minutes, mut waiting) = (vec![false; n], vec![0u32; n], vec![false; data.bases.len()]);
        for &(at, which) in chosen {
            match &things[at][which].2 {
                Does::Post(i) => posted[*i] = true,
                Does::Force(b) => waiting[*b] = true,
                Does::Patrol(round) => round.iter().for_each(|&(site, stay)| minutes[site] += stay),
            }
        }
        let missing = slot.posts.iter().any(|&i| !posted[i as usize])
            || slot.visits.iter().any(|&i| !posted[i as usize] && minutes[i as usize] == 0);
        if missing {
            return;
        }
        let cover = (0..n).map(|i| {
            let forces = data.reach[slot.reach as usize].iter();
            let here = forces.filter(|reach| reach.site as usize == i && waiting[reach.base as usize]);
            let force = here.map(|reach| reach.effect_ppm).max().unwrap_or(0);
            let best = f64::from(force.max(if posted[i] { data.static_effect_ppm } else { 0 }));
            let share = f64::from(minutes[i].min(slot.minutes)) / f64::from(slot.minutes);
            ((1.0 - share) * best + share * best.max(f64::from(data.patrol_effect_ppm))) / 1e6
        });
        covers.push(cover.collect());
    };
    choose(0, &things, &mut left, &mut chosen, &mut tell);
    covers.sort_by(|a: &Vec<f64>, b| {
        a.iter().zip(b).map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    });
    covers.dedup();
    covers
}

/// The least harm over all mixtures, or with `relaxed` the least sum of what is missing to floors.
fn optimum(data: &WeekData, covers: &[Vec<Vec<f64>>], relaxed: bool) -> f64 {
    let alpha = f64::from(data.alpha_ppm) / 1e6;
    let (n, groups) = (data.sites.len(), data.groups.len());
    let columns: usize = covers.iter().map(Vec::len).sum();
    let width = groups + 1 + columns;
    let value = |s: usize, i: usize| data.values_milli[data.slots[s].values as usize][i] as f64 / 1e3;
    let watched = |k: usize, s: usize, i: usize| {
        let group = &data.groups[k];
        let share = if may(group.sites.as_ref(), i) { f64::from(group.share_ppm) / 1e6 } else { 0.0 };
        alpha * data.watched_attempts_micro as f64 / 1e6 * share * value(s, i)
    };
    let forecast = |s: usize, i: usize| {
        let slot = &data.slots[s];
        (1.0 - alpha) * f64::from(slot.count) * data.attempts_micro[slot.attempts as usize][i] as f64 / 1e6
            * value(s, i)
    };
    let all = || (0..covers.len()).flat_map(|s| (0..n).map(move |i| (s, i)));
    let scale =
        if relaxed { 1.0 } else { all().map(|(s, i)| watched(0, s, i) + forecast(s, i)).sum::<f64>().max(1e-6) };
    let mut rows = Vec::new();
    let mut start = groups + 1;
    let starts: Vec<usize> = covers
        .iter()
        .map(|slot| {
            start += slot.len();
            start - slot.len()
        })
        .collect();
    for (s, slot) in covers.iter().enumerate() {
        let mut sum = vec![0.0; width];
        sum[starts[s]..starts[s] + slot.len()].fill(1.0);
        rows.push((sum, 1.0));
    }
    for (s, i) in all() {
        for k in 0..groups {
            let mut harm = vec![0.0; width];
            harm[k] = -1.0;
            for (ix, cover) in covers[s].iter().enumerate() {
                harm[starts[s] + ix] = watched(k, s, i) / scale * (1.0 - cover[i]);
            }
            rows.push((harm, 0.0));
        }
        if let Some(&(_, floor)) = data.slots[s].floors.iter().find(|floor| floor.0 as usize == i) {
            let mut row = vec![0.0; width];
            row[groups] = if relaxed { -1.0 } else { 0.0 };
            for (ix, cover) in covers[s].iter().enumerate() {
                row[starts[s] + ix] = f64::from(floor) / 1e6 - cover[i];
            }
            rows.push((row, 0.0));
        }
    }
    for variable in 0..width {
        let mut row = vec![0.0; width];
        row[variable] = -1.0;
        rows.push((row, 0.0));
    }
    let mut cost = vec![if relaxed { 0.0 } else { 1.0 }; groups];
    cost.push(if relaxed { 1.0 } else { 0.0 });
    for (s, slot) in covers.iter().enumerate() {
        let harm = |cover: &Vec<f64>| (0..n).map(|i| forecast(s, i) / scale * (1.0 - cover[i])).sum::<f64>();
        cost.extend(slot.iter().map(|cover| if relaxed { 0.0 } else { harm(cover) }));
    }
    minimum(&cost, &rows, covers.len()) * scale
}

/// The plan is the optimum over all mixtures of all schedules of all slots, and its bound does not
/// exceed it; where there is none, there is none.
fn check(data: &WeekData, exact: bool) -> Result<(), TestCaseError> {
    let (week, outcome) = solved(data);
    checked(&week, &outcome);
    let covers: Vec<_> = (0..data.slots.len()).map(|s| all_covers(data, s)).collect();
    let shortage = if covers.iter().any(Vec::is_empty) {
        f64::INFINITY
    } else if data.slots.iter().any(|slot| !slot.floors.is_empty()) {
        optimum(data, &covers, true)
    } else {
        0.0
    };
    match outcome {
        WeekOutcome::Planned(plan) => {
            prop_assert!(shortage < 1e-7, "floors are short by {shortage}, yet there is a plan");
            let best = optimum(data, &covers, false);
            let tolerance = 1e-6 * best.abs() + 1e-8;
            prop_assert!(plan.bound <= best + tolerance, "bound {} above the optimum {best}", plan.bound);
            prop_assert!(plan.value >= best - tolerance, "value {} below the optimum {best}", plan.value);
            if exact {
                prop_assert!((plan.value - best).abs() <= tolerance, "value {} but the optimum is {best}", plan.value);
                prop_assert_eq!(plan.status, Status::Optimal, "value {} bound {}", plan.value, plan.bound);
            } else {
                prop_assert!(plan.value <= 1.03 * best + 1e-6, "value {} far from the optimum {best}", plan.value);
            }
        }
        WeekOutcome::Infeasible(_) => prop_assert!(shortage > 1e-9, "the demands can be kept"),
        WeekOutcome::Unsettled { reason, .. } => prop_assert!(!exact, "{}", reason),
    }
    Ok(())
}

fn some_of(count: usize) -> impl Strategy<Value = Option<Vec<u32>>> {
    let count = u32::try_from(count).unwrap();
    prop::collection::vec(prop::bool::weighted(0.6), count as usize).prop_map(move |keep| {
        let chosen: Vec<u32> = (0..count).zip(&keep).filter(|(_, keep)| **keep).map(|(ix, _)| ix).collect();
        (chosen.len() < count as usize).then_some(chosen)
    })
}

prop_compose! {
    fn any_slot(sites: usize, contingents: usize, demands: bool)(
        count in 1u32..4,
        table in 0u32..2,
        seats in prop::collection::vec((0u32..6, prop::bool::weighted(0.9), prop::bool::weighted(0.8), prop::bool::weighted(0.7)), contingents),
        floors in prop::collection::vec(prop_oneof![5 => Just(0u32), 1 => 1u32..350_000], sites),
        posts in prop::collection::vec(prop::bool::weighted(0.08), sites),
        visits in prop::collection::vec(prop::bool::weighted(0.12), sites),
    ) -> SlotKind {
        let marked = |list: &[bool]| (0u32..).zip(list).filter(|(_, keep)| **keep && demands).map(|(ix, _)| ix).collect();
        SlotKind {
            id: String::new(), count, minutes: 60, values: table, attempts: table, reach: 0,
            floors: (0u32..).zip(floors).filter(|(_, floor)| *floor > 0 && demands).collect(),
            posts: marked(&posts),
            visits: marked(&visits),
            seats: seats.into_iter().map(|(seats, posts, forces, patrols)| SlotSeats { seats, posts, forces, patrols }).collect(),
        }
    }
}

/// Random weeks with a few of everything but areas.
pub fn any_week(demands: bool) -> impl Strategy<Value = WeekData> {
    (1usize..5, 0usize..3, 1usize..3, 1usize..3, 0usize..3, 1usize..3).prop_flat_map(
        move |(sites, bases, contingents, groups, duties, slots)| {
            let table = |most: u64| prop::collection::vec(prop::collection::vec(0..most, sites), 2);
            let visits = prop::collection::vec((prop::bool::weighted(0.6), 1u32..15), sites);
            (
                (prop::collection::vec(1u32..4, sites), prop::collection::vec((0u32..3, 1u32..4), bases)),
                prop::collection::vec((some_of(sites), some_of(bases), some_of(duties)), contingents),
                prop::collection::vec((1u32..10, some_of(sites)), groups),
                prop::collection::vec((1u32..4, visits), duties),
                (table(40_000), table(1_500_000)),
                prop::collection::vec((prop::bool::weighted(0.6), 0u32..900_000), sites * bases),
                prop::collection::vec(any_slot(sites, contingents, demands), slots),
                (300_000u32..1_000_000, 0u32..1_000_000, prop_oneof![Just(0u32), Just(1_000_000), 0u32..=1_000_000]),
                0u64..6_000_000,
            )
                .prop_map(build)
        },
    )
}

type Parts = (
    (Vec<u32>, Vec<(u32, u32)>),
    Vec<(Option<Vec<u32>>, Option<Vec<u32>>, Option<Vec<u32>>)>,
    Vec<(u32, Option<Vec<u32>>)>,
    Vec<(u32, Vec<(bool, u32)>)>,
    (Vec<Vec<u64>>, Vec<Vec<u64>>),
    Vec<(bool, u32)>,
    Vec<SlotKind>,
    (u32, u32, u32),
    u64,
);

fn build((places, crews, groups, duties, tables, pairs, slots, effects, watched_attempts_micro): Parts) -> WeekData {
    let (sites, bases) = places;
    let total: u32 = groups.iter().map(|group| group.0).sum();
    let count = sites.len();
    let mut left = 1_000_000;
    let last = groups.len() - 1;
    let groups = groups.into_iter().enumerate().map(|(k, (weight, sites))| {
        let share_ppm = if k == last { left } else { weight * 1_000_000 / total };
        left -= share_ppm;
        Group { id: format!("g{k}"), share_ppm, sites: sites.filter(|sites| !sites.is_empty()) }
    });
    let groups = groups.collect();
    let bases_count = bases.len();
    let reach = pairs.into_iter().enumerate().filter(|(_, pair)| pair.0).map(|(ix, (_, effect_ppm))| Reach {
        site: u32::try_from(ix / bases_count).unwrap(),
        base: u32::try_from(ix % bases_count).unwrap(),
        effect_ppm,
        minutes_tenths: 10,
    });
    let round = |(ix, (seats, visits)): (usize, (u32, Vec<(bool, u32)>))| PatrolDuty {
        id: format!("d{ix}"),
        seats,
        visits: (0u32..).zip(visits).filter(|(_, visit)| visit.0).map(|(site, visit)| (site, visit.1)).collect(),
        slots: None,
    };
    let crew = |(c, (sites, bases, duties))| Contingent { id: format!("c{c}"), sites, bases, duties, areas: None };
    WeekData {
        sites: sites
            .into_iter()
            .enumerate()
            .map(|(ix, seats)| WeekSite { id: format!("s{ix}"), seats, position: None })
            .collect(),
        bases: bases
            .into_iter()
            .enumerate()
            .map(|(ix, (forces_max, seats))| ProblemBase { id: format!("b{ix}"), forces_max, seats })
            .collect(),
        contingents: crews.into_iter().enumerate().map(crew).collect(),
        groups,
        duties: duties.into_iter().enumerate().map(round).collect(),
        areas: Vec::new(),
        values_milli: tables.0,
        attempts_micro: tables.1,
        reach: vec![if count * bases_count > 0 { reach.collect() } else { Vec::new() }],
        slots: slots.into_iter().enumerate().map(|(s, slot)| SlotKind { id: format!("t{s}"), ..slot }).collect(),
        static_effect_ppm: effects.0,
        patrol_effect_ppm: effects.1,
        alpha_ppm: effects.2,
        watched_attempts_micro,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn a_tiny_week_is_the_optimum_over_all_schedules(data in any_week(false)) {
        check(&data, true)?;
    }

    #[test]
    fn a_tiny_week_with_demands_is_the_optimum_or_proven_impossible(data in any_week(true)) {
        check(&data, true)?;
    }

    #[test]
    fn patrols_that_choose_their_round_lie_between_bound_and_optimum(
        values in prop::collection::vec(1u64..40, 3),
        travel in prop::collection::vec(1u32..9, 6),
        seats in 1u32..6,
        minutes in 15u32..30,
    ) {
        let mut data = simple(&[(values[0], 2), (values[1], 2), (values[2], 3)], seats);
        let mut table = vec![vec![0; 4]; 4];
        let pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)];
        for (&(a, b), &minutes) in pairs.iter().zip(&travel) {
            (table[a][b], table[b][a]) = (minutes, minutes);
        }
        data.areas.push(PatrolArea {
            id: "a".to_owned(), seats: 1, patrols_max: 1, sites: vec![0, 1, 2], travel_minutes: table,
            stay_minutes_min: 5, stay_minutes_max: 6, slots: None,
        });
        data.slots[0].minutes = minutes;
        check(&data, false)?;
    }
}

#[test]
fn identical_slots_cost_nothing_and_change_nothing_for_watchers() {
    let one = simple(&[(10, 1), (20, 1), (30, 1)], 1);
    let mut many = one.clone();
    many.slots[0].count = 56;
    let mut listed = one.clone();
    listed.slots = (0..3).map(|s| SlotKind { id: format!("t{s}"), ..one.slots[0].clone() }).collect();
    let (one, many, listed) = (planned(&one), planned(&many), planned(&listed));
    assert_eq!((one.value, one.bound), (many.value, many.bound));
    assert!((one.value - listed.value).abs() < 1e-6 * one.value, "{} {}", one.value, listed.value);
}

#[test]
fn a_contingent_serves_only_where_and_as_it_may() {
    let mut data = simple(&[(10, 1), (40, 1)], 1);
    data.contingents[0].sites = Some(vec![0]);
    let plan = planned(&data);
    // The post stands at the poorer site, so that watchers take 40 persons of two attempts.
    assert!((plan.value - 80.0).abs() < 1e-6, "{}", plan.value);
    data.contingents[0].sites = None;
    data.slots[0].seats[0].posts = false;
    assert!(planned(&data).schedules[0].iter().all(|schedule| schedule.posts.is_empty()));
}

#[test]
fn groups_with_their_own_reach_are_met_where_each_can_go() {
    let mut data = simple(&[(10, 1), (10, 1)], 1);
    data.groups = vec![
        Group { id: "west".to_owned(), share_ppm: 250_000, sites: Some(vec![0]) },
        Group { id: "east".to_owned(), share_ppm: 750_000, sites: Some(vec![1]) },
    ];
    // Two attempts a week: 0.5 by west on s0, 1.5 by east on s1. The post stands at s1 always:
    // 0.5 x 10 + 1.5 x 10 x 0.2 = 8.
    let plan = planned(&data);
    assert!((plan.value - 8.0).abs() < 1e-6 && plan.status == Status::Optimal, "{plan:?}");
}

#[test]
fn a_patrol_protects_for_the_share_of_the_slot_that_it_is_there() {
    let mut data = simple(&[(10, 9)], 1);
    data.duties.push(PatrolDuty { id: "round".to_owned(), seats: 1, visits: vec![(0, 15)], slots: None });
    // 15 of 60 minutes at 0.6: protection 0.15, so 2 x 10 x 0.85 = 17.
    assert!((planned(&data).value - 17.0).abs() < 1e-6);
    data.duties[0].slots = Some(Vec::new());
    assert!((planned(&data).value - 20.0).abs() < 1e-6);
}

#[test]
fn a_visit_that_must_be_made_is_made_in_every_schedule() {
    let mut data = simple(&[(1, 2), (40, 2)], 2);
    data.duties.push(PatrolDuty { id: "round".to_owned(), seats: 2, visits: vec![(0, 5)], slots: None });
    data.slots[0].visits = vec![0];
    let (week, outcome) = solved(&data);
    assert!(matches!(checked(&week, &outcome).verdict, Verdict::Plan { .. }));
    let WeekOutcome::Planned(plan) = outcome else { panic!("no plan") };
    let visited = |s: &konbit_protect::WeekSchedule| !s.duties.is_empty() || s.posts.iter().any(|post| post.0 == 0);
    assert!(plan.schedules[0].iter().all(visited), "{:?}", plan.schedules);
}

#[test]
fn demands_that_conflict_are_named_and_no_others() {
    // Four seats: the posts at s0 and s1 need five; the floor of s2 asks for nothing much.
    let mut data = simple(&[(10, 2), (10, 3), (10, 1)], 4);
    data.slots[0].posts = vec![0, 1];
    let (week, outcome) = solved(&data);
    assert_eq!(checked(&week, &outcome).verdict, Verdict::Infeasible);
    let WeekOutcome::Infeasible(infeasible) = outcome else { panic!("{outcome:?}") };
    assert_eq!(infeasible.demands.len(), 2, "{infeasible:?}");
    assert!(infeasible.reason.contains("\"s0\"") && infeasible.reason.contains("\"s1\""), "{}", infeasible.reason);
    // Three floors of 0.35 need 0.44 of a post each: two fit one post in the mean, three do not.
    let mut data = simple(&[(10, 1), (10, 1), (10, 1), (10, 1)], 1);
    data.slots[0].floors = vec![(0, 350_000), (1, 350_000), (2, 350_000), (3, 1)];
    let (week, outcome) = solved(&data);
    assert_eq!(checked(&week, &outcome).verdict, Verdict::Infeasible);
    let WeekOutcome::Infeasible(infeasible) = outcome else { panic!("{outcome:?}") };
    assert_eq!(infeasible.demands.len(), 3, "{}", infeasible.reason);
    // None of the three can be spared: without any one of them there is a plan.
    for spared in 0..3 {
        let mut fewer = data.clone();
        fewer.slots[0].floors.remove(spared);
        let plan = planned(&fewer);
        assert!(plan.bound <= plan.value, "{spared}");
    }
}

#[test]
fn one_demand_that_cannot_be_met_is_said_as_one() {
    let said = |data: &WeekData| match solved(data) {
        (week, outcome @ WeekOutcome::Infeasible(_)) => {
            checked(&week, &outcome);
            let WeekOutcome::Infeasible(found) = outcome else { unreachable!() };
            found.reason
        }
        (_, other) => panic!("expected a conflict, got {other:?}"),
    };
    let mut data = simple(&[(10, 2), (40, 2)], 2);
    data.slots[0].floors = vec![(1, 900_000)];
    assert!(said(&data).contains("cannot do this: the floor of \"s1\";"), "{}", said(&data));
    data.slots[0].floors.clear();
    data.slots[0].posts = vec![1];
    data.contingents[0].sites = Some(vec![0]);
    assert!(said(&data).contains("nobody on duty may man the post at \"s1\": it lies beyond"), "{}", said(&data));
}

#[test]
fn nobody_on_duty_in_one_slot_leaves_that_slot_open_and_the_other_guarded() {
    let mut data = simple(&[(10, 1), (10, 1)], 1);
    data.slots.push(SlotKind { id: "empty".to_owned(), ..slot("", vec![SlotSeats::any(0)]) });
    let plan = planned(&data);
    assert!(plan.schedules[1].iter().all(|schedule| schedule.posts.is_empty()), "{:?}", plan.schedules);
    assert!(plan.schedules[0].iter().all(|schedule| schedule.posts.len() == 1), "{:?}", plan.schedules);
}

#[test]
fn threads_and_order_change_nothing() {
    let mut data = simple(&[(12, 2), (20, 1), (31, 2), (7, 1), (25, 3), (18, 2)], 5);
    data.slots =
        (0..3u32).map(|s| SlotKind { id: format!("t{s}"), ..slot("", vec![SlotSeats::any(3 + 2 * s)]) }).collect();
    let week = Week::new(data.clone()).unwrap();
    let bytes = |threads| {
        let options = Options { threads, ..Options::default() };
        WeekDocument::new(&week, &plan_week(&week, None, &options, &Watch::none()), 1, 0.0).to_bytes()
    };
    assert_eq!(bytes(1), bytes(4));
    let mut turned = data.clone();
    turned.slots.reverse();
    let (one, other) = (planned(&data), planned(&turned));
    assert_eq!((one.value, one.bound), (other.value, other.bound));
    assert_eq!(one.schedules[0], other.schedules[2]);
}
