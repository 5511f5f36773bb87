//! The map as the server draws it: complete without JavaScript, and on paper.
//!
//! Projection: equirectangular, with longitudes shortened by the cosine of the middle latitude, which keeps shapes
//! true over one country. Coordinates are written to a tenth of a pixel, and points closer together than that
//! can show are left out.
//!
//! Marks differ by shape, not by colour alone. The shapes are also used by the legend, so that both agree.

use crate::geo::{Line, MapShape, MapSite, Shapes, circle, site_href};
use konbit_base::LatLon;
use konbit_mission::place::Town;
use konbit_mission::situation::{Area, Incident};
use maud::{Markup, PreEscaped, html};
use std::fmt::Write as _;

/// A part of the Earth, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Least longitude.
    pub west: f64,
    /// Least latitude.
    pub south: f64,
    /// Greatest longitude.
    pub east: f64,
    /// Greatest latitude.
    pub north: f64,
}

impl Bounds {
    /// The least bounds around points given as longitude and latitude; none where there is no point.
    pub fn around(points: impl Iterator<Item = (f64, f64)>) -> Option<Self> {
        points.fold(None, |bounds: Option<Self>, (lon, lat)| {
            let b = bounds.unwrap_or(Self { west: lon, south: lat, east: lon, north: lat });
            Some(Self {
                west: b.west.min(lon),
                south: b.south.min(lat),
                east: b.east.max(lon),
                north: b.north.max(lat),
            })
        })
    }

    /// The same, wider by a share of its size on each side, and never narrower than about two kilometres.
    #[must_use]
    pub fn widened(self, share: f64) -> Self {
        let (dx, dy) = (((self.east - self.west) * share).max(0.01), ((self.north - self.south) * share).max(0.01));
        Self { west: self.west - dx, south: self.south - dy, east: self.east + dx, north: self.north + dy }
    }

    /// Whether a point lies inside.
    pub fn contains(&self, position: LatLon) -> bool {
        (self.west..=self.east).contains(&position.lon()) && (self.south..=self.north).contains(&position.lat())
    }
}

/// The square of about `side_km` kilometres that holds the most of `points`; none where there are fewer than two.
pub fn densest(points: &[LatLon], side_km: f64) -> Option<Bounds> {
    let half_lat = side_km / 2.0 / 111.195;
    let around = |centre: LatLon| {
        let half_lon = half_lat / centre.lat().to_radians().cos().max(0.01);
        Bounds {
            west: centre.lon() - half_lon,
            east: centre.lon() + half_lon,
            south: centre.lat() - half_lat,
            north: centre.lat() + half_lat,
        }
    };
    let count = |bounds: &Bounds| points.iter().filter(|point| bounds.contains(**point)).count();
    let best = points.iter().map(|point| around(*point)).max_by_key(count)?;
    (count(&best) > 1).then_some(best)
}

/// What is drawn; what is empty is left out.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// Outline of the country and its neighbours.
    pub outline: &'a Shapes,
    /// Boundaries inside the country.
    pub boundaries: &'a Shapes,
    /// Roads.
    pub roads: &'a Shapes,
    /// Towns to name, the most populous first.
    pub towns: &'a [&'a Town],
    /// Areas held or contested.
    pub areas: &'a [&'a Area],
    /// Incidents.
    pub incidents: &'a [&'a Incident],
    /// Sites with their posture.
    pub sites: &'a [MapSite],
    /// Bases: name and position.
    pub bases: &'a [(String, LatLon)],
    /// Lines and areas of the page itself.
    pub shapes: &'a [MapShape],
    /// The place the page is about, to be ringed.
    pub here: Option<LatLon>,
    /// The part of the Earth to show.
    pub bounds: Bounds,
    /// Says what the picture shows, for those who cannot see it.
    pub label: &'a str,
    /// Prefix of identifiers, so that two pictures can stand on one page.
    pub prefix: &'a str,
}

const WIDTH: f64 = 720.0;

struct Projection {
    bounds: Bounds,
    scale_x: f64,
    scale_y: f64,
    height: f64,
}

impl Projection {
    fn new(bounds: Bounds) -> Self {
        let shorten = f64::midpoint(bounds.south, bounds.north).to_radians().cos().max(0.01);
        let scale_x = WIDTH / (bounds.east - bounds.west);
        let scale_y = scale_x / shorten;
        Self { bounds, scale_x, scale_y, height: ((bounds.north - bounds.south) * scale_y).clamp(120.0, 1_200.0) }
    }

    fn place(&self, lon: f64, lat: f64) -> (f64, f64) {
        ((lon - self.bounds.west) * self.scale_x, (self.bounds.north - lat) * self.scale_y)
    }

    fn at(&self, position: LatLon) -> (f64, f64) {
        self.place(position.lon(), position.lat())
    }

    fn shows(&self, (x, y): (f64, f64)) -> bool {
        (-8.0..WIDTH + 8.0).contains(&x) && (-8.0..self.height + 8.0).contains(&y)
    }

    /// Path data of a line; nothing if no part of it can be seen.
    fn path(&self, line: &Line, closed: bool, out: &mut String) {
        let points: Vec<(f64, f64)> = line.iter().map(|(lon, lat)| self.place(*lon, *lat)).collect();
        let seen = Bounds::around(points.iter().copied())
            .is_some_and(|b| b.east >= 0.0 && b.west <= WIDTH && b.north >= 0.0 && b.south <= self.height);
        if !seen {
            return;
        }
        let mut last = (f64::INFINITY, f64::INFINITY);
        for (index, (x, y)) in points.iter().copied().enumerate() {
            let is_end = index + 1 == points.len();
            if index > 0 && !is_end && (x - last.0).hypot(y - last.1) < 0.8 {
                continue;
            }
            let command = if index == 0 { 'M' } else { 'L' };
            write!(out, "{command}{} {}", tenth(x), tenth(y)).expect("writing to a string cannot fail");
            last = (x, y);
        }
        if closed {
            out.push('Z');
        }
    }
}

/// A tenth of a pixel, without a trailing zero.
fn tenth(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn paths<'a>(projection: &Projection, lines: impl Iterator<Item = &'a Line>, class: &str, closed: bool) -> Markup {
    let mut data = String::new();
    lines.for_each(|line| projection.path(line, closed, &mut data));
    html! { @if !data.is_empty() { path class=(class) d=(data) {} } }
}

/// The shape of a mark, drawn around the origin, by its name: the postures, and `base`, `incident`.
pub fn shape(name: &str) -> Markup {
    PreEscaped(
        match name {
            // A filled square: somebody stands there, always.
            "always" => r#"<path class="m always" d="M-5-5H5V5H-5Z"/>"#,
            // A square, half of it filled: somebody stands there part of the time.
            "sometimes" => {
                r#"<path class="m sometimes-ground" d="M-5-5H5V5H-5Z"/><path class="m always" d="M-5 5V-5L5 5Z"/>"#
            }
            // A ring: nobody stands there, a reaction force comes.
            "reached" => r#"<circle class="m reached" r="3.4"/>"#,
            // A cross: nobody stands there, and nobody comes in time.
            "open" => {
                r#"<path class="m open-ground" d="M-4-4L4 4M4-4L-4 4"/><path class="m open" d="M-4-4L4 4M4-4L-4 4"/>"#
            }
            // A diamond.
            "base" => r#"<path class="m base" d="M0-6.5L6.5 0L0 6.5L-6.5 0Z"/>"#,
            // A small triangle.
            "incident" => r#"<path class="m incident" d="M0-4L3.8 3H-3.8Z"/>"#,
            _ => r#"<circle class="m unplanned" r="2.2"/>"#,
        }
        .to_owned(),
    )
}

/// The pattern that fills areas held by armed groups.
fn hatch(prefix: &str) -> Markup {
    html! {
        pattern id={ (prefix) "-hatch" } width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
            path class="hatch" d="M0 0V6" {}
        }
    }
}

/// The picture.
pub fn map(picture: &Picture<'_>) -> Markup {
    let p = Projection::new(picture.bounds);
    let prefix = picture.prefix;
    let (height, outline) = (tenth(p.height), picture.outline);
    let order = ["unplanned", "reached", "open", "sometimes", "always"];
    html! {
        svg.map xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (WIDTH) " " (height) } role="group" aria-label=(picture.label) {
            defs {
                (hatch(prefix))
                @for name in order.iter().chain(&["base", "incident"]) { g id={ (prefix) "-" (name) } { (shape(name)) } }
            }
            rect.sea width=(WIDTH) height=(height) {}
            (paths(&p, outline.neighbours.iter(), "neighbour", true))
            (paths(&p, outline.host.iter(), "host", true))
            (paths(&p, picture.boundaries.host.iter(), "boundary", true))
            (paths(&p, picture.roads.lines.iter().filter(|(class, _)| class != "primary").map(|(_, line)| line), "road minor", false))
            (paths(&p, picture.roads.lines.iter().filter(|(class, _)| class == "primary").map(|(_, line)| line), "road", false))
            @for area in picture.areas { (area_mark(&p, prefix, area)) }
            @for shape in picture.shapes { (page_shape(&p, shape)) }
            (town_names(&p, picture.towns))
            @for incident in picture.incidents { (incident_mark(&p, prefix, incident)) }
            @for name in order {
                @for site in picture.sites.iter().filter(|site| site.posture == name) { (site_mark(&p, prefix, site)) }
            }
            @for (name, position) in picture.bases {
                @let at = p.at(*position);
                @if p.shows(at) {
                    g { title { "Base: " (name) } (mark(prefix, "base", at)) }
                }
            }
            @if let Some((x, y)) = picture.here.map(|here| p.at(here)) { circle.ring cx=(tenth(x)) cy=(tenth(y)) r="14" {} }
            (scale_bar(&p))
        }
    }
}

fn mark(prefix: &str, name: &str, (x, y): (f64, f64)) -> Markup {
    html! { use href={ "#" (prefix) "-" (name) } x=(tenth(x)) y=(tenth(y)) {} }
}

fn site_mark(p: &Projection, prefix: &str, site: &MapSite) -> Markup {
    let at = p.at(site.position);
    html! {
        @if p.shows(at) {
            a href=(site_href(&site.id)) tabindex="-1" { title { (site.name) ": " (site.says) } (mark(prefix, site.posture, at)) }
        }
    }
}

fn incident_mark(p: &Projection, prefix: &str, incident: &Incident) -> Markup {
    let at = incident.position.map(|position| p.at(position)).filter(|at| p.shows(*at));
    html! {
        @if let Some(at) = at {
            g { title { (crate::format::heading(&incident.kind)) ", " (incident.place) ", " (incident.when()) } (mark(prefix, "incident", at)) }
        }
    }
}

fn area_mark(p: &Projection, prefix: &str, area: &Area) -> Markup {
    let mut data = String::new();
    p.path(&circle(area.position, f64::from(area.radius_m), 24), true, &mut data);
    let control = crate::geo::control_word(area);
    let fill = if control == "held" { format!("url(#{prefix}-hatch)") } else { "none".to_owned() };
    html! {
        @if !data.is_empty() {
            path class={ "area " (control) } fill=(fill) d=(data) { title { (area.name) ": " (control) } }
        }
    }
}

fn page_shape(p: &Projection, shape: &MapShape) -> Markup {
    let mut data = String::new();
    shape.lines.iter().for_each(|line| p.path(line, shape.is_area, &mut data));
    let kind = if shape.is_area { "shape within" } else { "shape" };
    html! {
        @if !data.is_empty() {
            path class={ (kind) " " (shape.class) } fill-rule="evenodd" d=(data) { title { (shape.says) } }
        }
    }
}

/// Names that are kept where the drawing is shown small.
const TOWNS_MAJOR: usize = 6;

/// Names of towns, the most populous first; a name that would lie over another is left out.
fn town_names(p: &Projection, towns: &[&Town]) -> Markup {
    let mut taken: Vec<Bounds> = Vec::new();
    let mut named = Vec::new();
    for town in towns {
        let (x, y) = p.at(town.position);
        let width = 6.2 * town.name.chars().count() as f64;
        let box_of = Bounds { west: x - 4.0, east: x + width + 8.0, south: y - 9.0, north: y + 6.0 };
        let inside = box_of.west > 0.0 && box_of.east < WIDTH && box_of.south > 0.0 && box_of.north < p.height;
        let free = taken.iter().all(|other| {
            box_of.east < other.west
                || box_of.west > other.east
                || box_of.north < other.south
                || box_of.south > other.north
        });
        if inside && free {
            taken.push(box_of);
            named.push((x, y, town.name.as_str()));
        }
    }
    html! {
        g.towns {
            @for (rank, (x, y, name)) in named.into_iter().enumerate() {
                circle cx=(tenth(x)) cy=(tenth(y)) r="1.4" {}
                text.major[rank < TOWNS_MAJOR] x=(tenth(x + 4.0)) y=(tenth(y + 3.5)) { (name) }
            }
        }
    }
}

/// A bar of a round number of kilometres, about an eighth of the width.
fn scale_bar(p: &Projection) -> Markup {
    let kilometres_wide = WIDTH / p.scale_y * 111.195;
    let wanted = kilometres_wide / 8.0;
    let steps = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0];
    let kilometres = steps.iter().copied().rfind(|step| *step <= wanted).unwrap_or(0.1);
    let length = kilometres / kilometres_wide * WIDTH;
    let (x, y) = (14.0, p.height - 14.0);
    html! {
        g.scale {
            path d={ "M" (tenth(x)) " " (tenth(y - 4.0)) "v4h" (tenth(length)) "v-4" } {}
            text x=(tenth(x + length / 2.0)) y=(tenth(y - 6.0)) text-anchor="middle" { (kilometres) " km" }
        }
    }
}

/// The legend of a map: the same shapes, each with words.
pub fn legend(marks: &[(&str, String)]) -> Markup {
    html! {
        ul.legend {
            @for (name, words) in marks {
                li {
                    svg.key viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true" {
                        @match *name {
                            "held" => { path.area.held-key d="M-7-6H7V6H-7Z" {} path.hatch d="M-7 2L1-6M-5 6L7-6M1 6L7 0" {} }
                            "contested" => path.area.contested fill="none" d="M-7-6H7V6H-7Z" {},
                            "road" => path.road d="M-7 4C-3-6 3 6 7-4" {},
                            "closed" | "slowed" | "dangerous" | "road-held" | "route" => path class={ "shape " (name) } d="M-7 4C-3-6 3 6 7-4" {},
                            "reach-15" | "reach-30" | "reach-60" => path class={ "shape within " (name) } d="M-7-5H7V5H-7Z" {},
                            _ => (shape(name)),
                        }
                    }
                    " " (words)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lat: f64, lon: f64) -> LatLon {
        LatLon::new(lat, lon).unwrap()
    }

    fn site(id: &str, posture: &'static str, position: LatLon) -> MapSite {
        MapSite {
            id: id.to_owned(),
            name: format!("Site <{id}>"),
            kind: "school".to_owned(),
            position,
            posture,
            says: "open".to_owned(),
            verified: true,
        }
    }

    fn picture(sites: &[MapSite]) -> String {
        let none = Shapes::default();
        map(&Picture {
            outline: &none,
            boundaries: &none,
            roads: &none,
            towns: &[],
            areas: &[],
            incidents: &[],
            sites,
            bases: &[],
            shapes: &[],
            here: None,
            bounds: Bounds { west: -75.0, south: 18.0, east: -71.5, north: 20.2 },
            label: "test",
            prefix: "t",
        })
        .into_string()
    }

    #[test]
    fn a_site_inside_the_bounds_is_drawn_with_its_shape_title_and_link() {
        let svg = picture(&[site("a", "open", at(19.0, -72.0)), site("b", "always", at(30.0, -72.0))]);
        assert!(svg.contains("href=\"/protection/sites/a\""));
        assert!(svg.contains("Site &lt;a&gt;: open"));
        assert!(svg.contains("#t-open"));
        assert!(!svg.contains("sites/b"), "a site outside the bounds is not drawn");
        assert!(!svg.contains("style="), "the content policy allows no inline style");
    }

    #[test]
    fn north_is_up_east_is_right_and_shapes_keep_their_proportions() {
        let p = Projection::new(Bounds { west: 0.0, south: 59.0, east: 2.0, north: 61.0 });
        assert_eq!(p.place(0.0, 61.0), (0.0, 0.0));
        let (x, y) = p.place(2.0, 59.0);
        // At 60 degrees a degree of longitude is half as long as one of latitude.
        assert!((x - 720.0).abs() < 1e-9 && (y - 1440.0).abs() < 1.0, "{x} {y}");
    }

    #[test]
    fn the_densest_square_holds_the_cluster() {
        let points = [at(18.5, -72.3), at(18.51, -72.31), at(18.52, -72.29), at(19.7, -72.2)];
        let bounds = densest(&points, 30.0).unwrap();
        assert!(points[..3].iter().all(|point| bounds.contains(*point)) && !bounds.contains(points[3]));
        assert_eq!(densest(&points[..1], 30.0), None);
    }

    #[test]
    fn a_line_is_thinned_but_keeps_its_ends() {
        let p = Projection::new(Bounds { west: 0.0, south: 0.0, east: 1.0, north: 1.0 });
        let line: Line = (0..=1000).map(|step| (f64::from(step) / 10_000.0, 0.5)).collect();
        let mut data = String::new();
        p.path(&line, false, &mut data);
        assert!(data.matches('L').count() < 110, "{}", data.matches('L').count());
        assert!(data.ends_with(&format!("L72 {}", tenth(p.place(0.1, 0.5).1))), "{data}");
    }
}
