//! Travel times put onto the hierarchy, and changing them when the state of the road changes.

use super::graph::{RoadGraph, direction_of, index, link_of};
use super::{Router, UNREACHED};
use crate::network::{Direction, Link, Mode};
use crate::profile::{Profile, Weather};
use crate::state::{Policy, RoadStates};
use cch::Cch;
use std::cmp::Ordering;
use std::collections::BTreeMap;

const NONE: u32 = cch::bundle::INVALID_ID;

/// The times of one kind of traveller under one weather and one set of road states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    mode: Mode,
    policy: Policy,
    states: RoadStates,
    /// Per way, without road states; [`UNREACHED`] where the traveller may not go.
    usual_ms: Vec<u32>,
    /// Per way, with road states.
    way_ms: Vec<u32>,
    /// Per arc: time of its way, or [`UNREACHED`] where the turn is forbidden.
    pub(crate) weights: Vec<u32>,
    /// Per arc of the hierarchy: up and down.
    pub(crate) customized: cch::Metric,
}

impl Metric {
    /// Whose access counts.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The road states that these times hold for.
    pub fn states(&self) -> &RoadStates {
        &self.states
    }

    /// Time over a whole link in milliseconds; `None` if it cannot be used that way.
    pub fn link_ms(&self, link: u32, direction: Direction) -> Option<u32> {
        Some(self.way_ms[super::graph::way_of(link, direction) as usize]).filter(|&ms| ms != UNREACHED)
    }

    /// Time over a way on a free road.
    pub(crate) fn usual_ms(&self, way: u32) -> u32 {
        self.usual_ms[way as usize]
    }

    /// Time over a way under the road states.
    pub(crate) fn way_ms(&self, way: u32) -> u32 {
        self.way_ms[way as usize]
    }
}

impl Router {
    /// The metric of a speed profile in some weather, under some road states.
    pub fn metric(&self, profile: &Profile, weather: Weather, states: &RoadStates) -> Metric {
        let travel_ms = |link: &Link, direction| profile.travel_ms(link, direction, weather);
        self.metric_with(profile.mode, travel_ms, states, Policy::from(&profile.states))
    }

    /// A metric from travel times per link and direction in milliseconds; `None` where the
    /// traveller may not or cannot go. Times of 24 days and more count as `None`.
    pub fn metric_with(
        &self,
        mode: Mode,
        travel_ms: impl Fn(&Link, Direction) -> Option<u32>,
        states: &RoadStates,
        policy: Policy,
    ) -> Metric {
        let links = &self.network().links;
        let usual = |way: u32| {
            let link = &links[link_of(way) as usize];
            let access = match direction_of(way) {
                Direction::Forward => link.forward,
                Direction::Backward => link.backward,
            };
            if !access.allows(mode) {
                return UNREACHED;
            }
            travel_ms(link, direction_of(way)).unwrap_or(UNREACHED).min(UNREACHED)
        };
        let usual_ms: Vec<u32> = (0..index(2 * links.len())).map(usual).collect();
        let mut way_ms = usual_ms.clone();
        for way in states.ways() {
            way_ms[way as usize] = under(policy, usual_ms[way as usize], states, way);
        }
        let weights = (0..self.graph.heads.len()).map(|arc| weight(&self.graph, mode, &way_ms, arc)).collect();
        let arcs = self.hierarchy.cch_arc_count();
        let customized = cch::Metric { forward: vec![0; arcs], backward: vec![0; arcs] };
        let mut metric = Metric { mode, policy, states: states.clone(), usual_ms, way_ms, weights, customized };
        self.customise(&mut metric);
        metric
    }

    /// Changes the road states of a metric. The result is the same as that of a new metric; only
    /// the arcs of the hierarchy are revisited that a changed link can affect, and if there are
    /// too many of these, all of them are.
    pub fn update(&self, metric: &mut Metric, states: &RoadStates) {
        let mut ways: Vec<u32> = metric.states.ways().chain(states.ways()).collect();
        ways.sort_unstable();
        ways.dedup();
        let mut changed = Vec::new();
        for way in ways {
            let ms = under(metric.policy, metric.usual_ms[way as usize], states, way);
            if std::mem::replace(&mut metric.way_ms[way as usize], ms) == ms {
                continue;
            }
            for &arc in self.graph.arcs_of(way) {
                let new = weight(&self.graph, metric.mode, &metric.way_ms, arc as usize);
                if std::mem::replace(&mut metric.weights[arc as usize], new) != new {
                    changed.push(self.hierarchy.input_arc_to_cch_arc[arc as usize]);
                }
            }
        }
        metric.states = states.clone();
        changed.retain(|&arc| arc != NONE); // an arc from a node to itself lies on no shortest way
        if !self.revisit(metric, &changed) {
            self.customise(metric);
        }
    }

    /// Customises the whole hierarchy anew from the times of the links: what [`Router::update`]
    /// falls back to, and the reference for its shorter way.
    pub fn customise(&self, metric: &mut Metric) {
        self.hierarchy.customizer().customize_into(&metric.weights, &mut metric.customized);
    }

    /// Customises what depends on the changed arcs of the hierarchy, lowest first; false if that
    /// is too much to be worth it, and the customisation is then unfinished.
    ///
    /// Arcs are numbered by their lower end, so that an arc depends only on arcs before it. An
    /// arc whose time falls waits with its new time; one whose time may rise, because it came
    /// over an arc whose time rose, waits to be worked out anew from all its lower triangles.
    /// Invariant: an arc that waits shows its old times.
    fn revisit(&self, metric: &mut Metric, changed: &[u32]) -> bool {
        let cch = &self.hierarchy;
        let visits_max = cch.cch_arc_count() / VISITS_SHARE + VISITS_MIN;
        let mut pending: BTreeMap<u32, Pending> = BTreeMap::new();
        for &arc in changed {
            pending.insert(arc, Pending { least: times(&metric.customized, arc), is_anew: true });
        }
        let mut visits = 0;
        while let Some((arc, Pending { least, is_anew })) = pending.pop_first() {
            visits += 1;
            if visits > visits_max {
                return false;
            }
            let old = times(&metric.customized, arc);
            let new = if is_anew { recompute(cch, metric, arc) } else { least };
            if new != old {
                metric.customized.forward[arc as usize] = new[0];
                metric.customized.backward[arc as usize] = new[1];
                affect(cch, &metric.customized, arc, old, &mut pending);
            }
        }
        true
    }
}

/// An update visits at most one in so many arcs of the hierarchy before all of them are
/// customised instead; measured on city networks, where a visit costs as much as so many arcs.
const VISITS_SHARE: usize = 10;
const VISITS_MIN: usize = 256;

/// An arc that waits to be visited.
struct Pending {
    /// The least times found for it so far.
    least: [u32; 2],
    /// Whether these may be too low, so that it has to be worked out anew.
    is_anew: bool,
}

/// Times up and down an arc of the hierarchy.
fn times(customized: &cch::Metric, arc: u32) -> [u32; 2] {
    [customized.forward[arc as usize], customized.backward[arc as usize]]
}

fn under(policy: Policy, usual_ms: u32, states: &RoadStates, way: u32) -> u32 {
    if usual_ms == UNREACHED {
        return UNREACHED;
    }
    policy.travel_ms(usual_ms, states.on_way(way)).unwrap_or(UNREACHED).min(UNREACHED)
}

fn weight(graph: &RoadGraph, mode: Mode, way_ms: &[u32], arc: usize) -> u32 {
    if graph.allowed[arc].allows(mode) { way_ms[graph.ways[arc] as usize] } else { UNREACHED }
}

/// Times up and down an arc of the hierarchy, from its own arcs of the graph and from all lower
/// triangles.
fn recompute(cch: &Cch, metric: &Metric, arc: u32) -> [u32; 2] {
    let mut best = [UNREACHED; 2];
    for (direction, best) in best.iter_mut().enumerate() {
        for input in own_arcs(cch, arc, direction == 0) {
            *best = (*best).min(metric.weights[input as usize]);
        }
    }
    let (forward, backward) = (&metric.customized.forward, &metric.customized.backward);
    each_lower_triangle(cch, arc, |bottom, middle| {
        best[0] = best[0].min(backward[bottom] + forward[middle]);
        best[1] = best[1].min(forward[bottom] + backward[middle]);
        false
    });
    best
}

/// Arcs of the graph that an arc of the hierarchy stands for, upward or downward.
pub(crate) fn own_arcs(cch: &Cch, arc: u32, upward: bool) -> impl Iterator<Item = u32> {
    let (own, first, extra) = if upward {
        (&cch.forward_input_arc_of_cch, &cch.first_extra_forward_input_arc_of_cch, &cch.extra_forward_input_arc_of_cch)
    } else {
        (
            &cch.backward_input_arc_of_cch,
            &cch.first_extra_backward_input_arc_of_cch,
            &cch.extra_backward_input_arc_of_cch,
        )
    };
    let more = first[arc as usize] as usize..first[arc as usize + 1] as usize;
    std::iter::once(own[arc as usize]).filter(|&input| input != NONE).chain(extra[more].iter().copied())
}

/// For arc `x`-`y` and every lower node `z` joined to both, calls `visit` with the arcs `z`-`x`
/// and `z`-`y`, until it returns true.
pub(crate) fn each_lower_triangle(cch: &Cch, arc: u32, mut visit: impl FnMut(usize, usize) -> bool) {
    let lower = |node: u32| cch.down_first_out[node as usize] as usize..cch.down_first_out[node as usize + 1] as usize;
    let (mut of_x, mut of_y) = (lower(cch.up_tail[arc as usize]), lower(cch.up_head[arc as usize]));
    while !of_x.is_empty() && !of_y.is_empty() {
        let (a, b) = (cch.down_head[of_x.start], cch.down_head[of_y.start]);
        match a.cmp(&b) {
            Ordering::Less => of_x.start += below(&cch.down_head[of_x.clone()], b),
            Ordering::Greater => of_y.start += below(&cch.down_head[of_y.clone()], a),
            Ordering::Equal => {
                if visit(cch.down_to_up[of_x.start] as usize, cch.down_to_up[of_y.start] as usize) {
                    return;
                }
                of_x.start += 1;
                of_y.start += 1;
            }
        }
    }
}

/// How many of the sorted `nodes` are below `limit`; quick where they are few.
fn below(nodes: &[u32], limit: u32) -> usize {
    if nodes.first().is_none_or(|&node| node >= limit) {
        return 0;
    }
    let mut reach = 1;
    while reach < nodes.len() && nodes[reach] < limit {
        reach *= 2;
    }
    let known = reach / 2;
    known + nodes[known..nodes.len().min(reach)].partition_point(|&node| node < limit)
}

/// Adds the arcs over which `arc`, whose times were `old`, forms a lower triangle, if their times
/// may change by that.
fn affect(cch: &Cch, customized: &cch::Metric, arc: u32, old: [u32; 2], pending: &mut BTreeMap<u32, Pending>) {
    let new = times(customized, arc);
    let [from_y, to_y] = [1, 0].map(|side| Change { old: old[side], new: new[side] });
    each_upper_triangle(cch, arc, |other, top, is_y_lower| {
        let (far, now) = (times(customized, other), times(customized, top));
        // From y down to x and up to w is upward over the top arc if y is the lower of the two.
        let sides = if is_y_lower { [(from_y, far[0]), (to_y, far[1])] } else { [(to_y, far[1]), (from_y, far[0])] };
        let may_change = |(change, far): (Change, u32), now: u32| {
            change.new + far < now || (change.new > change.old && change.old + far <= now)
        };
        if !may_change(sides[0], now[0]) && !may_change(sides[1], now[1]) {
            return; // what waits is never slower than what is shown
        }
        let now = pending.get(&top).map_or(now, |waiting| waiting.least);
        let mut least = now;
        let mut is_anew = false;
        for (least, (change, far)) in least.iter_mut().zip(sides) {
            is_anew |= change.new > change.old && change.old + far == *least;
            *least = (*least).min(change.new + far);
        }
        if is_anew || least != now {
            let waiting = pending.entry(top).or_insert(Pending { least, is_anew });
            waiting.least = least;
            waiting.is_anew |= is_anew;
        }
    });
}

/// A time before and after a visit.
#[derive(Clone, Copy)]
struct Change {
    old: u32,
    new: u32,
}

/// For arc `x`-`y` and every other node `w` above `x`, calls `visit` with the arcs `x`-`w` and
/// `y`-`w`, and whether `y` is below `w`.
fn each_upper_triangle(cch: &Cch, arc: u32, mut visit: impl FnMut(u32, u32, bool)) {
    let row = |first: &[u32], node: u32| first[node as usize] as usize..first[node as usize + 1] as usize;
    let (x, y) = (cch.up_tail[arc as usize], cch.up_head[arc as usize]);
    let of_x = row(&cch.up_first_out, x);
    // Whatever is joined to `x` from above is joined to `y`: below it or above it.
    let mut lower = row(&cch.down_first_out, y);
    for other in of_x.start..arc as usize {
        lower.start += below(&cch.down_head[lower.clone()], cch.up_head[other]);
        visit(index(other), cch.down_to_up[lower.start], false);
    }
    let mut upper = row(&cch.up_first_out, y);
    for other in arc as usize + 1..of_x.end {
        upper.start += below(&cch.up_head[upper.clone()], cch.up_head[other]);
        visit(index(other), index(upper.start), true);
    }
}
