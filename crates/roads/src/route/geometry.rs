//! Plane geometry around a place, and positions along the course of a link.

use crate::network::{Link, Network};
use konbit_base::LatLon;

/// Metres in one degree of latitude on the sphere that [`LatLon::distance_m`] uses
/// (2 pi 6,371,008.8 m / 360).
pub(crate) const DEGREE_M: f64 = 111_195.080_233_532_9;

/// Parts of a link: positions along it are counted in millionths of its drawn course.
pub(crate) const WHOLE: u32 = 1_000_000;

/// Metres east and north of a place. Good to about a per mille within 50 km of it; a course
/// across the antimeridian is not understood.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plane {
    lat: f64,
    lon: f64,
    /// Metres in one degree of longitude at `lat`.
    degree_lon_m: f64,
}

impl Plane {
    pub(crate) fn at(origin: LatLon) -> Self {
        Self { lat: origin.lat(), lon: origin.lon(), degree_lon_m: DEGREE_M * origin.lat().to_radians().cos() }
    }

    /// Metres east and north of the origin.
    pub(crate) fn xy(self, place: LatLon) -> [f64; 2] {
        [(place.lon() - self.lon) * self.degree_lon_m, (place.lat() - self.lat) * DEGREE_M]
    }
}

/// Where the segment `a`-`b` comes nearest to `p`: share of the segment, and distance.
pub(crate) fn nearest_on_segment(p: [f64; 2], a: [f64; 2], b: [f64; 2]) -> (f64, f64) {
    let along = [b[0] - a[0], b[1] - a[1]];
    let square = along[0] * along[0] + along[1] * along[1];
    let share = if square > 0.0 {
        (((p[0] - a[0]) * along[0] + (p[1] - a[1]) * along[1]) / square).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let off = [p[0] - a[0] - share * along[0], p[1] - a[1] - share * along[1]];
    (share, off[0].hypot(off[1]))
}

/// All points of a link: its first node, its course, its last node.
pub(crate) fn points<'a>(network: &'a Network, link: &'a Link) -> impl Iterator<Item = LatLon> + 'a {
    let end = |node: u32| network.nodes[node as usize].position;
    std::iter::once(end(link.from)).chain(link.course.iter().copied()).chain(std::iter::once(end(link.to)))
}

/// The two ends of segment `segment` of a link.
pub(crate) fn segment(network: &Network, link: &Link, segment: usize) -> [LatLon; 2] {
    let at = |index: usize| match index {
        0 => network.nodes[link.from as usize].position,
        _ if index > link.course.len() => network.nodes[link.to as usize].position,
        _ => link.course[index - 1],
    };
    [at(segment), at(segment + 1)]
}

/// Drawn length from the start of a link to each of its points, in metres.
fn metres(points: &[LatLon]) -> Vec<f64> {
    let mut sums = vec![0.0];
    let mut sum = 0.0;
    for pair in points.windows(2) {
        sum += pair[0].distance_m(pair[1]);
        sums.push(sum);
    }
    sums
}

/// The position along a link, in millionths of its drawn course, of a point given by segment
/// and share of the segment.
pub(crate) fn along(network: &Network, link: &Link, segment: usize, share: f64) -> u32 {
    let points: Vec<LatLon> = points(network, link).collect();
    let sums = metres(&points);
    let total = sums.last().copied().unwrap_or(0.0);
    if total <= 0.0 {
        return 0;
    }
    let here = sums[segment] + share * (sums[segment + 1] - sums[segment]);
    to_parts(here / total)
}

/// A share of a link in millionths.
pub(crate) fn to_parts(share: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1e6")]
    let parts = (share.clamp(0.0, 1.0) * f64::from(WHOLE)).round() as u32;
    parts
}

/// The course of a link between two positions along it (millionths), both ends included;
/// backwards if `from > to`.
pub(crate) fn stretch(network: &Network, link: &Link, from: u32, to: u32) -> Vec<LatLon> {
    let points: Vec<LatLon> = points(network, link).collect();
    let sums = metres(&points);
    let total = sums.last().copied().unwrap_or(0.0);
    let (low, high) = (from.min(to), from.max(to));
    let metre = |parts: u32| f64::from(parts) / f64::from(WHOLE) * total;
    let mut course = vec![point_on(&points, &sums, metre(low))];
    if high > low {
        let inner = (0..points.len()).filter(|&i| sums[i] > metre(low) && sums[i] < metre(high));
        course.extend(inner.map(|i| points[i]));
        course.push(point_on(&points, &sums, metre(high)));
    }
    if from > to {
        course.reverse();
    }
    course
}

/// The point at a position along a link, in millionths of its drawn course.
pub(crate) fn point_at(network: &Network, link: &Link, parts: u32) -> LatLon {
    stretch(network, link, parts, parts)[0]
}

fn point_on(points: &[LatLon], sums: &[f64], metre: f64) -> LatLon {
    let after = sums.partition_point(|&sum| sum < metre).clamp(1, points.len() - 1);
    let (a, b) = (points[after - 1], points[after]);
    let length = sums[after] - sums[after - 1];
    let share = if length > 0.0 { ((metre - sums[after - 1]) / length).clamp(0.0, 1.0) } else { 0.0 };
    between(a, b, share)
}

/// The point at a share of the way from `a` to `b`.
pub(crate) fn between(a: LatLon, b: LatLon, share: f64) -> LatLon {
    LatLon::new(a.lat() + share * (b.lat() - a.lat()), a.lon() + share * (b.lon() - a.lon()))
        .expect("a point between two positions is a position")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_point_of_a_segment_is_its_foot_or_an_end() {
        for (p, share, distance) in
            [([5.0, 3.0], 0.5, 3.0), ([-3.0, 4.0], 0.0, 5.0), ([13.0, 4.0], 1.0, 5.0), ([2.0, 0.0], 0.2, 0.0)]
        {
            assert_eq!(nearest_on_segment(p, [0.0, 0.0], [10.0, 0.0]), (share, distance), "{p:?}");
        }
        assert_eq!(nearest_on_segment([3.0, 4.0], [0.0, 0.0], [0.0, 0.0]), (0.0, 5.0));
    }
}
