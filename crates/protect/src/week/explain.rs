//! Why a site is or is not guarded in each kind of slot of a week, and what would change that.

use super::breach::{examine, named};
use super::change::weights;
use super::data::{Week, WeekData};
use super::evaluate::{WeekFault, WeekSchedule, evaluate_week, helps};
use super::plan::{SlotCertificate, WeekCertificate, WeekNode};
use crate::engine::share;
use crate::evaluate::PROBABILITY_DENOMINATOR;

/// Why a contingent cannot man a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostBar {
    /// It may man no posts in this kind of slot.
    Slot,
    /// It may not serve at this site.
    Site,
    /// It has fewer people on duty than the post takes: so many.
    Seats(u32),
}

/// A contingent and a post.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PostCrew {
    /// Index of the contingent.
    pub contingent: usize,
    /// What the post's people of it spare elsewhere, persons per week at the prices of the proof; or
    /// why it cannot man the post.
    pub price: Result<f64, PostBar>,
    /// Whether the proof counts its seats in whole things: then the price of few seats is a mean over what they
    /// could do, and a larger thing may stand although this post spares more for each person.
    pub is_whole: bool,
}

/// The reaction force that is the best at a site most of the time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestForce {
    /// Index of the base.
    pub base: usize,
    /// Probability that it stops an attempt.
    pub effect: f64,
    /// Minutes from the alarm to the site, in tenths.
    pub minutes_tenths: u32,
    /// Share of the time in which it is the best that waits.
    pub share: f64,
}

/// What a site gets in a kind of slot, and why. All at the prices of the plan's proof: they say what
/// the plan would do if this site alone were a little different, not what it would do if everything
/// changed. Where the proof is a tree, prices are the mean over the leaves in which the plan's schedules
/// lie.
#[derive(Debug, Clone, PartialEq)]
pub struct WeekSiteReason {
    /// Index of the kind of slot.
    pub slot: usize,
    /// Probability that an attempt is stopped.
    pub protection: f64,
    /// Share of the time with a post.
    pub post_share: f64,
    /// Share of the time with a patrol.
    pub patrol_share: f64,
    /// The reaction force that is the best most of the time, if any waits.
    pub force: Option<BestForce>,
    /// Persons harmed by an attempt that succeeds.
    pub value: f64,
    /// Whether a post must stand.
    pub is_mandatory: bool,
    /// Whether a patrol must come by unless a post stands.
    pub must_be_visited: bool,
    /// Protection that it must have, 0 where none is asked for.
    pub floor: f64,
    /// What one unit of protection is worth, persons per week: forecast harm, the watchers' choice in
    /// the proof, and the price of the floor.
    pub worth: f64,
    /// What a post adds over the forces and patrols that come anyway, persons per week, with what it
    /// spares of a visit.
    pub post_gain: f64,
    /// All contingents: first those that can man the post, the cheapest first.
    pub crews: Vec<PostCrew>,
    /// It would be guarded if an attempt harmed at least so many persons, all else equal; its own value
    /// where it is guarded. `None` where no value would do.
    pub guarded_from_value: Option<f64>,
    /// So many more people on duty of the first contingent, and posts that spare more for each person
    /// would stand first, then this one. 0 where it stands always, `None` where nobody can man it.
    pub guarded_with_seats: Option<u64>,
}

/// Explains one site of a plan, kind of slot by kind of slot.
///
/// For a site that is posted always, whose post is not mandatory and not decided on in the proof's tree,
/// the gain is never below the price of who mans it by more than `value - bound` of the plan: what is
/// missing would be part of the gap. Who mans it by whole things ([`PostCrew::is_whole`]) is the exception.
///
/// # Errors
/// [`WeekFault`] where the schedules do not fit the week.
///
/// # Panics
/// When there is no such site, or the certificate is not for the week.
pub fn explain_week(
    week: &Week,
    schedules: &[Vec<WeekSchedule>],
    certificate: &WeekCertificate,
    site: usize,
) -> Result<Vec<WeekSiteReason>, WeekFault> {
    let data = week.data();
    assert!(site < data.sites.len(), "site {site} is one of {}", data.sites.len());
    let evaluation = evaluate_week(week, schedules)?;
    let reason = |s: usize| {
        let kind = &data.slots[s];
        let prices = Prices::new(data, certificate, s, &schedules[s]);
        let given = Given::new(data, s, &schedules[s], site);
        let gain = |i: usize| prices.weight[i] * given.more[i] + prices.visit[i];
        let crews = crews(data, s, site, &prices);
        let value = |i: usize| data.values_milli[kind.values as usize][i] as f64 / 1e3;
        let (protection, posted) = (evaluation.protection[s][site], evaluation.post_share[s][site]);
        let ix = u32::try_from(site).expect("indices of a problem fit 32 bits");
        let price = crews.first().and_then(|crew| crew.price.ok());
        let by_price = price.and_then(|price| {
            let per_value = (prices.weight[site] - prices.floor[site]) / value(site);
            let needed = (price - prices.visit[site]) / given.more[site] - prices.floor[site];
            (given.more[site] > 0.0 && per_value > 0.0).then(|| needed.max(0.0) / per_value)
        });
        // Watchers come when it is the worst site for a group, whatever is forecast.
        let watched = share(data.alpha_ppm) * data.watched_attempts_micro as f64 / 1e6;
        let by_watchers = data.groups.iter().zip(&evaluation.groups).filter_map(|(group, worst)| {
            let reach = watched * share(group.share_ppm) * (1.0 - protection);
            let comes = named(group.sites.as_ref(), ix) && reach > 0.0 && given.more[site] > 0.0;
            (comes && price.is_some()).then(|| worst.harm / reach)
        });
        let from = by_price.into_iter().chain(by_watchers).reduce(f64::min);
        let ratio = |i: usize| gain(i) / f64::from(data.sites[i].seats);
        let missing = |i: usize| f64::from(data.sites[i].seats) * (1.0 - evaluation.post_share[s][i]);
        let with_seats = price.map(|_| {
            let crew = &data.contingents[crews[0].contingent];
            let before = (0u32..)
                .zip(0..data.sites.len())
                .filter(|&(ix, i)| i != site && named(crew.sites.as_ref(), ix) && ratio(i) > ratio(site));
            let seats = before.map(|(_, i)| missing(i)).sum::<f64>() + missing(site);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and rounded")]
            let seats = (seats - 1e-6).max(0.0).ceil() as u64;
            seats
        });
        WeekSiteReason {
            slot: s,
            protection,
            post_share: posted,
            patrol_share: evaluation.patrol_share[s][site],
            force: given.force,
            value: value(site),
            is_mandatory: kind.posts.binary_search(&ix).is_ok(),
            must_be_visited: kind.visits.binary_search(&ix).is_ok(),
            floor: kind.floors.iter().find(|floor| floor.0 == ix).map_or(0.0, |floor| share(floor.1)),
            worth: prices.weight[site],
            post_gain: gain(site),
            guarded_from_value: if posted > 0.0 { Some(value(site)) } else { from.map(|from| from.max(value(site))) },
            guarded_with_seats: if posted >= 1.0 { Some(0) } else { with_seats },
            crews,
        }
    };
    Ok((0..data.slots.len()).map(reason).collect())
}

/// Prices of the proof of one slot, persons per week.
struct Prices {
    /// Of a unit of protection, with the price of the floor.
    weight: Vec<f64>,
    /// Of the floor alone.
    floor: Vec<f64>,
    /// Of a visit.
    visit: Vec<f64>,
    /// Of a seat, by contingent.
    seat: Vec<f64>,
    /// Contingents whose seats count whole where the schedules lie.
    whole: Vec<bool>,
}

impl Prices {
    fn new(data: &WeekData, certificate: &WeekCertificate, s: usize, schedules: &[WeekSchedule]) -> Self {
        let (n, unit) = (data.sites.len(), certificate.price_denominator as f64);
        let mut weight = weights(data, certificate, s);
        let (mut floor, mut visit) = (vec![0.0; n], vec![0.0; n]);
        let mut seat = vec![0.0; data.contingents.len()];
        let mut whole = vec![false; data.contingents.len()];
        let Some(slot) = certificate.slots.iter().find(|slot| slot.slot as usize == s) else {
            return Self { weight, floor, visit, seat, whole };
        };
        for &(i, price) in &slot.floor_prices {
            floor[i as usize] = price as f64 / unit;
            weight[i as usize] += floor[i as usize];
        }
        for schedule in schedules {
            let part = schedule.probability as f64 / PROBABILITY_DENOMINATOR as f64 / unit;
            let WeekNode::Bound { seat_prices, visit_prices, whole_seats, .. } = leaf(slot, schedule) else {
                unreachable!("a leaf has prices")
            };
            for &c in whole_seats {
                whole[c as usize] = true;
            }
            seat.iter_mut().zip(seat_prices).for_each(|(sum, &price)| *sum += part * price as f64);
            for &(i, price) in visit_prices {
                visit[i as usize] += part * price as f64;
            }
        }
        Self { weight, floor, visit, seat, whole }
    }
}

/// The leaf of the proof's tree in which a schedule lies.
fn leaf<'a>(slot: &'a SlotCertificate, schedule: &WeekSchedule) -> &'a WeekNode {
    let mut at = 0;
    loop {
        let node = &slot.nodes[at];
        let (is_held, without, with) = match *node {
            WeekNode::Bound { .. } => return node,
            WeekNode::Post { site, contingent, without, with } => {
                (schedule.posts.contains(&(site, contingent)), without, with)
            }
            WeekNode::Force { base, contingent, without, with } => {
                (schedule.forces.contains(&(base, contingent)), without, with)
            }
            WeekNode::Duty { duty, contingent, without, with } => {
                (schedule.duties.contains(&(duty, contingent)), without, with)
            }
        };
        let next = if is_held { with } else { without } as usize;
        assert!(next > at, "children of a proof's tree stand after their parent");
        at = next;
    }
}

/// What schedules give without the post of each site.
struct Given {
    /// What a post adds to the protection of each site, mean over the schedules.
    more: Vec<f64>,
    /// The best force at the one site.
    force: Option<BestForce>,
}

impl Given {
    fn new(data: &WeekData, s: usize, schedules: &[WeekSchedule], site: usize) -> Self {
        let help = helps(data, s);
        let length = f64::from(data.slots[s].minutes);
        let (post, patrol) = (share(data.static_effect_ppm), share(data.patrol_effect_ppm));
        let mut more = vec![0.0; data.sites.len()];
        let mut best = vec![0.0; data.bases.len()];
        for schedule in schedules {
            let part = schedule.probability as f64 / PROBABILITY_DENOMINATOR as f64;
            let tally = examine(data, s, schedule, &mut |_| Ok(())).expect("the schedule was evaluated");
            let first = |i: usize| help[i].iter().find(|&&(_, base)| tally.waiting[base] > 0);
            for (i, more) in more.iter_mut().enumerate() {
                let there = (tally.minutes[i] as f64 / length).min(1.0);
                let cover = |best: f64| best + there * (patrol - best).max(0.0);
                let alone = first(i).map_or(0.0, |found| share(found.0));
                *more += part * (cover(alone.max(post)) - cover(alone));
            }
            if let Some(&(_, base)) = first(site) {
                best[base] += part;
            }
        }
        let most =
            (0..best.len()).filter(|&b| best[b] > 0.0).max_by(|&a, &b| best[a].total_cmp(&best[b]).then(b.cmp(&a)));
        let force = most.and_then(|base| {
            let table = &data.reach[data.slots[s].reach as usize];
            let reach = table.iter().find(|reach| (reach.site as usize, reach.base as usize) == (site, base))?;
            let (effect, minutes_tenths) = (share(reach.effect_ppm), reach.minutes_tenths);
            Some(BestForce { base, effect, minutes_tenths, share: best[base] })
        });
        Self { more, force }
    }
}

/// Who can man a post at a site, the cheapest first, then who cannot.
fn crews(data: &WeekData, s: usize, site: usize, prices: &Prices) -> Vec<PostCrew> {
    let seats = data.sites[site].seats;
    let ix = u32::try_from(site).expect("indices of a problem fit 32 bits");
    let crew = |(contingent, (crew, part)): (usize, (&super::Contingent, &super::SlotSeats))| {
        let price = if !part.posts {
            Err(PostBar::Slot)
        } else if !named(crew.sites.as_ref(), ix) {
            Err(PostBar::Site)
        } else if part.seats < seats {
            Err(PostBar::Seats(part.seats))
        } else {
            Ok(prices.seat[contingent] * f64::from(seats))
        };
        PostCrew { contingent, price, is_whole: prices.whole[contingent] }
    };
    let mut list: Vec<PostCrew> = data.contingents.iter().zip(&data.slots[s].seats).enumerate().map(crew).collect();
    let key = |crew: &PostCrew| crew.price.unwrap_or(f64::INFINITY);
    list.sort_by(|a, b| key(a).total_cmp(&key(b)).then(a.contingent.cmp(&b.contingent)));
    list
}
