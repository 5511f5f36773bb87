//! Problems for tests: by hand, and at random.

use konbit_plan_check::Report;
use konbit_protect::{
    Options, Outcome, Plan, PlanDocument, Problem, ProblemBase, ProblemData, ProblemSite, Reach, Watch, plan,
};
use proptest::prelude::*;

/// A site of `value` persons and `attempts` per week, with a post of `seats`.
pub fn site(id: &str, value: u64, attempts: u64, seats: u32) -> ProblemSite {
    ProblemSite {
        id: id.to_owned(),
        value_milli: value * 1_000,
        attempts_micro: attempts * 1_000_000,
        seats,
        floor_ppm: 0,
        mandatory: false,
        position: None,
    }
}

/// Posts stop 80 % of attempts; half of the attempts are by watchers, four a week; one person
/// gives one seat.
pub fn data(sites: Vec<ProblemSite>, seats: u32) -> ProblemData {
    ProblemData {
        sites,
        bases: Vec::new(),
        reach: Vec::new(),
        static_effect_ppm: 800_000,
        alpha_ppm: 500_000,
        watched_attempts_micro: 4_000_000,
        personnel: seats,
        relief_factor_milli: 1_000,
    }
}

pub fn solve(data: ProblemData) -> (Problem, Outcome) {
    let problem = Problem::new(data).unwrap();
    let outcome = plan(&problem, &Options::default(), &Watch::none());
    (problem, outcome)
}

pub fn planned(data: ProblemData) -> Plan {
    match solve(data).1 {
        Outcome::Planned(plan) => *plan,
        other => panic!("expected a plan, got {other:?}"),
    }
}

/// Writes the plan file and has it checked.
pub fn checked(problem: &Problem, outcome: &Outcome) -> Report {
    let bytes = PlanDocument::new(problem, outcome, 1, 0.5, Vec::new()).to_bytes();
    match konbit_plan_check::check(&bytes) {
        Ok(report) => report,
        Err(refusal) => panic!("refused: {refusal}\n{}", String::from_utf8(bytes).unwrap()),
    }
}

prop_compose! {
    fn any_site(floors: bool)(
        value in 0u64..60_000,
        attempts in 0u64..2_000_000,
        seats in 1u32..5,
        floor in prop_oneof![4 => Just(0u32), 1 => 1u32..400_000],
        mandatory in prop::bool::weighted(0.08),
    ) -> ProblemSite {
        ProblemSite {
            id: String::new(),
            value_milli: value,
            attempts_micro: attempts,
            seats,
            floor_ppm: if floors { floor } else { 0 },
            mandatory,
            position: None,
        }
    }
}

/// Random problems with at most `sites` sites and `bases` bases.
pub fn any_problem(sites: usize, bases: usize, floors: bool) -> impl Strategy<Value = ProblemData> {
    let base = (0u32..3, 1u32..5);
    let pairs = prop::collection::vec((prop::bool::weighted(0.6), 0u32..950_000, 0u32..900), sites * bases.max(1));
    (
        prop::collection::vec(any_site(floors), 1..=sites),
        prop::collection::vec(base, 0..=bases),
        pairs,
        prop_oneof![Just(0u32), Just(1_000_000), 0u32..=1_000_000],
        0u64..8_000_000,
        0u32..12,
        prop_oneof![1 => Just(0u32), 8 => 300_000u32..=1_000_000],
    )
        .prop_map(|(mut sites, bases, pairs, alpha_ppm, watched_attempts_micro, personnel, static_effect_ppm)| {
            for (ix, site) in sites.iter_mut().enumerate() {
                site.id = format!("s{ix}");
            }
            let bases: Vec<ProblemBase> = bases
                .into_iter()
                .enumerate()
                .map(|(ix, (forces_max, seats))| ProblemBase { id: format!("b{ix}"), forces_max, seats })
                .collect();
            let mut reach = Vec::new();
            let mut pairs = pairs.into_iter();
            for site in 0..u32::try_from(sites.len()).unwrap() {
                for base in 0..u32::try_from(bases.len()).unwrap() {
                    let Some((true, effect_ppm, minutes_tenths)) = pairs.next() else { continue };
                    reach.push(Reach { site, base, effect_ppm, minutes_tenths });
                }
            }
            ProblemData {
                sites,
                bases,
                reach,
                static_effect_ppm,
                alpha_ppm,
                watched_attempts_micro,
                personnel,
                relief_factor_milli: 1_000,
            }
        })
}
