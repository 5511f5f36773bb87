//! The road network of a mission, made ready for travel times, and the roads as they are at a
//! moment for one kind of traveller.

use crate::{Desk, DeskError, Moment, Snapshot, Stamp};
use jiff::{SignedDuration, Timestamp};
use konbit_base::{Digest, LatLon, canonical};
use konbit_mission::roads::{EXPIRY_SECONDS_DEFAULT, RoadReport, RoadState, Stretch};
use konbit_mission::{Mission, rules};
use konbit_roads::base_map::BaseMap;
use konbit_roads::network::{Network, RoadClass};
use konbit_roads::profile::{self, Profile, Weather};
use konbit_roads::route::{Metric, Part, Route, Router, Snap, SnapMarks};
use konbit_roads::state::{self, Condition, Coverage, Place, RoadStates};
use konbit_roads::{encode, isochrone::Isochrone, quantile::Spread};
use std::sync::{Arc, Mutex, PoisonError};

/// Profile that reaction forces travel by, where the mission's profiles have it; their first one
/// otherwise.
pub const REACTION_PROFILE: &str = "patrol-vehicle";

/// Plans count a travel time that this share of trips keeps to, in per cent (MODELS: the 80th
/// percentile).
pub const PLANNED_PERCENT: u32 = 80;

/// See [`Roads::tolerance_m`].
const TOLERANCE_SHARE: f64 = 0.15;
/// See [`Roads::tolerance_m`]; in metres.
const TOLERANCE_M_MAX: f64 = 2_000.0;

/// Metrics that are remembered: one for each kind of traveller and weather asked for lately.
const METRICS_MAX: usize = 6;

/// What the roads are asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoadQuestion {
    /// When.
    pub moment: Moment,
    /// Id of the travel profile; `None` for the reaction forces' one.
    pub profile: Option<String>,
    /// Rain and night.
    pub weather: Weather,
    /// A report that is left out: what if the road were free?
    pub without: Option<String>,
    /// Roads closed in thought: all within these places.
    pub closed: Vec<Stretch>,
}

impl RoadQuestion {
    /// By day, dry, for reaction forces, as reported.
    pub fn at(moment: Moment) -> Self {
        Self { moment, profile: None, weather: Weather::default(), without: None, closed: Vec::new() }
    }
}

/// What is remembered of one kind of traveller and weather.
#[derive(Debug, Clone)]
struct Kept {
    metric: Arc<Metric>,
    /// The roads that places are connected to, whatever their states.
    marks: Arc<SnapMarks>,
}

/// A network made ready. A function of its file alone.
#[derive(Debug)]
pub struct Roads {
    digest: Digest,
    router: Router,
    base_map: BaseMap,
    kept: Mutex<Vec<(Digest, Kept)>>,
}

impl Roads {
    /// Reads a network file; `order` is what [`Roads::order_bytes`] gave for it before, if known.
    pub(crate) fn read(digest: Digest, bytes: &[u8], order: Option<&[u8]>) -> Result<Self, DeskError> {
        let (network, base_map) = encode::decode(bytes).map_err(|error| {
            DeskError::Missing(format!("the road network {} cannot be read: {error}; import it again", digest.short()))
        })?;
        let network = Arc::new(network);
        let known = order.and_then(|order| Router::with_order(Arc::clone(&network), order).ok());
        let router = known.unwrap_or_else(|| Router::prepare(network));
        Ok(Self { digest, router, base_map, kept: Mutex::new(Vec::new()) })
    }

    /// The order, which spares the next reading the longest part of the work.
    pub(crate) fn order_bytes(&self) -> Vec<u8> {
        self.router.order_bytes()
    }

    /// SHA-256 of the file.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Nodes, links, names.
    pub fn network(&self) -> &Network {
        self.router.network()
    }

    /// Water and places that came with the network.
    pub fn base_map(&self) -> &BaseMap {
        &self.base_map
    }

    /// The links that a report speaks of. A drawn line is compared with the roads at
    /// [`state::LINE_TOLERANCE_M`] first; where it meets none it is compared at twice that, and so
    /// on up to [`Roads::tolerance_m`].
    pub fn covered(&self, stretch: &Stretch) -> Coverage {
        match stretch {
            Stretch::Line(points) => {
                let mut tolerance_m = state::LINE_TOLERANCE_M;
                loop {
                    let coverage = self.router.cover(&Place::Line { points: points.clone(), tolerance_m });
                    if !coverage.links.is_empty() || tolerance_m >= self.tolerance_m() {
                        return coverage;
                    }
                    tolerance_m = (2.0 * tolerance_m).min(self.tolerance_m());
                }
            }
            Stretch::Around { centre, radius_m } => {
                self.router.cover(&Place::Within { centre: *centre, radius_m: f64::from(*radius_m) })
            }
            Stretch::Within(ring) => self.router.cover(&Place::Area(ring.clone())),
        }
    }

    /// The farthest that a drawn line may lie from the road it means, in metres: a share of the
    /// mean link, because a skeleton of main roads is drawn straighter than the roads are.
    pub fn tolerance_m(&self) -> f64 {
        let links = &self.network().links;
        let metres: f64 = links.iter().map(|link| f64::from(link.length_dm) / 10.0).sum();
        let mean = metres / (links.len().max(1)) as f64;
        (mean * TOLERANCE_SHARE).clamp(state::LINE_TOLERANCE_M, TOLERANCE_M_MAX)
    }

    fn condition(&self, stretch: &Stretch, state: state::RoadState) -> Condition {
        Condition { links: self.covered(stretch).links.into_iter().map(|link| (link, None)).collect(), state }
    }

    /// The times of one kind of traveller; only the road states are new where the rest was asked
    /// for before.
    fn of_traveller(&self, profile: &Profile, weather: Weather, states: &RoadStates) -> Kept {
        let key = canonical::to_bytes(&(profile, weather)).expect("profiles hold texts and whole numbers");
        let key = Digest::of(&key);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let held = kept.iter().position(|(held, _)| *held == key).map(|index| kept.remove(index).1);
        let mut wanted = held.unwrap_or_else(|| {
            let metric = self.router.metric(profile, weather, states);
            let marks = Arc::new(self.router.snap_marks(&metric));
            Kept { metric: Arc::new(metric), marks }
        });
        if wanted.metric.states() != states {
            let mut metric = Arc::unwrap_or_clone(wanted.metric);
            self.router.update(&mut metric, states);
            wanted.metric = Arc::new(metric);
        }
        kept.insert(0, (key, wanted.clone()));
        kept.truncate(METRICS_MAX);
        wanted
    }
}

fn state_of(report: &RoadReport) -> state::RoadState {
    match report.state {
        RoadState::Closed => state::RoadState::Closed,
        RoadState::Slowed { speed_percent } => {
            state::RoadState::Slowed { speed_per_mille: u16::from(speed_percent) * 10 }
        }
        RoadState::Dangerous => state::RoadState::Dangerous,
        RoadState::Held => state::RoadState::Held,
    }
}

/// A place connected to the roads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stop {
    /// The road found for it.
    pub snap: Snap,
    /// Time between place and road, in milliseconds.
    pub connector_ms: u32,
}

impl Stop {
    /// Whether the road is outside the part of the network in which everything can be reached.
    pub fn is_apart(&self) -> bool {
        self.snap.part == Part::Outside
    }
}

/// A way by road from one place to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Trip {
    /// Where it starts.
    pub from: Stop,
    /// Where it ends.
    pub to: Stop,
    /// On the road.
    pub route: Route,
    /// Half of the trips take no longer, in milliseconds; connectors are counted.
    pub usual_ms: u64,
    /// Eight trips in ten take no longer, in milliseconds.
    pub planned_ms: u64,
}

/// The roads at a moment for one kind of traveller.
#[derive(Debug, Clone)]
pub struct RoadsNow {
    roads: Arc<Roads>,
    profile: Profile,
    kept: Kept,
}

impl RoadsNow {
    /// The network.
    pub fn roads(&self) -> &Roads {
        &self.roads
    }

    /// How the traveller travels.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The nearest road that the traveller can use; `None` if it is farther away than the profile
    /// allows: there is no network here.
    pub fn stop(&self, place: LatLon) -> Option<Stop> {
        let connector = &self.profile.connector;
        let snap = self.roads.router.snap(place, &self.kept.marks, f64::from(connector.metres_max))?;
        // Metres over tenths of km/h: 36,000 milliseconds for a metre at a tenth.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative; saturates")]
        let connector_ms = (snap.distance_m * 36_000.0 / f64::from(connector.tenths_kmh.max(1))).round() as u32;
        Some(Stop { snap, connector_ms })
    }

    /// Time that [`PLANNED_PERCENT`] in a hundred trips keep to, in milliseconds, for a usual time.
    pub fn planned_ms(&self, usual_ms: u64) -> u64 {
        let spread = Spread::new(u32::from(self.profile.spread.variation_per_mille));
        spread.quantile_ms(u32::try_from(usual_ms).unwrap_or(u32::MAX), PLANNED_PERCENT)
    }

    /// Usual times in milliseconds from each of `from` to each of `to`, connectors counted; `None`
    /// where no road leads there.
    pub fn times(&self, from: &[Stop], to: &[Stop]) -> Vec<Vec<Option<u64>>> {
        let spots = |stops: &[Stop]| stops.iter().map(|stop| stop.snap.spot).collect::<Vec<_>>();
        let table = self.roads.router.matrix(&self.kept.metric, &spots(from), &spots(to));
        let whole = |row: usize, column: usize| {
            let connectors = u64::from(from[row].connector_ms) + u64::from(to[column].connector_ms);
            Some(u64::from(table.get(row, column)?) + connectors)
        };
        (0..from.len()).map(|row| (0..to.len()).map(|column| whole(row, column)).collect()).collect()
    }

    /// The quickest way; `None` if no road leads there.
    pub fn trip(&self, from: Stop, to: Stop) -> Option<Trip> {
        let route = self.roads.router.search().route(&self.kept.metric, from.snap.spot, to.snap.spot)?;
        let usual_ms = u64::from(route.ms) + u64::from(from.connector_ms) + u64::from(to.connector_ms);
        Some(Trip { from, to, route, usual_ms, planned_ms: self.planned_ms(usual_ms) })
    }

    /// What can be reached from a stop within each of `minutes`, usual times; the widest last if
    /// they are given so.
    pub fn reach(&self, from: Stop, minutes: &[u32]) -> Vec<Isochrone> {
        let limits: Vec<u32> =
            minutes.iter().map(|minutes| (minutes * 60_000).saturating_sub(from.connector_ms)).collect();
        self.roads.router.isochrones(&self.kept.metric, &[from.snap.spot], &limits, self.cell_m())
    }

    /// Side of the cells that reachable areas are drawn with, in metres: finer in a town.
    fn cell_m(&self) -> f64 {
        (self.roads.tolerance_m() / 2.0).clamp(50.0, 400.0)
    }
}

impl Desk {
    /// The mission's road network, made ready; `None` if none was imported.
    pub fn roads(&self, mission: &Mission) -> Result<Option<Arc<Roads>>, DeskError> {
        let Some(network) = mission.road_network.values().next() else { return Ok(None) };
        let mut held = self.roads_held();
        if let Some(roads) = held.as_ref().filter(|roads| roads.digest == network.digest) {
            return Ok(Some(Arc::clone(roads)));
        }
        let bytes = self.dir().network(network.digest)?.ok_or_else(|| {
            DeskError::Missing(format!(
                "the road network is missing or altered: {}; import {} again",
                self.dir().network_path(network.digest).display(),
                network.file
            ))
        })?;
        let order = self.dir().order(network.digest)?;
        let roads = Arc::new(Roads::read(network.digest, &bytes, order.as_deref())?);
        if order.is_none() {
            self.dir().keep_order(network.digest, &roads.order_bytes())?;
        }
        *held = Some(Arc::clone(&roads));
        Ok(Some(roads))
    }

    /// Records a report of a road. The same report twice adds nothing.
    pub fn record_road_report(&self, report: RoadReport, stamp: &Stamp) -> Result<Snapshot, DeskError> {
        let snapshot = self.snapshot()?;
        let events = rules::compare(&snapshot.mission, vec![report.into()]).events;
        self.append_apart(&snapshot, events, stamp)
    }

    /// Ends a report at an instant: it counts no more from then on.
    pub fn end_road_report(&self, id: &str, at: Timestamp, stamp: &Stamp) -> Result<Snapshot, DeskError> {
        self.change_road_report(id, stamp, |report| report.until = Some(at))
    }

    /// Renews a report from an instant: it counts again until it expires
    /// [`EXPIRY_SECONDS_DEFAULT`] later.
    pub fn renew_road_report(&self, id: &str, at: Timestamp, stamp: &Stamp) -> Result<Snapshot, DeskError> {
        self.change_road_report(id, stamp, |report| {
            report.until = None;
            report.expires = at + SignedDuration::from_secs(EXPIRY_SECONDS_DEFAULT);
        })
    }

    fn change_road_report(
        &self,
        id: &str,
        stamp: &Stamp,
        change: impl FnOnce(&mut RoadReport),
    ) -> Result<Snapshot, DeskError> {
        let snapshot = self.snapshot()?;
        let Some(held) = snapshot.mission.road_reports.get(id) else {
            return Err(DeskError::Missing(format!("there is no report of a road {id:?}; it may have been withdrawn")));
        };
        let mut report = held.value.clone();
        change(&mut report);
        let events = rules::compare(&snapshot.mission, vec![report.into()]).events;
        self.append_apart(&snapshot, events, stamp)
    }

    /// The profiles in force: the mission's own, or the built-in ones.
    pub fn travel_profiles(mission: &Mission) -> Vec<Profile> {
        let own = mission.travel_profiles.values().next().and_then(|held| profile::parse(&held.toml).ok());
        own.unwrap_or_else(profile::defaults)
    }

    /// The roads as they are, or would be, for one kind of traveller; `None` if the mission has no
    /// network.
    pub fn roads_now(&self, mission: &Mission, question: &RoadQuestion) -> Result<Option<RoadsNow>, DeskError> {
        let Some(roads) = self.roads(mission)? else { return Ok(None) };
        let profiles = Self::travel_profiles(mission);
        let wanted = question.profile.as_deref().unwrap_or(REACTION_PROFILE);
        let profile = match profiles.iter().find(|profile| profile.id == wanted) {
            Some(profile) => profile.clone(),
            None if question.profile.is_none() => profiles.into_iter().next().expect("profiles are never empty"),
            None => {
                let ids: Vec<&str> = profiles.iter().map(|profile| profile.id.as_str()).collect();
                return Err(DeskError::Missing(format!(
                    "there is no travel profile {wanted:?}; profiles: {}",
                    ids.join(", ")
                )));
            }
        };
        let in_force = mission.road_reports.values().filter(|report| {
            report.is_in_force(question.moment.instant) && question.without.as_deref() != Some(report.id.as_str())
        });
        let mut conditions: Vec<Condition> =
            in_force.map(|report| roads.condition(&report.stretch, state_of(report))).collect();
        conditions.extend(question.closed.iter().map(|stretch| roads.condition(stretch, state::RoadState::Closed)));
        let kept = roads.of_traveller(&profile, question.weather, &RoadStates::new(&conditions));
        Ok(Some(RoadsNow { roads, profile, kept }))
    }
}

/// The roads that a report covers, as a reader sees them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CoveredRoads {
    /// Number of links.
    pub links: usize,
    /// Their length, in metres.
    pub length_m: u64,
    /// Names of the roads, the longest first; roads without a name are left out.
    pub names: Vec<String>,
    /// Course of each link, from end to end.
    pub courses: Vec<Vec<LatLon>>,
}

/// A part of a way, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepWords {
    /// Name of the road, if it has one.
    pub name: Option<String>,
    /// Kind of road.
    pub class: &'static str,
    /// Length, in metres.
    pub length_m: u64,
    /// Usual time, in milliseconds.
    pub ms: u64,
    /// States of the road met here, in words, the worst first.
    pub states: Vec<String>,
}

/// Most names that stand for the roads a report covers.
const NAMES_MAX: usize = 4;

impl Roads {
    /// The roads that a report covers, with names and courses.
    pub fn covered_roads(&self, stretch: &Stretch) -> CoveredRoads {
        let coverage = self.covered(stretch);
        let mut names: Vec<String> = Vec::new();
        for name in coverage.roads.into_iter().filter_map(|road| road.name) {
            if !names.contains(&name) && names.len() < NAMES_MAX {
                names.push(name);
            }
        }
        let courses = coverage.links.iter().map(|link| self.course(*link)).collect();
        CoveredRoads { links: coverage.links.len(), length_m: coverage.length_dm / 10, names, courses }
    }

    /// Class and course of main roads, for a drawing of the whole country.
    pub fn main_roads(&self) -> Vec<(String, Vec<LatLon>)> {
        let links = (0..).zip(&self.network().links);
        links
            .filter_map(|(index, link)| match link.class {
                RoadClass::Motorway | RoadClass::Trunk | RoadClass::Primary => {
                    Some(("primary".to_owned(), self.course(index)))
                }
                RoadClass::Secondary => Some(("secondary".to_owned(), self.course(index))),
                _ => None,
            })
            .collect()
    }

    /// Course of a link, from end to end.
    pub fn course(&self, link: u32) -> Vec<LatLon> {
        let network = self.network();
        let link = &network.links[link as usize];
        let end = |node: u32| network.nodes[node as usize].position;
        [end(link.from)].into_iter().chain(link.course.iter().copied()).chain([end(link.to)]).collect()
    }

    /// What a way passes, in words.
    pub fn step_words(&self, route: &Route) -> Vec<StepWords> {
        let step = |step: &konbit_roads::route::Step| StepWords {
            name: step.name.and_then(|name| self.name(name)),
            class: class_words(step.class),
            length_m: step.length_dm / 10,
            ms: u64::from(step.ms),
            states: step.states.iter().map(|state| state_words(*state)).collect(),
        };
        route.steps.iter().map(step).collect()
    }

    fn name(&self, index: u32) -> Option<String> {
        let names = &self.network().names[index as usize];
        let reference = names.reference.as_deref().unwrap_or_default();
        match (names.local.as_str(), reference) {
            ("", "") => None,
            (local, "") => Some(local.to_owned()),
            ("", reference) => Some(reference.to_owned()),
            (local, reference) if says(local, reference) => Some(local.to_owned()),
            (local, reference) => Some(format!("{local} ({reference})")),
        }
    }
}

/// Whether a name holds its reference number as a word already, such as `RN2 (Bd Dessalines)`.
fn says(name: &str, reference: &str) -> bool {
    name == reference || name.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == reference)
}

/// A kind of road, in words.
fn class_words(class: RoadClass) -> &'static str {
    match class {
        RoadClass::Motorway => "motorway",
        RoadClass::Trunk => "trunk road",
        RoadClass::Primary => "primary road",
        RoadClass::Secondary => "secondary road",
        RoadClass::Tertiary => "tertiary road",
        RoadClass::Unclassified => "minor road",
        RoadClass::Residential => "residential street",
        RoadClass::LivingStreet => "living street",
        RoadClass::Service => "service road",
        RoadClass::Track => "track",
        RoadClass::Road => "road of unknown class",
        RoadClass::Pedestrian => "pedestrian street",
        RoadClass::Path => "path",
        RoadClass::Steps => "steps",
        RoadClass::Ferry => "ferry",
    }
}

fn state_words(state: state::RoadState) -> String {
    match state {
        state::RoadState::Closed => "closed".to_owned(),
        state::RoadState::Slowed { speed_per_mille } => format!("slowed to {} %", speed_per_mille / 10),
        state::RoadState::Dangerous => "dangerous".to_owned(),
        state::RoadState::Held => "held by an armed group".to_owned(),
    }
}
