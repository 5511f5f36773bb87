//! What is seen only when rows are held against each other and against the boundaries: exchanged
//! coordinates, shared points, one site under two ids, communes that are not where the point is.

use super::findings::{At, Findings};
use super::table::{Kept, fold};
use crate::boundaries::Boundaries;
use konbit_base::{LatLon, PCode, PlacePrecision};
use konbit_mission::protection::{Base, Site};
use konbit_mission::situation::Incident;
use std::collections::BTreeMap;

/// Two sites of one name closer than this are taken for the same site.
const SAME_SITE_M: f64 = 50.0;
/// A point farther than this from the commune its row's code names is probably another place.
const FAR_M: f64 = 25_000.0;
/// From this many placed rows on, a column of communes is judged as a whole.
const JUDGED_ROWS_MIN: usize = 10;

/// A record that has a place.
pub(crate) trait Placed {
    /// Name for a reader.
    fn name(&self) -> &str;
    /// Position, if known.
    fn position(&self) -> Option<LatLon>;
    /// Administrative area.
    fn area(&mut self) -> &mut Option<PCode>;
    /// The id, as far as it may begin with a code of a place.
    fn code(&self) -> &str;
}

impl Placed for Site {
    fn name(&self) -> &str {
        &self.name
    }
    fn position(&self) -> Option<LatLon> {
        self.position
    }
    fn area(&mut self) -> &mut Option<PCode> {
        &mut self.area
    }
    fn code(&self) -> &str {
        self.id.as_str()
    }
}

impl Placed for Base {
    fn name(&self) -> &str {
        &self.name
    }
    fn position(&self) -> Option<LatLon> {
        Some(self.position)
    }
    fn area(&mut self) -> &mut Option<PCode> {
        &mut self.area
    }
    fn code(&self) -> &str {
        self.id.as_str()
    }
}

impl Placed for Incident {
    fn name(&self) -> &str {
        &self.place
    }
    fn position(&self) -> Option<LatLon> {
        self.position
    }
    fn area(&mut self) -> &mut Option<PCode> {
        &mut self.area
    }
    fn code(&self) -> &str {
        self.id.as_str()
    }
}

/// Warns about positions that make sense only with latitude and longitude exchanged: outside the
/// box of the others (or of the boundaries), and inside it once exchanged. They are kept as given.
pub(crate) fn find_exchanged<T: Placed>(kept: &[Kept<T>], boundaries: Option<&Boundaries>, findings: &mut Findings) {
    let positions: Vec<LatLon> = kept.iter().filter_map(|item| item.value.position()).collect();
    let Some([west, south, east, north]) = boundaries.and_then(Boundaries::extent).or_else(|| box_of_most(&positions))
    else {
        return;
    };
    let inside = |at: LatLon| (west..=east).contains(&at.lon()) && (south..=north).contains(&at.lat());
    for item in kept {
        let Some(at) = item.value.position().filter(|at| !inside(*at)) else { continue };
        if LatLon::new(at.lon(), at.lat()).is_ok_and(inside) {
            let message = format!(
                "{at} lies far from the other rows, and among them with latitude and longitude exchanged; check the order, the values were kept as given"
            );
            findings.warn("coordinates-exchanged", At::row(&item.file, item.row).column("lat"), message);
        }
    }
}

/// The box around the middle eight tenths of the positions in either direction, widened by its own
/// size and half a degree on each side; `None` for fewer than four positions.
fn box_of_most(positions: &[LatLon]) -> Option<[f64; 4]> {
    if positions.len() < 4 {
        return None;
    }
    let range = |degrees: fn(LatLon) -> f64| {
        let mut all: Vec<f64> = positions.iter().map(|at| degrees(*at)).collect();
        all.sort_by(f64::total_cmp);
        let cut = all.len().div_ceil(10).min((all.len() - 1) / 2);
        let (low, high) = (all[cut], all[all.len() - 1 - cut]);
        let margin = (high - low) + 0.5;
        (low - margin, high + margin)
    };
    let (south, north) = range(LatLon::lat);
    let (west, east) = range(LatLon::lon);
    Some([west, south, east, north])
}

/// Notes points that several rows share. Where the file does not say how exact its positions are, a
/// shared point is taken to be known to the town only.
pub(crate) fn find_shared_points(kept: &mut [Kept<Site>], findings: &mut Findings) {
    let mut at: BTreeMap<(String, LatLon), Vec<usize>> = BTreeMap::new();
    for (index, item) in kept.iter().enumerate() {
        if let Some(position) = item.value.position {
            at.entry((item.file.clone(), position)).or_default().push(index);
        }
    }
    let shared: Vec<Vec<usize>> = at.into_values().filter(|indexes| indexes.len() > 1).collect();
    let mut by_file: BTreeMap<String, (usize, usize, u64, bool)> = BTreeMap::new();
    for indexes in &shared {
        let first = &kept[indexes[0]];
        let entry = by_file.entry(first.file.clone()).or_insert((0, 0, first.row, first.states_precision));
        entry.0 += indexes.len();
        entry.1 += 1;
        entry.2 = entry.2.min(first.row);
        if !first.states_precision {
            for index in indexes {
                kept[*index].value.precision = PlacePrecision::Town;
            }
        }
    }
    for (file, (rows, points, first, states_precision)) in by_file {
        let consequence = if states_precision {
            "do not read distances between them"
        } else {
            "their positions are taken to be known to the town only"
        };
        let message = format!(
            "{rows} rows lie on a point that another row has too (points: {points}, first row: {first}); {consequence}"
        );
        findings.note("positions-shared", At::file(&file), message);
    }
}

/// Warns about sites of one name within [`SAME_SITE_M`] of each other under different ids. Of a
/// group of such sites, each is compared with those before it that were not reported themselves.
pub(crate) fn find_same_sites(kept: &[Kept<Site>], findings: &mut Findings) {
    // Cells of a hundredth of a degree, about 1 km, so that only neighbours are compared.
    #[expect(clippy::cast_possible_truncation, reason = "at most 18,000")]
    let cell = |degrees: f64| (degrees * 100.0).floor() as i32;
    let mut held: BTreeMap<(String, i32, i32), Vec<&Kept<Site>>> = BTreeMap::new();
    for item in kept {
        let Some(position) = item.value.position else { continue };
        let (name, row, column) = (fold(&item.value.name), cell(position.lat()), cell(position.lon()));
        let near = (-1..=1).flat_map(|north| (-1..=1).map(move |east| (north, east)));
        let mut others =
            near.filter_map(|(north, east)| held.get(&(name.clone(), row + north, column + east))).flatten();
        let same = others.find(|other| other.value.position.is_some_and(|at| at.distance_m(position) <= SAME_SITE_M));
        if let Some(other) = same {
            let message = format!(
                "{} and {} (row {}) have the same name and lie within 50 m of each other; if they are one site, remove one",
                item.value.id, other.value.id, other.row
            );
            findings.warn("site-twice", At::row(&item.file, item.row).column("name"), message);
        } else {
            held.entry((name, row, column)).or_default().push(item);
        }
    }
}

/// Takes the commune of each placed row from the boundaries, and reports where the file's own
/// column says otherwise. Without boundaries the column is trusted and nothing is said.
pub(crate) fn settle_areas<T: Placed>(kept: &mut [Kept<T>], boundaries: Option<&Boundaries>, findings: &mut Findings) {
    let Some(boundaries) = boundaries else { return };
    let mut differing: Vec<(usize, PCode, PCode)> = Vec::new();
    let mut compared = 0;
    for (index, item) in kept.iter_mut().enumerate() {
        let Some(at) = item.value.position() else { continue };
        let place = At::row(&item.file, item.row);
        let Some(found) = boundaries.locate_or_shore(at) else {
            let nearest = boundaries.nearest(at, f64::INFINITY);
            let distance = nearest.map_or_else(String::new, |(code, m)| {
                format!("; the nearest, {}, is {:.1} km away", label(boundaries, &code), m / 1000.0)
            });
            findings.warn(
                "position-outside",
                place.column("lat"),
                format!("{at} lies in no area of the boundaries{distance}; check the coordinates"),
            );
            continue;
        };
        if let Some((named, distance)) =
            code_area(boundaries, item.value.code(), at).filter(|(_, distance)| *distance > FAR_M)
        {
            let message = format!(
                "{} lies {:.0} km from {}, which its code names; check the coordinates",
                item.value.name(),
                distance / 1000.0,
                label(boundaries, &named)
            );
            findings.warn("position-far-off", place.column("lat"), message);
        }
        if let Some(stated) = item.value.area().replace(found.clone()) {
            compared += 1;
            if !stated.is_within(&found) && !found.is_within(&stated) {
                differing.push((index, stated, found));
            }
        }
    }
    let shifted = compared >= JUDGED_ROWS_MIN && differing.len() * 2 > compared;
    if shifted {
        let unplaced = kept.iter_mut().filter(|item| item.value.position().is_none());
        let without = unplaced.filter_map(|item| item.value.area().take()).count();
        let file = kept[differing[0].0].file.clone();
        let message = format!(
            "the commune of the file differs from the polygon the point lies in for {} of {compared} placed rows, so the column is not trusted: placed rows take the commune of the polygon, {without} rows without a position are left without one",
            differing.len()
        );
        findings.warn("commune-column-not-trusted", At::file(&file).column("adm2_pcode"), message);
        return;
    }
    for (index, stated, found) in differing {
        let item = &kept[index];
        let distance = item.value.position().and_then(|at| boundaries.distance_m(at, &stated));
        let distance = distance.map_or_else(
            || ", which the boundaries do not have".to_owned(),
            |m| format!(", {:.1} km away", m / 1000.0),
        );
        let message = format!(
            "the row says {}{distance}; the point lies in {}, which was taken",
            label(boundaries, &stated),
            label(boundaries, &found)
        );
        findings.warn("commune-differs", At::row(&item.file, item.row).column("adm2_pcode"), message);
    }
}

/// The area whose P-code the digits of a health institution's code begin with, and how far it is
/// from the point. In the codes of the Haitian health ministry the first three digits are those of
/// the commune without the leading zero (`116...` is HT0116), four in the tenth department.
fn code_area(boundaries: &Boundaries, id: &str, at: LatLon) -> Option<(PCode, f64)> {
    let digits =
        id.strip_prefix("hdx-").filter(|rest| rest.len() >= 5 && rest.bytes().all(|byte| byte.is_ascii_digit()))?;
    let country = boundaries.codes().next()?.as_str().get(..2)?.to_owned();
    let codes = [format!("{country}{}", &digits[..4]), format!("{country}0{}", &digits[..3])];
    let code = codes
        .iter()
        .filter_map(|code| PCode::new(code).ok())
        .find(|code| code.as_str().len() == 6 && boundaries.contains_code(code))?;
    let distance = boundaries.distance_m(at, &code)?;
    Some((code, distance))
}

fn label(boundaries: &Boundaries, code: &PCode) -> String {
    boundaries.name(code).map_or_else(|| code.to_string(), |name| format!("{name} ({code})"))
}
