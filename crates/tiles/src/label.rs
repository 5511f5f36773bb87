//! Words and places of labels.

use crate::layer::Value;
use crate::mercator::{World, project};
use konbit_base::LatLon;
use std::collections::BTreeMap;

/// The properties that let a style label a thing in several languages: `name`, and `name:xx` for
/// each of `languages` (such as `ht`) in which the thing has another name than that.
/// A style asks for `name:xx` and falls back to `name`; a name that is the same is not said twice,
/// because every word of a tile is sent over slow links.
///
/// Without a `name` of its own, a thing is called by the first of `languages` it has a name in,
/// and where there is none, by the first of its names in the order of their languages.
/// Nothing, if it has no name at all.
pub fn name_properties(
    name: Option<&str>,
    names: &BTreeMap<String, String>,
    languages: &[&str],
) -> Vec<(String, Value)> {
    let said = |text: &&str| !text.trim().is_empty();
    let own = name.filter(said);
    let by_language = |language: &&str| names.get(*language).map(String::as_str).filter(said);
    let any = || names.values().map(String::as_str).find(said);
    let Some(name) = own.or_else(|| languages.iter().find_map(by_language)).or_else(any) else {
        return Vec::new();
    };
    let mut properties = vec![("name".to_owned(), Value::from(name))];
    for language in languages {
        if let Some(text) = by_language(language).filter(|text| *text != name) {
            properties.push((format!("name:{language}"), Value::from(text)));
        }
    }
    properties
}

/// How many heights of an area are tried for its label.
const HEIGHTS: i32 = 31;

/// A place inside an area (outer ring first, then holes) to put its label: the middle of the widest
/// stretch of 31 level lines across it. Nothing for an area without extent.
pub fn point_inside(rings: &[Vec<LatLon>]) -> Option<LatLon> {
    // Longitude and the northing of the projection, so that "wide" means what is seen on the map.
    let edges: Vec<[(LatLon, World); 2]> = rings.iter().flat_map(|ring| edges(ring)).collect();
    let heights = || edges.iter().map(|[a, _]| a.1.y);
    let (top, bottom) = (heights().min()?, heights().max()?);
    let mut best: Option<(f64, LatLon)> = None;
    for nth in 1..=HEIGHTS {
        let y = f64::from(top) + f64::from(bottom - top) * f64::from(nth) / f64::from(HEIGHTS + 1);
        let mut crossings: Vec<(f64, f64)> = edges
            .iter()
            .filter(|[a, b]| (f64::from(a.1.y) > y) != (f64::from(b.1.y) > y))
            .map(|[a, b]| {
                let share = (y - f64::from(a.1.y)) / (f64::from(b.1.y) - f64::from(a.1.y));
                let between = |from: f64, to: f64| from + share * (to - from);
                (between(a.0.lon(), b.0.lon()), between(a.0.lat(), b.0.lat()))
            })
            .collect();
        crossings.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        for pair in crossings.chunks_exact(2) {
            let width = pair[1].0 - pair[0].0;
            let middle = LatLon::new(f64::midpoint(pair[0].1, pair[1].1), f64::midpoint(pair[0].0, pair[1].0));
            if let Ok(middle) = middle
                && best.is_none_or(|(widest, _)| width > widest)
            {
                best = Some((width, middle));
            }
        }
    }
    best.map(|(_, middle)| middle)
}

/// The edges of a ring given closed or open, each end with its place on the map.
fn edges(ring: &[LatLon]) -> Vec<[(LatLon, World); 2]> {
    let ends: Vec<(LatLon, World)> = ring.iter().map(|p| (*p, project(*p))).collect();
    let followers = ends.iter().skip(1).chain(ends.first());
    ends.iter().zip(followers).map(|(a, b)| [*a, *b]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: Option<&str>, names: &[(&str, &str)], languages: &[&str], expect: &[(&str, &str)]) {
        let names = names.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let expect: Vec<(String, Value)> = expect.iter().map(|(a, b)| ((*a).to_owned(), Value::from(*b))).collect();
        assert_eq!(name_properties(name, &names, languages), expect);
    }

    #[test]
    fn a_thing_is_named_once_per_language_that_differs() {
        let names = [("fr", "Port-au-Prince"), ("ht", "Pòtoprens"), ("en", "Port-au-Prince")];
        let name = Some("Port-au-Prince");
        check(name, &names, &["en", "fr", "ht"], &[("name", "Port-au-Prince"), ("name:ht", "Pòtoprens")]);
        check(None, &names, &["ht", "fr"], &[("name", "Pòtoprens"), ("name:fr", "Port-au-Prince")]);
        check(None, &names, &["es"], &[("name", "Port-au-Prince")]);
        check(Some(" "), &[], &["en"], &[]);
        check(None, &[("fr", "")], &["fr"], &[]);
    }

    #[test]
    fn the_place_of_a_label_lies_inside_and_not_in_a_hole() {
        let ring = |points: &[(f64, f64)]| -> Vec<LatLon> {
            points.iter().map(|(lat, lon)| LatLon::new(*lat, *lon).unwrap()).collect()
        };
        let square = ring(&[(0.0, 0.0), (0.0, 4.0), (4.0, 4.0), (4.0, 0.0), (0.0, 0.0)]);
        let at = point_inside(std::slice::from_ref(&square)).unwrap();
        assert!((at.lon() - 2.0).abs() < 1e-6 && at.lat() > 0.0 && at.lat() < 4.0, "{at}");
        // With a hole from longitude 1 to 3.9, over most of the height, the widest stretch is above or below it.
        let hole = ring(&[(1.0, 1.0), (1.0, 3.9), (3.0, 3.9), (3.0, 1.0)]);
        let at = point_inside(&[square, hole]).unwrap();
        assert!(at.lat() < 1.0 || at.lat() > 3.0, "{at}");
        assert_eq!(point_inside(&[]), None);
        assert_eq!(point_inside(&[ring(&[(1.0, 1.0)])]), None);
    }
}
