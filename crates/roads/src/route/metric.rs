//! Travel times put onto the hierarchy, and changing them when the state of the road changes.

use super::graph::{RoadGraph, direction_of, index, link_of};
use super::{Router, UNREACHED};
use crate::network::{Direction, Link, Mode};
use crate::profile::{Profile, Weather};
use crate::state::{Policy, RoadStates};
use cch::Cch;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

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
    /// Arcs are numbered by their lower end, so that an arc depends only on arcs before it.
    fn revisit(&self, metric: &mut Metric, changed: &[u32]) -> bool {
        let cch = &self.hierarchy;
        let visits_max = cch.cch_arc_count() / 16 + 64;
        let mut queued = vec![false; cch.cch_arc_count()];
        let mut queue = BinaryHeap::new();
        let push = |queue: &mut BinaryHeap<Reverse<u32>>, queued: &mut Vec<bool>, arc: u32| {
            if !std::mem::replace(&mut queued[arc as usize], true) {
                queue.push(Reverse(arc));
            }
        };
        for &arc in changed {
            push(&mut queue, &mut queued, arc);
        }
        let mut visits = 0;
        while let Some(Reverse(arc)) = queue.pop() {
            visits += 1;
            if visits > visits_max {
                return false;
            }
            let old = [metric.customized.forward[arc as usize], metric.customized.backward[arc as usize]];
            let new = recompute(cch, metric, arc);
            if new != old {
                metric.customized.forward[arc as usize] = new[0];
                metric.customized.backward[arc as usize] = new[1];
                affected(cch, &metric.customized, arc, old, new, |top| push(&mut queue, &mut queued, top));
            }
        }
        true
    }
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
    let (x, y) = (cch.up_tail[arc as usize], cch.up_head[arc as usize]);
    let (mut of_x, mut of_y) = (lower(x), lower(y));
    while let (Some(a), Some(b)) = (of_x.clone().next(), of_y.clone().next()) {
        match cch.down_head[a].cmp(&cch.down_head[b]) {
            std::cmp::Ordering::Less => of_x.start += 1,
            std::cmp::Ordering::Greater => of_y.start += 1,
            std::cmp::Ordering::Equal => {
                if visit(cch.down_to_up[a] as usize, cch.down_to_up[b] as usize) {
                    return;
                }
                of_x.start += 1;
                of_y.start += 1;
            }
        }
    }
}

/// Calls `visit` with each arc over which `arc` forms a lower triangle, if its time may have
/// come from the old time of `arc` or is undercut by the new one.
fn affected(cch: &Cch, times: &cch::Metric, arc: u32, old: [u32; 2], new: [u32; 2], mut visit: impl FnMut(u32)) {
    let (x, y) = (cch.up_tail[arc as usize], cch.up_head[arc as usize]);
    for other in cch.up_first_out[x as usize]..cch.up_first_out[x as usize + 1] {
        if other == arc {
            continue;
        }
        let w = cch.up_head[other as usize];
        let top = arc_between(cch, y.min(w), y.max(w));
        let far = [times.forward[other as usize], times.backward[other as usize]];
        let time = [times.forward[top as usize], times.backward[top as usize]];
        // From y down to x and up to w is upward over the top arc if y is the lower of the two.
        let (from_y, to_y) = if y < w { (time[0], time[1]) } else { (time[1], time[0]) };
        let touches = |old: u32, new: u32, far: u32, time: u32| new + far < time || (old + far == time);
        if touches(old[1], new[1], far[0], from_y) || touches(old[0], new[0], far[1], to_y) {
            visit(top);
        }
    }
}

/// The arc of the hierarchy between two nodes that have one.
fn arc_between(cch: &Cch, low: u32, high: u32) -> u32 {
    let row = cch.up_first_out[low as usize] as usize..cch.up_first_out[low as usize + 1] as usize;
    let offset = cch.up_head[row.clone()].binary_search(&high).expect("two upper neighbours of a node are joined");
    index(row.start + offset)
}
