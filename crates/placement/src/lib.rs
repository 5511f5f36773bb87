//! Placement problems with proven answers.

mod answer;
mod choice;
mod cover_file;
pub mod covering;
mod dual;
pub mod fill;
mod graph;
pub mod median;
mod tree;

pub use answer::{Options, Placement, Status, Watch};
pub use cover_file::{
    COVERING_EARTH_RADIUS_M, CoverShape, Layout, Metric, Points, PointsError, generate_covering, read_points,
};
pub use graph::{GraphError, read_pmed};
