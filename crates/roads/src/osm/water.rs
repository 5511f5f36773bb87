//! Water for the base map: outlines put together from ways, coast, rivers.

use super::nodes::Nodes;
use super::relations::{Lake, Relations};
use super::tally::{Tally, reason};
use super::ways::{Water, WaterWay, Ways};
use crate::base_map::{BaseMap, Rings, Waterline};
use crate::network::Names;
use crate::wire::micro;
use konbit_base::LatLon;
use std::collections::{BTreeMap, BTreeSet};

/// The base map of some ways and relations; places aside.
pub(super) fn base_map(ways: &Ways, refs: &[u32], nodes: &Nodes, relations: &Relations, tally: &mut Tally) -> BaseMap {
    let drawn = Drawn { refs, nodes };
    let outer: BTreeSet<i64> = relations
        .lakes
        .iter()
        .flat_map(|lake| lake.members.iter().filter(|(_, is_inner)| !is_inner).map(|(way, _)| *way))
        .collect();
    let mut map = BaseMap::default();
    let (mut members, mut coasts) = (BTreeMap::new(), Vec::new());
    for way in &ways.water {
        match &way.is {
            // Where the outline belongs to a relation, the relation knows the holes.
            Water::Area if outer.contains(&way.id) => {}
            Water::Area => match drawn.whole(way).and_then(|line| drawn.ring(&line)) {
                Some(ring) => map.water.push(vec![ring]),
                None => tally.add(&reason::WATER_OPEN, way.id, "way"),
            },
            Water::Member => drop(drawn.whole(way).map(|line| members.insert(way.id, line))),
            Water::Coast => coasts.extend(drawn.runs(way)),
            Water::Line(kind, name) => {
                let names = name.map_or_else(Names::default, |name| ways.names[name as usize].clone());
                let lines = drawn.runs(way).into_iter().map(|line| drawn.positions(&line)).filter(|it| it.len() > 1);
                map.waterlines.extend(lines.map(|course| Waterline { kind: *kind, names: names.clone(), course }));
            }
        }
    }
    for lake in &relations.lakes {
        map.water.extend(drawn.polygons(lake, &members, tally));
    }
    map.coastlines = join_coast(&coasts).iter().map(|line| drawn.positions(line)).filter(|it| it.len() > 1).collect();
    map
}

/// The nodes of ways, with their positions.
struct Drawn<'a> {
    refs: &'a [u32],
    nodes: &'a Nodes,
}

impl Drawn<'_> {
    /// All nodes of a way; `None` if the file lacks one.
    fn whole(&self, way: &WaterWay) -> Option<Vec<u32>> {
        let line = &self.refs[way.places()];
        (line.len() > 1 && line.iter().all(|number| self.nodes.is_found(*number))).then(|| line.to_vec())
    }

    /// The parts of a way between nodes that the file lacks.
    fn runs(&self, way: &WaterWay) -> Vec<Vec<u32>> {
        let parts = self.refs[way.places()].split(|number| !self.nodes.is_found(*number));
        parts.filter(|part| part.len() > 1).map(<[u32]>::to_vec).collect()
    }

    /// Positions, each once where one stands several times in a row.
    fn positions(&self, line: &[u32]) -> Vec<LatLon> {
        let mut positions: Vec<LatLon> = line.iter().map(|number| self.nodes.position(*number)).collect();
        positions.dedup();
        positions
    }

    /// A closed line as a ring.
    fn ring(&self, line: &[u32]) -> Option<Vec<LatLon>> {
        let positions = self.positions(line);
        (line.first() == line.last() && positions.len() >= 4).then_some(positions)
    }

    fn polygons(&self, lake: &Lake, members: &BTreeMap<i64, Vec<u32>>, tally: &mut Tally) -> Vec<Rings> {
        let mut rings_of = |inner: bool| -> Vec<Vec<LatLon>> {
            let mut ids: Vec<i64> = lake.members.iter().filter(|it| it.1 == inner).map(|it| it.0).collect();
            ids.sort_unstable();
            ids.dedup();
            let lines: Vec<&[u32]> = ids.iter().filter_map(|id| members.get(id).map(Vec::as_slice)).collect();
            let (rings, mut open) = close(&lines);
            let rings: Vec<_> = rings.iter().filter_map(|ring| self.ring(ring)).collect();
            open += ids.len() - lines.len();
            if open > 0 || (rings.is_empty() && !inner) {
                tally.add(&reason::WATER_OPEN, lake.id, "relation");
            }
            rings
        };
        let (outer, inner) = (rings_of(false), rings_of(true));
        let mut polygons: Vec<Rings> = outer.into_iter().map(|ring| vec![ring]).collect();
        for hole in inner {
            let around = if polygons.len() == 1 {
                polygons.first_mut()
            } else {
                polygons.iter_mut().find(|polygon| contains(&polygon[0], hole[0]))
            };
            match around {
                Some(polygon) => polygon.push(hole),
                None => tally.add(&reason::HOLE_OUTSIDE, lake.id, ""),
            }
        }
        polygons
    }
}

/// Joins lines end to end, either way round, into closed rings; and how many did not close.
fn close(lines: &[&[u32]]) -> (Vec<Vec<u32>>, usize) {
    let mut at: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        at.entry(line[0]).or_default().push(index);
        at.entry(line[line.len() - 1]).or_default().push(index);
    }
    let mut is_used = vec![false; lines.len()];
    let (mut rings, mut open) = (Vec::new(), 0);
    for first in 0..lines.len() {
        if std::mem::replace(&mut is_used[first], true) {
            continue;
        }
        let mut ring = lines[first].to_vec();
        while ring.first() != ring.last() {
            let end = ring[ring.len() - 1];
            // Lines once used are thrown away, so that a node where very many meet costs no more.
            let candidates = at.get_mut(&end).expect("every end was entered");
            candidates.retain(|line| !is_used[*line]);
            let Some(next) = candidates.first().copied() else { break };
            is_used[next] = true;
            let line = lines[next];
            if line[0] == end { ring.extend(&line[1..]) } else { ring.extend(line[..line.len() - 1].iter().rev()) }
        }
        if ring.first() == ring.last() { rings.push(ring) } else { open += 1 }
    }
    (rings, open)
}

/// Joins pieces of coast where one ends and the next begins, keeping their direction.
fn join_coast(lines: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let mut begins: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (index, line) in lines.iter().enumerate().rev() {
        begins.entry(line[0]).or_default().push(index);
    }
    let ends: BTreeSet<u32> = lines.iter().map(|line| line[line.len() - 1]).collect();
    // Lines that nothing leads to come first; what then is left are closed lines.
    let (free, rest): (Vec<usize>, Vec<usize>) = (0..lines.len()).partition(|it| !ends.contains(&lines[*it][0]));
    let mut is_used = vec![false; lines.len()];
    let mut joined = Vec::new();
    for first in free.into_iter().chain(rest) {
        if std::mem::replace(&mut is_used[first], true) {
            continue;
        }
        let mut line = lines[first].clone();
        while line.first() != line.last() {
            let following = begins.get_mut(&line[line.len() - 1]);
            let Some(next) = following.and_then(|it| std::iter::from_fn(|| it.pop()).find(|it| !is_used[*it])) else {
                break;
            };
            is_used[next] = true;
            line.extend(&lines[next][1..]);
        }
        joined.push(line);
    }
    joined
}

/// Even-odd rule, in whole micro-degrees.
fn contains(ring: &[LatLon], point: LatLon) -> bool {
    let [y, x] = micro(point);
    ring.windows(2).fold(false, |inside, edge| {
        let ([ay, ax], [by, bx]) = (micro(edge[0]), micro(edge[1]));
        if (ay > y) == (by > y) {
            return inside;
        }
        // x < ax + (y - ay) (bx - ax) / (by - ay), without the division.
        let (left, right) = ((x - ax) * (by - ay), (y - ay) * (bx - ax));
        inside != if by > ay { left < right } else { left > right }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_close_to_rings_whichever_way_they_run() {
        let check = |lines: &[&[u32]], rings: &[&[u32]], open: usize| {
            let found = close(lines);
            assert_eq!(found, (rings.iter().map(|ring| ring.to_vec()).collect(), open), "{lines:?}");
        };
        check(&[&[1, 2, 3, 1]], &[&[1, 2, 3, 1]], 0);
        check(&[&[1, 2, 3], &[1, 4, 3]], &[&[1, 2, 3, 4, 1]], 0);
        check(&[&[1, 2], &[3, 1], &[2, 3]], &[&[1, 2, 3, 1]], 0);
        check(&[&[1, 2], &[2, 3]], &[], 1);
        check(&[&[1, 2], &[3, 4]], &[], 2);
    }

    #[test]
    fn coast_is_joined_in_its_direction_only() {
        let check = |lines: &[&[u32]], expect: &[&[u32]]| {
            let lines: Vec<Vec<u32>> = lines.iter().map(|line| line.to_vec()).collect();
            assert_eq!(join_coast(&lines), expect, "{lines:?}");
        };
        check(&[&[2, 3], &[1, 2]], &[&[1, 2, 3]]);
        check(&[&[1, 2], &[3, 2]], &[&[1, 2], &[3, 2]]);
        check(&[&[1, 2], &[2, 3], &[3, 1]], &[&[1, 2, 3, 1]]);
    }

    #[test]
    fn a_point_is_inside_by_the_even_odd_rule() {
        let at = |lat, lon| LatLon::new(lat, lon).unwrap();
        let square = [at(0.0, 0.0), at(0.0, 1.0), at(1.0, 1.0), at(1.0, 0.0), at(0.0, 0.0)];
        for (lat, lon, expect) in [(0.5, 0.5, true), (0.5, 1.5, false), (0.5, -0.5, false), (1.5, 0.5, false)] {
            assert_eq!(contains(&square, at(lat, lon)), expect, "{lat}, {lon}");
        }
    }
}
