//! How long ways take: between every base and every site, on the roads as they are at a moment.

use crate::roads::{RoadsNow, Stop};
use konbit_base::LatLon;
use konbit_mission::Mission;
use konbit_mission::protection::{Base, BaseId, Planning, Site, SiteId};
use std::collections::BTreeMap;

/// What a travel time rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WayBasis {
    /// The road network.
    Road,
    /// The great circle times the judged detour factor at the judged speed: there is no network, or
    /// none near one of the two places.
    GreatCircle,
}

/// The way from a base to a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// Alarm to arrival in tenths of a minute: turnout, then travel; by road the 80th percentile.
    pub minutes_tenths: u32,
    /// What it rests on.
    pub basis: WayBasis,
}

/// How soon the nearest reaction force comes to a site, before and after roads changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachChange {
    /// Alarm to arrival before, in tenths of a minute; `None` if no way led there.
    pub before_tenths: Option<u32>,
    /// The same after.
    pub after_tenths: Option<u32>,
    /// Name of the base it comes from then.
    pub after_base: Option<String>,
}

/// Travel times of a mission at a moment. A pair that is not there: no way leads there by road.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Travel {
    ways: BTreeMap<(BaseId, SiteId), Way>,
}

impl Travel {
    /// Travel times from the great circle alone.
    pub fn great_circle(mission: &Mission) -> Self {
        let Some(planning) = mission.planning.values().next() else { return Self::default() };
        let mut ways = BTreeMap::new();
        for base in mission.bases.values() {
            for site in mission.sites.values() {
                let Some(position) = site.position else { continue };
                let minutes_tenths = great_circle_minutes_tenths(planning, base.position, position);
                let way = Way { minutes_tenths, basis: WayBasis::GreatCircle };
                ways.insert((base.id.clone(), site.id.clone()), way);
            }
        }
        Self { ways }
    }

    /// Travel times by road; by the great circle where a base or a site has no road near it.
    pub fn by_road(mission: &Mission, roads: &RoadsNow) -> Self {
        let mut travel = Self::great_circle(mission);
        let Some(planning) = mission.planning.values().next() else { return travel };
        let bases: Vec<(&BaseId, Stop)> =
            mission.bases.values().filter_map(|base| Some((&base.id, roads.stop(base.position)?))).collect();
        let sites: Vec<(&SiteId, Stop)> =
            mission.sites.values().filter_map(|site| Some((&site.id, roads.stop(site.position?)?))).collect();
        let stops = |of: &[(&BaseId, Stop)]| of.iter().map(|(_, stop)| *stop).collect::<Vec<_>>();
        let targets: Vec<Stop> = sites.iter().map(|(_, stop)| *stop).collect();
        let times = roads.times(&stops(&bases), &targets);
        for ((base, _), row) in bases.iter().zip(times) {
            for ((site, _), usual_ms) in sites.iter().zip(row) {
                let pair = ((*base).clone(), (*site).clone());
                match usual_ms {
                    Some(usual_ms) => {
                        let driving = tenths(roads.planned_ms(usual_ms));
                        let minutes_tenths = driving.saturating_add(turnout_tenths(planning));
                        travel.ways.insert(pair, Way { minutes_tenths, basis: WayBasis::Road });
                    }
                    None => {
                        travel.ways.remove(&pair);
                    }
                }
            }
        }
        travel
    }

    /// Sites whose nearest base is farther away, or gone, in `after`: the worst first.
    pub fn changes<'a>(&self, after: &Self, mission: &'a Mission) -> Vec<(&'a Site, ReachChange)> {
        let mut changes: Vec<(&Site, ReachChange)> = Vec::new();
        for site in mission.sites.values() {
            let (before, then) = (self.nearest(mission, &site.id), after.nearest(mission, &site.id));
            let tenths = |found: Option<(&Base, Way)>| found.map(|(_, way)| way.minutes_tenths);
            if tenths(then).unwrap_or(u32::MAX) > tenths(before).unwrap_or(u32::MAX) {
                let change = ReachChange {
                    before_tenths: tenths(before),
                    after_tenths: tenths(then),
                    after_base: then.map(|(base, _)| base.name.clone()),
                };
                changes.push((site, change));
            }
        }
        let delay = |change: &ReachChange| match (change.before_tenths, change.after_tenths) {
            (Some(before), Some(after)) => after - before,
            _ => u32::MAX,
        };
        changes.sort_by(|(a, x), (b, y)| delay(y).cmp(&delay(x)).then_with(|| a.id.cmp(&b.id)));
        changes
    }

    /// How many sites each kind of way leads to, from any base: by road, by the great circle only,
    /// not at all.
    pub fn sites_by_basis(&self, mission: &Mission) -> [usize; 3] {
        let mut counts = [0; 3];
        for site in mission.sites.values().filter(|site| site.position.is_some()) {
            let best =
                mission.bases.values().filter_map(|base| self.way(&base.id, &site.id)).map(|way| way.basis).min();
            counts[match best {
                Some(WayBasis::Road) => 0,
                Some(WayBasis::GreatCircle) => 1,
                None => 2,
            }] += 1;
        }
        counts
    }

    /// The base from which a reaction force comes soonest, and its way.
    pub fn nearest<'a>(&self, mission: &'a Mission, site: &SiteId) -> Option<(&'a Base, Way)> {
        let ways = mission.bases.values().filter_map(|base| Some((base, self.way(&base.id, site)?)));
        ways.min_by_key(|(base, way)| (way.minutes_tenths, base.id.clone()))
    }

    /// The way from a base to a site; `None` if none leads there.
    pub fn way(&self, base: &BaseId, site: &SiteId) -> Option<Way> {
        self.ways.get(&(base.clone(), site.clone())).copied()
    }
}

/// A way of which nobody knows: far longer than any slot.
pub(crate) const NO_WAY_MINUTES: u32 = 1_000_000;

/// Minutes from each place to each, rounded up, without turnout: by road what eight trips in ten keep
/// to, by the great circle where a place has no road near it, [`NO_WAY_MINUTES`] where no road leads.
pub(crate) fn minutes_between(planning: &Planning, places: &[LatLon], roads: Option<&RoadsNow>) -> Vec<Vec<u32>> {
    let turnout = turnout_tenths(planning);
    let far = |from: usize, to: usize| {
        great_circle_minutes_tenths(planning, places[from], places[to]).saturating_sub(turnout).div_ceil(10)
    };
    let stops: Vec<Option<Stop>> = places.iter().map(|place| roads?.stop(*place)).collect();
    let known: Vec<Stop> = stops.iter().flatten().copied().collect();
    let times = roads.map(|roads| roads.times(&known, &known)).unwrap_or_default();
    // The place of each stop among those that are known.
    let mut next = 0;
    let rank: Vec<Option<usize>> = stops
        .iter()
        .map(|stop| {
            stop.as_ref().map(|_| {
                next += 1;
                next - 1
            })
        })
        .collect();
    let pair = |from: usize, to: usize| match (roads, rank[from], rank[to]) {
        (Some(roads), Some(row), Some(column)) => match times[row][column] {
            Some(usual) => u32::try_from(roads.planned_ms(usual).div_ceil(60_000)).unwrap_or(NO_WAY_MINUTES),
            None => NO_WAY_MINUTES,
        },
        _ => far(from, to),
    };
    let whole = |from: usize, to: usize| if from == to { 0 } else { pair(from, to).clamp(1, NO_WAY_MINUTES) };
    (0..places.len()).map(|from| (0..places.len()).map(|to| whole(from, to)).collect()).collect()
}

/// Milliseconds as tenths of a minute, to the nearest.
fn tenths(ms: u64) -> u32 {
    u32::try_from((ms + 3_000) / 6_000).unwrap_or(u32::MAX)
}

/// Alarm to arrival without roads: turnout, then the great circle times the detour factor at the
/// stated speed. In tenths of a minute, rounded to the nearest.
pub fn great_circle_minutes_tenths(planning: &Planning, from: LatLon, to: LatLon) -> u32 {
    let kilometres = from.distance_m(to) / 1000.0 * (planning.detour_milli.best as f64 / 1000.0);
    let hours = kilometres / (planning.speed_kmh_tenths.best.max(1) as f64 / 10.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative; saturates")]
    let driving = (hours * 600.0).round() as u32;
    driving.saturating_add(turnout_tenths(planning))
}

/// Minutes from alarm to departure, in tenths.
pub fn turnout_tenths(planning: &Planning) -> u32 {
    u32::try_from(planning.turnout_minutes_tenths.best).unwrap_or(u32::MAX)
}
