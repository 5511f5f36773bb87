//! The encoded file: what is written is what is read, and what is damaged is refused.

use super::read;
use super::writer::Content;
use konbit_base::LatLon;
use konbit_base::rng::seeded;
use konbit_roads::base_map::{BaseMap, PlaceKind, PlaceLabel, Waterline, WaterlineKind};
use konbit_roads::encode::{DecodeError, decode, encode};
use konbit_roads::network::{Access, ForbiddenTurn, LengthBasis, Link, Names, Network, RoadClass, RoadNode, Surface};
use proptest::collection::vec;
use proptest::prelude::*;

fn position() -> impl Strategy<Value = LatLon> {
    (-90.0..=90.0f64, -180.0..=180.0f64).prop_map(|(lat, lon)| LatLon::new(lat, lon).unwrap())
}

fn access() -> impl Strategy<Value = Access> {
    any::<(bool, bool)>().prop_map(|(motor, foot)| Access { motor, foot })
}

fn names() -> impl Strategy<Value = Names> {
    let languages = proptest::collection::btree_map("[a-z]{2}", ".{0,6}", 0..3);
    (".{0,6}", proptest::option::of(".{0,4}"), languages).prop_map(|(local, reference, languages)| Names {
        local,
        reference,
        by_language: languages.into_iter().collect(),
    })
}

prop_compose! {
    fn link(nodes: u32, names: u32)(
        ends in (0..nodes, 0..nodes), class in 0..15usize, surface in 0..4usize, basis in 0..4usize, length_dm: u32,
        speed_kmh_max: Option<u8>, given_ms: Option<[u32; 2]>, ways in (access(), access()),
        name in proptest::option::of(0..names), course in vec(position(), 1..4),
    ) -> Link {
        Link {
            from: ends.0,
            to: ends.1,
            class: RoadClass::ALL[class],
            surface: [Surface::Paved, Surface::Gravel, Surface::Earth, Surface::Unknown][surface],
            length_dm,
            basis: [LengthBasis::Measured, LengthBasis::Published, LengthBasis::PublishedApportioned, LengthBasis::Derived][basis],
            speed_kmh_max,
            given_ms,
            forward: ways.0,
            backward: ways.1,
            name,
            course,
        }
    }
}

fn network() -> impl Strategy<Value = Network> {
    let parts = (vec((position(), access()), 2..6), proptest::collection::btree_set(names(), 1..4));
    parts.prop_flat_map(|(nodes, names)| {
        let counts = (u32::try_from(nodes.len()).unwrap(), u32::try_from(names.len()).unwrap());
        (vec(link(counts.0, counts.1), 1..8), any::<Option<String>>()).prop_map(move |(links, notice)| {
            // Every pair of links that meet at the end of the first.
            let mut forbidden_turns = Vec::new();
            for (from, to) in (0..links.len()).flat_map(|a| (0..links.len()).map(move |b| (a, b))) {
                let via = links[from].to;
                if links[to].from == via || links[to].to == via {
                    let [from, to] = [from, to].map(|it| u32::try_from(it).unwrap());
                    forbidden_turns.push(ForbiddenTurn { from, via, to });
                }
            }
            forbidden_turns.sort_unstable();
            Network {
                nodes: nodes.iter().map(|&(position, passable)| RoadNode { position, passable }).collect(),
                links,
                forbidden_turns,
                names: names.iter().cloned().collect(),
                notice,
            }
        })
    })
}

fn base_map() -> impl Strategy<Value = BaseMap> {
    let ring = vec(position(), 3..5).prop_map(|mut ring| {
        ring.push(ring[0]);
        ring
    });
    let line = (names(), vec(position(), 2..4)).prop_map(|(names, course)| Waterline {
        kind: WaterlineKind::Canal,
        names,
        course,
    });
    let place = (position(), names(), any::<Option<u64>>()).prop_map(|(position, names, population)| PlaceLabel {
        kind: PlaceKind::Island,
        position,
        names,
        population,
    });
    (vec(vec(ring, 1..3), 0..3), vec(vec(position(), 2..4), 0..3), vec(line, 0..3), vec(place, 0..3))
        .prop_map(|(water, coastlines, waterlines, places)| BaseMap { water, coastlines, waterlines, places })
}

proptest! {
    #[test]
    fn what_is_encoded_reads_back(network in network(), base_map in base_map()) {
        prop_assert_eq!(network.check(), Ok(()));
        let bytes = encode(&network, &base_map);
        prop_assert_eq!(decode(&bytes).unwrap(), (network, base_map));
    }

    #[test]
    fn bytes_at_random_are_refused_or_read_and_never_more(bytes in vec(any::<u8>(), 0..200)) {
        let mut file = b"konbit-roads\x01".to_vec();
        file.extend(&bytes);
        if let Ok((network, base_map)) = decode(&file) {
            prop_assert_eq!(decode(&encode(&network, &base_map)).unwrap(), (network, base_map));
        }
    }
}

fn sample() -> Vec<u8> {
    let words = "w1 1-2-3 highway=primary name=A name:ht=B; w2 2-4 highway=path; n2 barrier=bollard; n9 place=city name=C; \
        w3 5-6-7-5 natural=water; w5 5-6 waterway=river; w6 6-7 natural=coastline; \
        r1 type=restriction restriction=no_u_turn from:w1 via:n3 to:w1; w4 7-8 route=ferry duration=5 motor_vehicle=yes";
    let imported = read(Content::from_words(words).to_xml().as_bytes()).unwrap();
    encode(&imported.network, &imported.base_map)
}

#[test]
fn an_encoded_file_cut_short_anywhere_is_refused() {
    let bytes = sample();
    for end in 0..bytes.len() {
        assert!(decode(&bytes[..end]).is_err(), "{end} of {}", bytes.len());
    }
    assert!(decode(&[bytes.as_slice(), b"\0"].concat()).is_err());
}

#[test]
fn an_encoded_file_with_a_byte_changed_is_refused_or_keeps_the_invariants() {
    let bytes = sample();
    let mut rng = seeded(3, 0);
    let mut refused = 0;
    for _ in 0..5_000 {
        let mut bytes = bytes.clone();
        let at = usize::try_from(rng.below(bytes.len() as u64)).unwrap();
        bytes[at] = bytes[at].wrapping_add(u8::try_from(rng.below(255)).unwrap() + 1);
        match decode(&bytes) {
            Ok((network, _)) => assert_eq!(network.check(), Ok(()), "byte {at}"),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 1_000, "{refused}");
}

#[test]
fn an_encoded_file_that_lies_is_refused_without_making_room_for_it() {
    let check = |tail: &[u8], expect: &str| {
        let bytes = [b"konbit-roads", tail].concat();
        let message = decode(&bytes).unwrap_err().to_string();
        assert!(message.contains(expect), "{tail:?}: {message}");
    };
    assert_eq!(decode(b"konbit-bread\x01"), Err(DecodeError::NotRoads));
    assert_eq!(decode(b"konbit-roads\x02"), Err(DecodeError::Version(2)));
    // 2^63 names; a text of 2^63 bytes.
    check(b"\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "does not fit");
    check(b"\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "ends too early");
    // A name with a text that is not UTF-8; a node at latitude 91; a link between no nodes.
    check(b"\x01\x00\x01\x01\xff\x00\x00", "not UTF-8");
    check(b"\x01\x00\x00\x01\x80\x88\xe4\x56\x00\x03", "not on the Earth");
    check(b"\x01\x00\x00\x00\x01\x00\x00\x01\x00\x00\x00\x0f\x00\x00\x00\x00", "no node");
}
