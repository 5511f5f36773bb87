//! The road network of a mission: import, states of the road, travel times.

pub mod base_map;
pub mod components;
pub mod encode;
pub mod isochrone;
pub mod links;
pub mod network;
pub mod osm;
pub mod plain;
pub mod profile;
pub mod quantile;
pub mod route;
pub mod state;
mod wire;
