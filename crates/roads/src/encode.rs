//! A network and its base map as one file of bytes: compact, and the same for the same content.
//!
//! Layout, all numbers whole and little-endian base 128, signed ones in zigzag, positions in
//! micro-degrees as differences to the position before:
//!
//! ```text
//! magic "konbit-roads" | version | notice | names | nodes | links | forbidden turns
//! | water | coastlines | waterlines | places
//! ```
//!
//! A list is its count and its items; a text is its length in bytes and UTF-8; an optional value
//! is 0 or 1 and the value. A file that says anything the invariants of [`Network`] do not allow
//! is refused. Nothing is allocated for a count before the bytes for it are known to be there:
//! what decoding needs is in proportion to the file: some five times for a real network, at most
//! some fifty times for one made to cost memory (a list of empty names).

use crate::base_map::{BaseMap, PlaceKind, PlaceLabel, Rings, Waterline, WaterlineKind};
use crate::network::{Access, ForbiddenTurn, LengthBasis, Link, Names, Network, RoadClass, RoadNode, Surface};
use crate::wire::{Cursor, from_micro, micro, push_signed, push_varint};
use konbit_base::LatLon;
use thiserror::Error;

const MAGIC: &[u8] = b"konbit-roads";
const VERSION: u64 = 1;

/// Why bytes are not a road network.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The file does not begin like one.
    #[error("the file is not a road network of Konbit; import the roads again")]
    NotRoads,
    /// It was written by another version.
    #[error("the road network has format {0}, this program reads format {VERSION}; import the roads again")]
    Version(u64),
    /// It is damaged.
    #[error("the road network is damaged at byte {at}: {what}; import the roads again")]
    Damaged {
        /// Bytes read before the fault was seen.
        at: usize,
        /// What is wrong.
        what: String,
    },
}

/// The bytes of a network and its base map.
pub fn encode(network: &Network, base_map: &BaseMap) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    push_varint(&mut out, VERSION);
    push_option(&mut out, network.notice.as_ref(), |out, notice| push_text(out, notice));
    push_list(&mut out, &network.names, push_names);
    let mut before = [0, 0];
    push_list(&mut out, &network.nodes, |out, node| {
        push_position(out, node.position, &mut before);
        out.push(access_bits(node.passable));
    });
    let mut from_before = 0;
    push_list(&mut out, &network.links, |out, link| {
        push_signed(out, i64::from(link.from) - from_before);
        from_before = i64::from(link.from);
        push_link(out, link, &network.nodes);
    });
    push_list(&mut out, &network.forbidden_turns, |out, turn| {
        for index in [turn.from, turn.via, turn.to] {
            push_varint(out, u64::from(index));
        }
    });
    push_base_map(&mut out, base_map);
    out
}

/// The network and base map that bytes from [`encode`] hold.
pub fn decode(bytes: &[u8]) -> Result<(Network, BaseMap), DecodeError> {
    let body = bytes.strip_prefix(MAGIC).ok_or(DecodeError::NotRoads)?;
    let mut cursor = Cursor::new(body);
    let damaged = |cursor: &Cursor<'_>, what| DecodeError::Damaged { at: MAGIC.len() + cursor.at(), what };
    let version = cursor.varint().map_err(|what| damaged(&cursor, what))?;
    if version != VERSION {
        return Err(DecodeError::Version(version));
    }
    let network = read_network(&mut cursor).map_err(|what| damaged(&cursor, what))?;
    network.check().map_err(|what| damaged(&cursor, what))?;
    let base_map = read_base_map(&mut cursor).map_err(|what| damaged(&cursor, what))?;
    if cursor.remaining() > 0 {
        return Err(damaged(&cursor, format!("{} bytes follow the end", cursor.remaining())));
    }
    Ok((network, base_map))
}

fn push_list<T>(out: &mut Vec<u8>, items: &[T], mut push: impl FnMut(&mut Vec<u8>, &T)) {
    push_varint(out, items.len() as u64);
    for item in items {
        push(out, item);
    }
}

fn push_option<T>(out: &mut Vec<u8>, value: Option<T>, push: impl FnOnce(&mut Vec<u8>, T)) {
    out.push(u8::from(value.is_some()));
    if let Some(value) = value {
        push(out, value);
    }
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    push_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn push_names(out: &mut Vec<u8>, names: &Names) {
    push_text(out, &names.local);
    push_option(out, names.reference.as_ref(), |out, text| push_text(out, text));
    push_list(out, &names.by_language, |out, (language, name)| {
        push_text(out, language);
        push_text(out, name);
    });
}

fn push_position(out: &mut Vec<u8>, position: LatLon, before: &mut [i64; 2]) {
    let here = micro(position);
    push_signed(out, here[0] - before[0]);
    push_signed(out, here[1] - before[1]);
    *before = here;
}

fn push_course(out: &mut Vec<u8>, course: &[LatLon], mut before: [i64; 2]) {
    push_list(out, course, |out, position| push_position(out, *position, &mut before));
}

fn push_link(out: &mut Vec<u8>, link: &Link, nodes: &[RoadNode]) {
    push_signed(out, i64::from(link.to) - i64::from(link.from));
    push_varint(out, u64::from(link.length_dm));
    out.push(place_of(&CLASSES, link.class));
    out.push(place_of(&SURFACES, link.surface));
    out.push(place_of(&BASES, link.basis));
    out.push(access_bits(link.forward) | access_bits(link.backward) << 2);
    push_option(out, link.speed_kmh_max, Vec::push);
    push_option(out, link.given_ms, |out, times| times.iter().for_each(|ms| push_varint(out, u64::from(*ms))));
    push_option(out, link.name, |out, name| push_varint(out, u64::from(name)));
    push_course(out, &link.course, micro(nodes[link.from as usize].position));
}

fn push_base_map(out: &mut Vec<u8>, map: &BaseMap) {
    push_list(out, &map.water, |out, rings| push_list(out, rings, |out, ring| push_course(out, ring, [0, 0])));
    push_list(out, &map.coastlines, |out, line| push_course(out, line, [0, 0]));
    push_list(out, &map.waterlines, |out, line| {
        out.push(place_of(&WATERLINES, line.kind));
        push_names(out, &line.names);
        push_course(out, &line.course, [0, 0]);
    });
    push_list(out, &map.places, |out, place| {
        out.push(place_of(&PLACES, place.kind));
        push_position(out, place.position, &mut [0, 0]);
        push_names(out, &place.names);
        push_option(out, place.population, push_varint);
    });
}

const CLASSES: [RoadClass; 15] = RoadClass::ALL;
const SURFACES: [Surface; 4] = [Surface::Paved, Surface::Gravel, Surface::Earth, Surface::Unknown];
const BASES: [LengthBasis; 4] =
    [LengthBasis::Measured, LengthBasis::Published, LengthBasis::PublishedApportioned, LengthBasis::Derived];
const WATERLINES: [WaterlineKind; 3] = [WaterlineKind::River, WaterlineKind::Stream, WaterlineKind::Canal];
const PLACES: [PlaceKind; 7] = [
    PlaceKind::City,
    PlaceKind::Town,
    PlaceKind::Village,
    PlaceKind::Suburb,
    PlaceKind::Hamlet,
    PlaceKind::Neighbourhood,
    PlaceKind::Island,
];

/// The number of a value in its list, which is its form in the file.
fn place_of<T: Copy + PartialEq>(all: &[T], value: T) -> u8 {
    let place = all.iter().position(|item| *item == value).expect("the list holds every value of its type");
    u8::try_from(place).expect("the lists are short")
}

fn access_bits(access: Access) -> u8 {
    u8::from(access.motor) | u8::from(access.foot) << 1
}

fn access_of(bits: u8) -> Access {
    Access { motor: bits & 1 != 0, foot: bits & 2 != 0 }
}

fn read_list<T>(
    cursor: &mut Cursor<'_>,
    mut read: impl FnMut(&mut Cursor<'_>) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let count = cursor.varint()?;
    // An item takes at least one byte; room is made only as items are read.
    if count > cursor.remaining() as u64 {
        return Err(format!("a list of {count} items does not fit into what is left"));
    }
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(read(cursor)?);
    }
    items.shrink_to_fit();
    Ok(items)
}

fn read_option<'a, T>(
    cursor: &mut Cursor<'a>,
    read: impl FnOnce(&mut Cursor<'a>) -> Result<T, String>,
) -> Result<Option<T>, String> {
    match cursor.byte()? {
        0 => Ok(None),
        1 => read(cursor).map(Some),
        other => Err(format!("{other} is neither absent nor present")),
    }
}

fn read_text(cursor: &mut Cursor<'_>) -> Result<String, String> {
    let length = cursor.varint()?;
    String::from_utf8(cursor.take(length)?.to_vec()).map_err(|_| "a text is not UTF-8".to_owned())
}

fn read_names(cursor: &mut Cursor<'_>) -> Result<Names, String> {
    let names = Names {
        local: read_text(cursor)?,
        reference: read_option(cursor, read_text)?,
        by_language: read_list(cursor, |cursor| Ok((read_text(cursor)?, read_text(cursor)?)))?,
    };
    if names.is_sorted() { Ok(names) } else { Err("the languages of a name are not sorted".to_owned()) }
}

fn read_position(cursor: &mut Cursor<'_>, before: &mut [i64; 2]) -> Result<LatLon, String> {
    for axis in before.iter_mut() {
        *axis = axis.checked_add(cursor.signed()?).ok_or("a position is not on the Earth")?;
    }
    from_micro(*before).ok_or_else(|| "a position is not on the Earth".to_owned())
}

fn read_course(cursor: &mut Cursor<'_>, mut before: [i64; 2]) -> Result<Vec<LatLon>, String> {
    read_list(cursor, |cursor| read_position(cursor, &mut before))
}

fn read_index(cursor: &mut Cursor<'_>) -> Result<u32, String> {
    u32::try_from(cursor.varint()?).map_err(|_| "a number has more than 32 bits".to_owned())
}

fn read_choice<T: Copy>(cursor: &mut Cursor<'_>, all: &[T]) -> Result<T, String> {
    let place = cursor.byte()?;
    all.get(usize::from(place)).copied().ok_or_else(|| format!("{place} is not one of {} values", all.len()))
}

/// `base + difference` as an index.
fn read_index_from(cursor: &mut Cursor<'_>, base: u32) -> Result<u32, String> {
    let index = i64::from(base).checked_add(cursor.signed()?).and_then(|sum| u32::try_from(sum).ok());
    index.ok_or_else(|| "a node's number is out of range".to_owned())
}

fn read_network(cursor: &mut Cursor<'_>) -> Result<Network, String> {
    let notice = read_option(cursor, read_text)?;
    let names = read_list(cursor, read_names)?;
    let mut before = [0, 0];
    let nodes = read_list(cursor, |cursor| {
        let position = read_position(cursor, &mut before)?;
        match cursor.byte()? {
            bits @ 0..4 => Ok(RoadNode { position, passable: access_of(bits) }),
            bits => Err(format!("{bits} does not say who may pass")),
        }
    })?;
    let mut from = 0;
    let links = read_list(cursor, |cursor| {
        from = read_index_from(cursor, from)?;
        read_link(cursor, from, &nodes)
    })?;
    let forbidden_turns = read_list(cursor, |cursor| {
        Ok(ForbiddenTurn { from: read_index(cursor)?, via: read_index(cursor)?, to: read_index(cursor)? })
    })?;
    Ok(Network { nodes, links, forbidden_turns, names, notice })
}

fn read_link(cursor: &mut Cursor<'_>, from: u32, nodes: &[RoadNode]) -> Result<Link, String> {
    let to = read_index_from(cursor, from)?;
    let start = nodes.get(from as usize).ok_or("a link starts at no node")?.position;
    let length_dm = read_index(cursor)?;
    let class = read_choice(cursor, &CLASSES)?;
    let surface = read_choice(cursor, &SURFACES)?;
    let basis = read_choice(cursor, &BASES)?;
    let access = cursor.byte()?;
    if access > 15 {
        return Err(format!("{access} does not say who may use a link"));
    }
    Ok(Link {
        from,
        to,
        class,
        surface,
        length_dm,
        basis,
        speed_kmh_max: read_option(cursor, Cursor::byte)?,
        given_ms: read_option(cursor, |cursor| Ok([read_index(cursor)?, read_index(cursor)?]))?,
        forward: access_of(access),
        backward: access_of(access >> 2),
        name: read_option(cursor, read_index)?,
        course: read_course(cursor, micro(start))?,
    })
}

fn read_base_map(cursor: &mut Cursor<'_>) -> Result<BaseMap, String> {
    let water = read_list(cursor, |cursor| -> Result<Rings, String> {
        let rings = read_list(cursor, |cursor| read_course(cursor, [0, 0]))?;
        let closed = |ring: &Vec<LatLon>| ring.len() >= 4 && ring.first() == ring.last();
        if rings.is_empty() || !rings.iter().all(closed) {
            return Err("a ring of water is not closed".to_owned());
        }
        Ok(rings)
    })?;
    let line = |cursor: &mut Cursor<'_>| match read_course(cursor, [0, 0])? {
        line if line.len() < 2 => Err("a line has less than two points".to_owned()),
        line => Ok(line),
    };
    Ok(BaseMap {
        water,
        coastlines: read_list(cursor, line)?,
        waterlines: read_list(cursor, |cursor| {
            let (kind, names) = (read_choice(cursor, &WATERLINES)?, read_names(cursor)?);
            Ok(Waterline { kind, names, course: line(cursor)? })
        })?,
        places: read_list(cursor, |cursor| {
            Ok(PlaceLabel {
                kind: read_choice(cursor, &PLACES)?,
                position: read_position(cursor, &mut [0, 0])?,
                names: read_names(cursor)?,
                population: read_option(cursor, Cursor::varint)?,
            })
        })?,
    })
}
