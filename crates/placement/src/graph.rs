//! The p-median instances of the OR-Library: a graph, read and turned into distances.

use crate::median::{Median, MedianError, VERTICES_MAX};
use konbit_base::Digest;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use thiserror::Error;

/// Why bytes are not a graph of the OR-Library form.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GraphError {
    /// Something that is not a whole number where one is due.
    #[error("word {word} is {text:?}, not a whole number; the file holds whole numbers only")]
    NotANumber {
        /// Counted from 1.
        word: usize,
        /// The first characters of it.
        text: String,
    },
    /// The file ends too early.
    #[error("the file ends at word {words}; its first line announces {edges} edges of three numbers each")]
    Short {
        /// Words there are.
        words: usize,
        /// Edges announced.
        edges: u64,
    },
    /// Words are left over.
    #[error("{words} words follow the last edge announced; correct the number of edges in the first line")]
    Long {
        /// Words that are left over.
        words: usize,
    },
    /// An edge to a vertex that is not there.
    #[error("edge {edge} joins vertex {vertex}; vertices are numbered 1 to {vertices}")]
    Vertex {
        /// Counted from 1.
        edge: u64,
        /// The number given.
        vertex: u64,
        /// How many there are.
        vertices: u64,
    },
    /// The distances are not a median instance.
    #[error(transparent)]
    Median(#[from] MedianError),
}

fn number(words: &[&str], at: usize, edges: u64) -> Result<u64, GraphError> {
    let text = words.get(at).ok_or(GraphError::Short { words: words.len(), edges })?;
    text.parse().map_err(|_| GraphError::NotANumber { word: at + 1, text: text.chars().take(40).collect() })
}

/// Reads a graph of the OR-Library (Beasley 1985): vertices, edges and `p`, then each edge as two
/// vertices from 1 and a length. Where an edge is repeated, in either direction, the last counts.
/// Every vertex is a customer and a candidate; the cost of a pair is its shortest distance.
pub fn read_pmed(bytes: &[u8]) -> Result<Median, GraphError> {
    let text = String::from_utf8_lossy(bytes);
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let (vertices, edges, choose) = (number(&words, 0, 0)?, number(&words, 1, 0)?, number(&words, 2, 0)?);
    let count = usize::try_from(vertices).ok().filter(|&n| n <= VERTICES_MAX).ok_or(MedianError::TooMany)?;
    let mut lengths = BTreeMap::new();
    let mut at = 3;
    for edge in 1..=edges {
        let (a, b, length) =
            (number(&words, at, edges)?, number(&words, at + 1, edges)?, number(&words, at + 2, edges)?);
        at += 3;
        if let Some(&vertex) = [a, b].iter().find(|&&v| !(1..=vertices).contains(&v)) {
            return Err(GraphError::Vertex { edge, vertex, vertices });
        }
        let length = u32::try_from(length).map_err(|_| MedianError::Cost { cost: length })?;
        let index = |v: u64| usize::try_from(v - 1).expect("at most the vertices");
        let (a, b) = (index(a), index(b));
        lengths.insert((a.min(b), a.max(b)), length);
    }
    if words.len() > at {
        return Err(GraphError::Long { words: words.len() - at });
    }
    let mut near = vec![Vec::new(); count];
    for (&(a, b), &length) in &lengths {
        near[a].push((b, length));
        near[b].push((a, length));
    }
    let rows = (0..count).map(|from| shortest(&near, from)).collect::<Result<Vec<_>, _>>()?;
    let hash = Digest::of(format!("pmed {vertices} {choose} {lengths:?}").as_bytes());
    Ok(Median::with_hash(rows, usize::try_from(choose).map_err(|_| MedianError::TooMany)?, hash)?)
}

/// Shortest distances from a vertex to all, by Dijkstra's method.
fn shortest(near: &[Vec<(usize, u32)>], from: usize) -> Result<Vec<u32>, MedianError> {
    let mut distance = vec![u64::MAX; near.len()];
    distance[from] = 0;
    let mut heap = BinaryHeap::from([Reverse((0u64, from))]);
    while let Some(Reverse((d, at))) = heap.pop() {
        if d > distance[at] {
            continue;
        }
        for &(to, length) in &near[at] {
            let next = d + u64::from(length);
            if next < distance[to] {
                distance[to] = next;
                heap.push(Reverse((next, to)));
            }
        }
    }
    distance
        .into_iter()
        .enumerate()
        .map(|(to, d)| match d {
            u64::MAX => Err(MedianError::NotConnected { from: from + 1, to: to + 1 }),
            d => u32::try_from(d).map_err(|_| MedianError::Cost { cost: d }),
        })
        .collect()
}
