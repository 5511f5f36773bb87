//! The best round of a patrol in an area: a longest path in the time-expanded road network.
//!
//! A state is a site and a minute; a patrol stays between the shortest and the longest stay, earns
//! a rate per minute and a bounty per visit, travels at least a minute to any other site, may wait
//! on the way, and is back at the base when the slot ends. Visits add up when it comes again, so
//! the best value over all rounds is exact, and it is the bound that the proof needs.

use super::model::Area;

/// A round and what it earns.
pub(crate) struct Route {
    /// Site (index in the area's list), arrival, departure, in minutes.
    pub stops: Vec<(usize, u32, u32)>,
    pub value: f64,
}

/// The best round for what a minute at each site and each visit earn. Standing still is a round.
#[expect(clippy::needless_range_loop, reason = "minutes and sites index two tables each")]
pub(crate) fn best(area: &Area, minutes: u32, rate: &[f64], bounty: &[f64]) -> Route {
    let (n, last) = (area.sites.len(), minutes as usize);
    // `arrive[i][t]`: the best so far on arriving at `i` at or before minute `t`; `leave`: the same
    // on leaving. Each with the choice that gave it, to walk back.
    let mut arrive = vec![vec![(f64::NEG_INFINITY, usize::MAX, 0usize); last + 1]; n];
    let mut leave = vec![vec![(f64::NEG_INFINITY, 0usize, 0usize); last + 1]; n];
    for t in 0..=last {
        for i in 0..n {
            let mut at = if t > 0 { arrive[i][t - 1] } else { (f64::NEG_INFINITY, usize::MAX, 0) };
            if area.travel[0][i + 1] as usize == t && at.0 < 0.0 {
                at = (0.0, usize::MAX, t);
            }
            for j in (0..n).filter(|&j| j != i) {
                let travel = area.travel[j + 1][i + 1] as usize;
                if travel <= t && leave[j][t - travel].0 > at.0 {
                    at = (leave[j][t - travel].0, j, t);
                }
            }
            arrive[i][t] = at;
        }
        for i in 0..n {
            let mut at = if t > 0 { leave[i][t - 1] } else { (f64::NEG_INFINITY, 0, 0) };
            for stay in area.stay_min..=area.stay_max.min(minutes) {
                let stay_ix = stay as usize;
                if stay_ix > t {
                    break;
                }
                let value = arrive[i][t - stay_ix].0 + rate[i] * f64::from(stay) + bounty[i];
                if value > at.0 {
                    at = (value, stay_ix, t);
                }
            }
            leave[i][t] = at;
        }
    }
    let home = |i: usize| last.checked_sub(area.travel[i + 1][0] as usize).map(|t| (leave[i][t].0, i, t));
    let end = (0..n).filter_map(home).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    let Some((value, mut i, mut t)) = end.filter(|end| end.0 > 0.0) else {
        return Route { stops: Vec::new(), value: 0.0 };
    };
    let mut stops = Vec::new();
    loop {
        // The choice was made at or before `t`: the minute of it is kept.
        let (_, stay, departure) = leave[i][t];
        let (_, from, arrival) = arrive[i][departure - stay];
        // Arriving early and waiting is arriving: the stay that counts begins when it is needed.
        let minute = |t: usize| u32::try_from(t).expect("minutes of a slot fit 32 bits");
        stops.push((i, minute(departure - stay), minute(departure)));
        if from == usize::MAX {
            break;
        }
        t = arrival - area.travel[from + 1][i + 1] as usize;
        i = from;
    }
    stops.reverse();
    Route { stops, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(travel: &[&[u32]], stay: (u32, u32)) -> Area {
        Area {
            index: 0,
            seats: 1,
            by: 1,
            patrols_max: 1,
            sites: (0..travel.len() - 1).collect(),
            travel: travel.iter().map(|row| row.to_vec()).collect(),
            stay_min: stay.0,
            stay_max: stay.1,
        }
    }

    fn check(area: &Area, minutes: u32, rate: &[f64], bounty: &[f64], expect: f64) {
        let route = best(area, minutes, rate, bounty);
        assert!((route.value - expect).abs() < 1e-9, "{} instead of {expect}: {:?}", route.value, route.stops);
        let earned: f64 = route.stops.iter().map(|&(i, from, to)| rate[i] * f64::from(to - from) + bounty[i]).sum();
        assert!((earned - expect).abs() < 1e-9, "the stops earn {earned}, not {expect}");
        let (mut at, mut t) = (0, 0);
        for &(i, from, to) in &route.stops {
            assert!(from >= t + area.travel[at][i + 1] && at != i + 1, "{:?}", route.stops);
            assert!((area.stay_min..=area.stay_max).contains(&(to - from)));
            (at, t) = (i + 1, to);
        }
        assert!(route.stops.is_empty() || t + area.travel[at][0] <= minutes);
    }

    #[test]
    fn the_best_round_is_found_and_can_be_walked() {
        let two = area(&[&[0, 5, 5], &[5, 0, 10], &[5, 10, 0]], (10, 20));
        // 60 minutes: 5 out, stay a, 10 over, stay b, 5 back: 40 minutes of stay at rates 1 and 2.
        check(&two, 60, &[1.0, 2.0], &[0.0, 0.0], 60.0);
        // 19 minutes are too few for any visit, 20 enough for one of 10.
        check(&two, 19, &[1.0, 2.0], &[0.0, 0.0], 0.0);
        check(&two, 20, &[1.0, 2.0], &[0.0, 0.0], 20.0);
        // Bounties alone: as many visits as fit: 5 + 10 + 10 + 10 + 10 + 10 + 5 = 60.
        check(&two, 60, &[0.0, 0.0], &[1.0, 1.0], 3.0);
        // One site cannot be held longer than the longest stay.
        let one = area(&[&[0, 1], &[1, 0]], (1, 7));
        check(&one, 100, &[1.0], &[0.0], 7.0);
    }

    #[test]
    fn the_best_round_agrees_with_trying_all_rounds() {
        let three = area(&[&[0, 2, 3, 4], &[2, 0, 1, 2], &[3, 1, 0, 3], &[4, 2, 3, 0]], (2, 4));
        let (rate, bounty) = ([1.0, 1.3, 2.1], [0.5, 0.1, 0.0]);
        for minutes in [5, 9, 14, 18] {
            let all = walk(&three, minutes, 0, 0, &rate, &bounty);
            check(&three, minutes, &rate, &bounty, all);
        }
    }

    fn walk(area: &Area, minutes: u32, at: usize, t: u32, rate: &[f64], bounty: &[f64]) -> f64 {
        let mut most = if at == 0 || t + area.travel[at][0] <= minutes { 0.0 } else { f64::NEG_INFINITY };
        for next in (1..=area.sites.len()).filter(|&next| next != at) {
            for stay in area.stay_min..=area.stay_max {
                let left = t + area.travel[at][next] + stay;
                if left <= minutes {
                    let earned = rate[next - 1] * f64::from(stay) + bounty[next - 1];
                    most = most.max(earned + walk(area, minutes, next, left, rate, bounty));
                }
            }
        }
        most
    }
}
