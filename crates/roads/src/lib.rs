//! The road network of a mission: import, states of the road, travel times.
//!
//! Owns: the network ([`network`]) and its bytes ([`encode`]), what is read into it
//! ([`osm::import`], [`plain::import`], [`links::network`]), which of it hangs together
//! ([`components`]), how fast who travels ([`profile`]), what is reported of roads ([`state`]), exact
//! travel times and routes ([`route`]), reachable areas ([`isochrone`]), how times scatter
//! ([`quantile`]), and what a map is drawn from besides roads ([`base_map`]). Tiles are cut by
//! `konbit-tiles`; reports as events, and what plans make of times, are `konbit-mission`'s and
//! `konbit-desk`'s. Start reading at [`network::Network`] and [`route::Router`].
//!
//! From a file to a time:
//!
//! 1. An import reads from a [`std::io::Read`] (OpenStreetMap three times over: relations, ways,
//!    nodes) and gives a network, the base map, and findings that
//!    name what was dropped and why.
//! 2. [`encode::encode`] turns both into the file that is kept under its SHA-256.
//! 3. [`route::Router::prepare`] orders the nodes and builds the hierarchy, once per network.
//! 4. [`route::Router::metric`] puts the times of one profile and weather onto it, under the road
//!    states of a moment ([`state::RoadStates`]); [`route::Router::update`] changes these.
//! 5. [`route::Router::snap`] connects places; [`route::Router::search`] answers one pair with its
//!    way, [`route::Router::matrix`] and [`route::Router::matrix_to_all`] many,
//!    [`route::Router::isochrones`] an area.
//!
//! Invariant: no clock, no entropy, and no I/O but the reader that an import is given.
//! Invariant: a network is a function of the file's contents; importing twice gives the same bytes.
//! Invariant: memory does not grow with the file but with what is kept of it: a node of the file
//! costs something only if a road, a coast or water uses it.
//! Invariant: a network never changes. States of the road lie over it; order and hierarchy know
//! neither speeds nor states.
//! Invariant: times are exact, in whole milliseconds: every query gives what a plain search
//! ([`route::dijkstra`]) gives over the same graph, and an updated metric equals a new one.
//! Invariant: whatever bytes an import or [`encode::decode`] is given, it answers or says what is
//! wrong, and does not panic.
//!
//! Units: milliseconds, decimetres of length along the road, metres of distance beside it, speeds in
//! tenths of km/h, factors and shares in thousandths.
//!
//! # Limits
//!
//! Turn restrictions that run over ways, conditional and time-dependent rules, lanes and heights are
//! not modelled; they are counted among what was dropped. A trip longer than 24 days is not found.
//!
//! # Sources
//!
//! Dibbelt, Strasser, Wagner, ACM J. Exp. Algorithmics 21 (2016) (customizable contraction
//! hierarchies); the crate `cch` builds and customises them. Schild, Sommer, SEA 2015 (inertial flow,
//! by which nodes are ordered). Delling, Goldberg, Nowatzyk, Werneck, J. Parallel Distrib. Comput. 73
//! (2013) (one to all in sweeps over the hierarchy). Tarjan, SIAM J. Comput. 1 (1972) (what hangs
//! together). `OpenStreetMap` wiki: "PBF Format", "Key:highway", "Key:access", "Key:oneway",
//! "Relation:restriction" (what files and tags mean). Each module names what it rests on.

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
mod strong;
mod wire;
