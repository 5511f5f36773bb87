//! Travel times and routes over a network.
//!
//! [`Router::prepare`] orders the network once (nested dissection by inertial flow) and builds a
//! customizable contraction hierarchy (Dibbelt, Strasser and Wagner, "Customizable contraction
//! hierarchies", ACM Journal of Experimental Algorithmics 21, 2016) with the crate `cch`.
//! Order and hierarchy know neither speeds nor closures. [`Router::metric`] puts the times of one
//! profile, weather and set of road states onto them, and [`Router::update`] changes the road
//! states of a metric, revisiting only what a changed link can affect.
//!
//! Forbidden turns and barriers for vehicles hold for motor traffic, barriers for people on foot for
//! people on foot. Who arrives at a barrier may turn round there.
//!
//! All answers are exact: [`dijkstra`] is a plain search over the same graph, with which the
//! tests compare everything.
//!
//! Times are whole milliseconds. A trip longer than 24 days is not found.

pub mod dijkstra;
pub(crate) mod geometry;
pub(crate) mod graph;
pub(crate) mod grid;
mod metric;
mod order;
mod search;
mod snap;
mod sweep;
mod trip;

pub use metric::Metric;
pub use order::OrderError;
pub use search::Search;
pub use snap::{Part, SNAP_LARGEST_FACTOR, SNAP_LARGEST_SLACK_M, Snap, SnapMarks, Spot};
pub use sweep::TimeTable;
pub use trip::{Lengths, Route, Step};

use crate::network::Network;
use cch::Cch;
use graph::RoadGraph;
use grid::Grid;
use std::sync::Arc;

/// No way through: larger than any time that is added up.
pub(crate) const UNREACHED: u32 = cch::INF_WEIGHT;

/// A network made ready for travel times.
#[derive(Debug)]
pub struct Router {
    network: Arc<Network>,
    pub(crate) graph: RoadGraph,
    pub(crate) hierarchy: Cch,
    pub(crate) grid: Grid,
}

impl Router {
    /// Orders a network and builds its hierarchy: seconds for a city, minutes for a country.
    pub fn prepare(network: Arc<Network>) -> Self {
        let graph = RoadGraph::new(&network);
        let order = order::dissect(&network, &graph);
        Self::build(network, graph, &order)
    }

    /// As [`Router::prepare`], with the order that [`Router::order_bytes`] gave for the same
    /// network.
    pub fn with_order(network: Arc<Network>, bytes: &[u8]) -> Result<Self, OrderError> {
        let graph = RoadGraph::new(&network);
        let order = order::read(bytes, &graph)?;
        Ok(Self::build(network, graph, &order))
    }

    /// The order, to be kept beside the network; it fits this network only.
    pub fn order_bytes(&self) -> Vec<u8> {
        order::write(&self.hierarchy.order, &self.graph)
    }

    fn build(network: Arc<Network>, graph: RoadGraph, order: &[u32]) -> Self {
        let input =
            cch::graph::Graph { first_out: graph.first_out.clone(), head: graph.heads.clone(), weight: Vec::new() };
        let hierarchy = Cch::build(&input, order);
        let grid = Grid::new(&network);
        Self { network, graph, hierarchy, grid }
    }

    /// The network underneath.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Size of what was built, for reports: graph nodes, arcs, arcs of the hierarchy.
    pub fn sizes(&self) -> [usize; 3] {
        [self.graph.node_count(), self.graph.heads.len(), self.hierarchy.cch_arc_count()]
    }

    /// The graph that is searched, so that other programs can be given the same one: tail, head
    /// and milliseconds of every arc that can be used. The first graph nodes are the nodes of the
    /// network; those after them stand for arriving where a turn is forbidden or a barrier is.
    pub fn graph_arcs(&self, metric: &Metric) -> impl Iterator<Item = (u32, u32, u32)> {
        let arcs = self.graph.tails.iter().zip(&self.graph.heads).zip(&metric.weights);
        arcs.filter(|&(_, &ms)| ms < UNREACHED).map(|((&tail, &head), &ms)| (tail, head, ms))
    }

    /// For each graph node, the network node where it is.
    pub fn graph_places(&self) -> &[u32] {
        &self.graph.places
    }
}
