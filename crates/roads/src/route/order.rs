//! The order in which nodes are contracted, and its bytes.

use super::graph::{RoadGraph, index};
use crate::network::Network;
use konbit_base::Digest;
use thiserror::Error;

const MAGIC: &[u8; 8] = b"KBORDER1";
const HEAD: usize = MAGIC.len() + 32;

/// Why bytes are not the order of a network.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OrderError {
    /// Not written by [`super::Router::order_bytes`], or cut off.
    #[error("these bytes are not a node order; prepare the network anew")]
    Form,
    /// Written for another network.
    #[error("this node order belongs to another network; prepare the network anew")]
    OtherNetwork,
}

/// A nested-dissection order.
pub(crate) fn dissect(network: &Network, graph: &RoadGraph) -> Vec<u32> {
    let n = graph.node_count();
    if n == 0 {
        return Vec::new(); // `inertial_order` needs a node
    }
    let position = |node: u32| network.nodes[node as usize].position;
    #[expect(clippy::cast_possible_truncation, reason = "coordinates only steer the order")]
    let coordinates = |pick: fn(konbit_base::LatLon) -> f64| -> Vec<f32> {
        graph.places.iter().map(|&node| pick(position(node)) as f32).collect()
    };
    let (lats, lons) = (coordinates(konbit_base::LatLon::lat), coordinates(konbit_base::LatLon::lon));
    cch::inertial_order(index(n), &graph.tails, &graph.heads, &lats, &lons)
}

/// Magic, SHA-256 of the graph, then the nodes in order as little-endian words.
pub(crate) fn write(order: &[u32], graph: &RoadGraph) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(fingerprint(graph).0);
    bytes.extend(order.iter().flat_map(|node| node.to_le_bytes()));
    bytes
}

/// The order in `bytes`, checked to be one of this graph.
pub(crate) fn read(bytes: &[u8], graph: &RoadGraph) -> Result<Vec<u32>, OrderError> {
    let (head, body) = bytes.split_at_checked(HEAD).ok_or(OrderError::Form)?;
    if !head.starts_with(MAGIC) || body.len() % 4 != 0 {
        return Err(OrderError::Form);
    }
    if head[MAGIC.len()..] != fingerprint(graph).0 {
        return Err(OrderError::OtherNetwork);
    }
    let words = body.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().expect("four bytes")));
    let order: Vec<u32> = words.collect();
    let mut seen = vec![false; graph.node_count()];
    for &node in &order {
        let slot = seen.get_mut(node as usize).ok_or(OrderError::Form)?;
        if std::mem::replace(slot, true) {
            return Err(OrderError::Form);
        }
    }
    if order.len() == graph.node_count() { Ok(order) } else { Err(OrderError::Form) }
}

fn fingerprint(graph: &RoadGraph) -> Digest {
    let words = graph.first_out.iter().chain(&graph.heads);
    Digest::of(&words.flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>())
}
