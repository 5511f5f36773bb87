//! The road network: import, travel times, states of the road.

#![allow(clippy::unwrap_used, reason = "helpers of tests stop where they cannot go on, as tests do")]

mod import;
mod route;
mod route_area;
mod route_brute;
mod route_random;
mod route_shared;
mod route_support;
