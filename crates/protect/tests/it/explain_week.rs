//! Why a site is or is not guarded in the week.

use crate::corrupt::everything;
use crate::week::{any_week, planned, simple, solved};
use konbit_protect::{
    Contingent, PostBar, SlotSeats, Week, WeekNode, WeekOutcome, WeekPlan, WeekSiteReason, explain_week,
};
use proptest::prelude::*;

fn reasons(data: &konbit_protect::WeekData, plan: &WeekPlan, site: usize) -> Vec<WeekSiteReason> {
    explain_week(&Week::new(data.clone()).unwrap(), &plan.schedules, &plan.certificate, site).unwrap()
}

#[test]
fn a_site_that_no_contingent_may_man_says_so_and_why() {
    let mut data = simple(&[(10, 2), (40, 2)], 2);
    data.contingents = ["able", "elsewhere", "unarmed", "few"].map(Contingent::anywhere).to_vec();
    data.contingents[1].sites = Some(vec![1]);
    let unarmed = SlotSeats { posts: false, ..SlotSeats::any(2) };
    data.slots[0].seats = vec![SlotSeats::any(2), SlotSeats::any(2), unarmed, SlotSeats::any(1)];
    let bars = |data: &konbit_protect::WeekData| {
        let reason = &reasons(data, &planned(data), 0)[0];
        let bars: Vec<_> = reason.crews.iter().map(|crew| (crew.contingent, crew.price.err())).collect();
        (bars, reason.guarded_from_value, reason.guarded_with_seats)
    };
    let others = [(1, Some(PostBar::Site)), (2, Some(PostBar::Slot)), (3, Some(PostBar::Seats(1)))];
    assert_eq!(bars(&data).0, [&[(0, None)], others.as_slice()].concat());
    data.slots[0].seats[0].posts = false;
    let nobody = [&[(0, Some(PostBar::Slot))], others.as_slice()].concat();
    assert_eq!(bars(&data), (nobody, None, None));
}

#[test]
fn what_a_post_would_spare_is_set_against_what_its_people_spare_elsewhere() {
    // Nobody watches: 1, 2 and 3 attempts a week on 10 persons each, and a post stops 0.8 of them. The one seat is at
    // the third site and spares 24 there; at the second it would spare 16, at the first 8.
    let mut data = simple(&[(10, 1), (10, 1), (10, 1)], 1);
    (data.alpha_ppm, data.attempts_micro) = (0, vec![vec![1_000_000, 2_000_000, 3_000_000]]);
    let plan = planned(&data);
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} is not {b}");
    let of = |site: usize| reasons(&data, &plan, site).remove(0);
    let price = of(0).crews[0].price.unwrap();
    // Any price of the seat from the second to the third gain proves the optimum.
    assert!((16.0 - 1e-6..=24.0 + 1e-6).contains(&price), "{price}");
    for (site, gain) in [(0, 8.0), (1, 16.0), (2, 24.0)] {
        near(of(site).post_gain, gain);
    }
    // Guarded from the value at which the gain is the price: 0.8 v per attempt.
    near(of(0).guarded_from_value.unwrap(), (price / 0.8).max(10.0));
    near(of(1).guarded_from_value.unwrap(), (price / 1.6).max(10.0));
    near(of(2).guarded_from_value.unwrap(), 10.0);
    // One more person for the second site, and another one for the first.
    assert_eq!([0, 1, 2].map(|site| of(site).guarded_with_seats), [Some(2), Some(1), Some(0)]);
}

#[test]
fn forces_patrols_and_demands_of_every_kind_of_slot_are_told() {
    let data = everything();
    let plan = planned(&data);
    let [day, night] = [0, 1].map(|slot| reasons(&data, &plan, 0)[slot].clone());
    assert!(day.is_mandatory && day.post_share >= 1.0 && !night.is_mandatory);
    assert!(reasons(&data, &plan, 7)[0].must_be_visited && !reasons(&data, &plan, 7)[1].must_be_visited);
    assert!((reasons(&data, &plan, 1)[0].floor - 0.1).abs() < 1e-9);
    let force =
        |schedule: &konbit_protect::WeekSchedule| if schedule.forces.is_empty() { 0 } else { schedule.probability };
    for (slot, list) in plan.schedules.iter().enumerate() {
        let share = list.iter().map(force).sum::<u64>() as f64 / 1e9;
        let told = reasons(&data, &plan, 4)[slot].force;
        assert!((told.map_or(0.0, |force| force.share) - share).abs() < 1e-9, "{told:?} {share}");
        assert!(told.is_none_or(|force| (force.base, force.minutes_tenths) == (0, 50)));
    }
}

/// Whether a site's post is decided on in the tree of a slot.
fn is_decided(plan: &WeekPlan, slot: usize, site: usize) -> bool {
    let slot = plan.certificate.slots.iter().find(|held| held.slot as usize == slot).unwrap();
    slot.nodes.iter().any(|node| matches!(node, WeekNode::Post { site: held, .. } if *held as usize == site))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_post_that_always_stands_spares_what_its_people_cost_but_for_the_gap(data in any_week(true)) {
        let (week, outcome) = solved(&data);
        let WeekOutcome::Planned(plan) = outcome else { return Ok(()) };
        let gap = plan.value - plan.bound;
        for site in 0..data.sites.len() {
            for reason in explain_week(&week, &plan.schedules, &plan.certificate, site).unwrap() {
                let is_whole = reason.crews[0].is_whole;
                if reason.post_share < 1.0 || reason.is_mandatory || is_decided(&plan, reason.slot, site) || is_whole {
                    continue;
                }
                // Several contingents may man it by turns: it costs no less than the cheapest of them.
                let price = reason.crews[0].price.unwrap();
                prop_assert!(
                    reason.post_gain >= price - gap - 1e-6 * plan.value.max(1.0),
                    "site {site}: {} below {price}, gap {gap}: {reason:?}", reason.post_gain
                );
            }
        }
    }
}
