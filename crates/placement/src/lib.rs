//! Placement problems with proven answers.
//!
//! Owns four problems that a mission meets when it decides where things go, each with a value, a
//! bound that no answer passes, and how the search ended:
//!
//! | module | question | method |
//! | --- | --- | --- |
//! | [`mod@median`] | where reaction forces wait, so that travel is least in sum | Lagrangian bound, exchanges, branch and bound |
//! | [`mod@covering`] | which posts cover most demand | the same, after merging demand with one cover set; where that leaves a gap, populations of annealed sets and, beside them, cuts over clusters of demand |
//! | [`mod@fill`] | static posts against an adversary who watches, general payoffs | one sort (ORIGAMI) |
//! | [`mod@orienteering`] | which patrols visit most, each within its time | seeded search; bound by prices and ng-routes; where few ways are left, all of them |
//!
//! Readers for the public benchmark formats stand beside them: [`read_pmed`] (OR-Library),
//! [`read_points`] (covering), [`read_top`] (team orienteering).
//!
//! Invariant: no I/O, no clock, no entropy. A time limit is the caller's, through [`Watch`].
//! Invariant: the same instance and [`Options`] give the same answer, unless it was stopped early.
//! Invariant: bounds are computed in whole numbers, or with every rounding against the claim.
//! Floats steer searches; they prove nothing.
//!
//! # Sources
//!
//! Beasley, European Journal of Operational Research 21 (1985) and the OR-Library (median
//! instances). Cornuejols, Fisher, Nemhauser, Management Science 23 (1977) (Lagrangian bound).
//! Barahona and Anbil, Mathematical Programming 87 (2000) (the volume algorithm, which finds the
//! prices). Whitaker, INFOR 21 (1983), and Resende and Werneck, European Journal of Operational
//! Research 174 (2006) (exchanges). Church and `ReVelle` 1974; Cordeau, Furini, Ljubic, European
//! Journal of Operational Research 275 (2019) (covering, merging). Boyd, Operations Research 42
//! (1994) (cuts from small linear programs). Chambolle and Pock, Journal of Mathematical Imaging and
//! Vision 40 (2011), Lu and Yang, arXiv 2407.16144 (2024) (their prices). Kiekintveld, Jain, Tsai, Pita,
//! Ordonez, Tambe, AAMAS 2009 (ORIGAMI). Chao, Golden, Wasil, European Journal of Operational
//! Research 88 (1996) (team orienteering). Baldacci, Mingozzi, Roberti, Operations Research 59
//! (2011) (ng-routes). Baldacci, Christofides, Mingozzi, Mathematical Programming 115 (2008) (all
//! ways within the gap). Vansteenwegen, Souffriau, Vanden Berghe, Van Oudheusden, European Journal of
//! Operational Research 196 (2009) (search).

mod anneal;
mod answer;
mod choice;
mod clusters;
mod cover_file;
pub mod covering;
mod cuts;
mod dual;
mod evolve;
mod facets;
pub mod fill;
mod graph;
pub mod median;
pub mod orienteering;
mod path_bound;
mod path_exact;
mod path_search;
mod saddle;
mod tighten;
mod tree;

pub use answer::{Options, Placement, Status, Watch};
pub use cover_file::{
    COVERING_EARTH_RADIUS_M, CoverShape, Layout, Metric, Points, PointsError, generate_covering, read_points,
};
pub use graph::{GraphError, read_pmed};
pub use orienteering::read_top;
