//! OpenStreetMap's binary format (`.osm.pbf`).
//!
//! Read after the description on the OpenStreetMap wiki ("PBF Format"): blocks of at most 32 MiB,
//! each with its own string table. The crate `osmpbf` was looked at and not taken: version 0.3.8
//! panics on an unknown kind of member, overflows on hostile differences, ends an element's tags
//! silently at a broken string, and copies every block into small objects, which lets 32 MiB of
//! zeros become several GiB. Here a block is read in place, from one buffer that is used again.
//!
//! The format has no end mark: a file cut exactly between two blocks looks like a whole one. What
//! it lacks then shows as nodes that are missing.

use super::element::{Element, MEMBERS_MAX, Member, MemberKind, TAGS_MAX, Tags, Visit, WAY_NODES_MAX, Want, within};
use super::{ImportError, Ticker};
use crate::wire::{Cursor, unzigzag};
use flate2::read::ZlibDecoder;
use std::io::{Read, Seek, SeekFrom};

/// Most bytes of a block's header, from the format's description.
const HEADER_BYTES_MAX: u32 = 64 * 1024;
/// Most bytes of a block, packed or not, from the format's description.
const BLOCK_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Most blocks of a file. The whole planet has about 50,000.
const BLOCKS_MAX: usize = 2_000_000;

/// A file of blocks.
pub(super) struct Pbf<R> {
    reader: R,
    blocks: Vec<Block>,
    /// The block, packed and unpacked; used again for every block.
    packed: Vec<u8>,
    unpacked: Vec<u8>,
}

/// Where a block lies, and what is known to be in it.
struct Block {
    offset: u64,
    size: u32,
    holds: Holds,
}

/// Which elements a block holds; everything until it has been read once.
#[derive(Clone, Copy)]
struct Holds {
    nodes: bool,
    ways: bool,
    relations: bool,
}

impl Holds {
    fn any_of(self, want: Want) -> bool {
        match want {
            Want::Nodes => self.nodes,
            Want::Ways => self.ways,
            Want::Relations => self.relations,
        }
    }
}

impl<R: Read + Seek> Pbf<R> {
    /// Finds the blocks, and checks that the file is complete and asks for nothing unknown.
    pub(super) fn open(mut reader: R) -> Result<Self, ImportError> {
        let length = reader.seek(SeekFrom::End(0))?;
        reader.seek(SeekFrom::Start(0))?;
        let mut pbf = Self { reader, blocks: Vec::new(), packed: Vec::new(), unpacked: Vec::new() };
        let mut offset = 0;
        let mut has_header = false;
        while offset < length {
            let (kind, start, size) = pbf.block_header(offset, length)?;
            match kind.as_slice() {
                b"OSMHeader" => {
                    pbf.load(start, size)?;
                    features(&pbf.unpacked).map_err(|what| match what {
                        Feature::Unknown(name) => ImportError::Feature(name),
                        Feature::Damaged(what) => ImportError::Damaged { at: start, what },
                    })?;
                    has_header = true;
                }
                b"OSMData" if !has_header => {
                    let what = "the data begins without a header block".to_owned();
                    return Err(ImportError::Damaged { at: offset, what });
                }
                b"OSMData" => {
                    within("blocks in the file", pbf.blocks.len() + 1, BLOCKS_MAX)?;
                    let holds = Holds { nodes: true, ways: true, relations: true };
                    pbf.blocks.push(Block { offset: start, size, holds });
                }
                // Other blocks are to be passed over, says the description.
                _ => {}
            }
            offset = start + u64::from(size);
        }
        if has_header { Ok(pbf) } else { Err(ImportError::Truncated { at: length }) }
    }

    /// Kind, first byte and size of the block whose header begins at `offset`.
    fn block_header(&mut self, offset: u64, length: u64) -> Result<(Vec<u8>, u64, u32), ImportError> {
        let damaged = |what| ImportError::Damaged { at: offset, what };
        let left = length - offset;
        if left < 4 {
            return Err(ImportError::Truncated { at: offset });
        }
        self.reader.seek(SeekFrom::Start(offset))?;
        let mut size = [0; 4];
        self.reader.read_exact(&mut size)?;
        let header = u32::from_be_bytes(size);
        if header > HEADER_BYTES_MAX {
            return Err(damaged(format!("a block header of {header} bytes is longer than the format allows")));
        }
        if u64::from(header) > left - 4 {
            return Err(ImportError::Truncated { at: offset });
        }
        let mut bytes = vec![0; header as usize];
        self.reader.read_exact(&mut bytes)?;
        let (mut kind, mut size) = (Vec::new(), None);
        let mut fields = Cursor::new(&bytes);
        while let Some((number, value)) = field(&mut fields).map_err(damaged)? {
            match (number, value) {
                (1, Value::Bytes(text)) => kind = text.to_vec(),
                (3, Value::Number(bytes)) => size = Some(bytes),
                _ => {}
            }
        }
        let size = size.filter(|size| *size <= BLOCK_BYTES_MAX).and_then(|size| u32::try_from(size).ok());
        let size = size.ok_or_else(|| damaged("a block without a size, or larger than 32 MiB".to_owned()))?;
        let start = offset + 4 + u64::from(header);
        if u64::from(size) > length - start {
            return Err(ImportError::Truncated { at: start });
        }
        Ok((kind, start, size))
    }

    /// Reads and unpacks a block into `unpacked`.
    fn load(&mut self, offset: u64, size: u32) -> Result<(), ImportError> {
        self.reader.seek(SeekFrom::Start(offset))?;
        self.packed.resize(size as usize, 0);
        self.reader.read_exact(&mut self.packed)?;
        unpack(&self.packed, &mut self.unpacked).map_err(|what| ImportError::Damaged { at: offset, what })
    }

    /// Shows every element of the wanted kind to `visit`.
    pub(super) fn pass(
        &mut self,
        want: Want,
        ticker: &mut Ticker<'_>,
        visit: &mut Visit<'_>,
    ) -> Result<(), ImportError> {
        let total: u64 = self.blocks.iter().filter(|it| it.holds.any_of(want)).map(|it| u64::from(it.size)).sum();
        let mut done = 0;
        for index in 0..self.blocks.len() {
            let Block { offset, size, holds } = self.blocks[index];
            if !holds.any_of(want) {
                continue;
            }
            self.load(offset, size)?;
            let holds = read_block(&self.unpacked, want, visit).map_err(|fault| match fault {
                Fault::Damaged(what) => ImportError::Damaged { at: offset, what },
                Fault::Import(error) => error,
            })?;
            self.blocks[index].holds = holds;
            done += u64::from(size);
            ticker.tick(done, total)?;
        }
        Ok(())
    }
}

fn unpack(packed: &[u8], unpacked: &mut Vec<u8>) -> Result<(), String> {
    let mut fields = Cursor::new(packed);
    let (mut raw_size, mut data) = (None, None);
    while let Some((number, value)) = field(&mut fields)? {
        match (number, value) {
            (1, Value::Bytes(raw)) => data = Some((raw, false)),
            (2, Value::Number(size)) => raw_size = Some(size),
            (3, Value::Bytes(zlib)) => data = Some((zlib, true)),
            (4..=7, Value::Bytes(_)) => {
                return Err("it is packed in another way than zlib; write it again with zlib, for example with osmium"
                    .to_owned());
            }
            _ => {}
        }
    }
    unpacked.clear();
    match data {
        None => return Err("a block is empty".to_owned()),
        Some((raw, false)) => unpacked.extend_from_slice(raw),
        Some((zlib, true)) => {
            let mut decoder = ZlibDecoder::new(zlib).take(BLOCK_BYTES_MAX + 1);
            decoder.read_to_end(unpacked).map_err(|error| format!("a block cannot be unpacked: {error}"))?;
        }
    }
    if unpacked.len() as u64 > BLOCK_BYTES_MAX {
        return Err("a block is larger than 32 MiB".to_owned());
    }
    match raw_size {
        Some(size) if size != unpacked.len() as u64 => {
            Err(format!("a block has {} bytes where it says {size}", unpacked.len()))
        }
        _ => Ok(()),
    }
}

enum Feature {
    Unknown(String),
    Damaged(String),
}

/// Refuses a file that needs what is not read here, such as deleted versions of elements.
fn features(header: &[u8]) -> Result<(), Feature> {
    let mut fields = Cursor::new(header);
    while let Some((number, value)) = field(&mut fields).map_err(Feature::Damaged)? {
        if let (4, Value::Bytes(name)) = (number, value)
            && !matches!(name, b"OsmSchema-V0.6" | b"DenseNodes")
        {
            return Err(Feature::Unknown(String::from_utf8_lossy(name).chars().take(60).collect()));
        }
    }
    Ok(())
}

/// The value of a protocol-buffer field.
#[derive(Clone, Copy)]
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed,
}

/// The next field: its number and value; `None` at the end.
fn field<'a>(cursor: &mut Cursor<'a>) -> Result<Option<(u64, Value<'a>)>, String> {
    if cursor.remaining() == 0 {
        return Ok(None);
    }
    let key = cursor.varint()?;
    let value = match key & 7 {
        0 => Value::Number(cursor.varint()?),
        1 => cursor.take(8).map(|_| Value::Fixed)?,
        2 => {
            let length = cursor.varint()?;
            Value::Bytes(cursor.take(length)?)
        }
        5 => cursor.take(4).map(|_| Value::Fixed)?,
        kind => return Err(format!("a field of kind {kind}")),
    };
    Ok(Some((key >> 3, value)))
}

/// Appends the numbers of a repeated field, which may be packed or stand alone.
fn push_numbers(value: Value<'_>, out: &mut Vec<u64>) -> Result<(), String> {
    match value {
        Value::Number(number) => out.push(number),
        Value::Bytes(bytes) => {
            let mut cursor = Cursor::new(bytes);
            while cursor.remaining() > 0 {
                out.push(cursor.varint()?);
            }
        }
        Value::Fixed => return Err("a list of numbers in a form that does not fit".to_owned()),
    }
    Ok(())
}

/// Why a block was not read to its end: it is damaged, or whoever looked at the elements stopped.
enum Fault {
    Damaged(String),
    Import(ImportError),
}

impl From<String> for Fault {
    fn from(what: String) -> Self {
        Self::Damaged(what)
    }
}

impl From<ImportError> for Fault {
    fn from(error: ImportError) -> Self {
        Self::Import(error)
    }
}

/// What the elements of a block refer to.
struct Context<'a> {
    strings: Vec<&'a [u8]>,
    granularity: i64,
    lat_offset: i64,
    lon_offset: i64,
}

impl<'a> Context<'a> {
    fn text(&self, index: u64) -> Result<&'a str, String> {
        let text = usize::try_from(index).ok().and_then(|index| self.strings.get(index));
        let text = text.ok_or_else(|| format!("there is no text number {index} in the block"))?;
        std::str::from_utf8(text).map_err(|_| format!("text number {index} is not UTF-8"))
    }

    /// Nano-degrees; a sum beyond 64 bits is brought to its end, far off the Earth.
    fn lat(&self, units: i64) -> i64 {
        self.lat_offset.saturating_add(self.granularity.saturating_mul(units))
    }

    fn lon(&self, units: i64) -> i64 {
        self.lon_offset.saturating_add(self.granularity.saturating_mul(units))
    }
}

fn read_block(bytes: &[u8], want: Want, visit: &mut Visit<'_>) -> Result<Holds, Fault> {
    let mut context = Context { strings: Vec::new(), granularity: 100, lat_offset: 0, lon_offset: 0 };
    let mut groups = Vec::new();
    let mut fields = Cursor::new(bytes);
    while let Some((number, value)) = field(&mut fields)? {
        match (number, value) {
            (1, Value::Bytes(table)) => {
                let mut entries = Cursor::new(table);
                while let Some((number, value)) = field(&mut entries)? {
                    if let (1, Value::Bytes(text)) = (number, value) {
                        context.strings.push(text);
                    }
                }
            }
            (2, Value::Bytes(group)) => groups.push(group),
            (17, Value::Number(number)) => context.granularity = number.cast_signed(),
            (19, Value::Number(number)) => context.lat_offset = number.cast_signed(),
            (20, Value::Number(number)) => context.lon_offset = number.cast_signed(),
            _ => {}
        }
    }
    let mut holds = Holds { nodes: false, ways: false, relations: false };
    let mut scratch = Scratch::default();
    for group in groups {
        let mut fields = Cursor::new(group);
        while let Some((number, value)) = field(&mut fields)? {
            match (number, value) {
                (1 | 2, Value::Bytes(_)) => holds.nodes = true,
                (3, Value::Bytes(_)) => holds.ways = true,
                (4, Value::Bytes(_)) => holds.relations = true,
                _ => {}
            }
            match (want, number, value) {
                (Want::Nodes, 1, Value::Bytes(node)) => read_node(node, &context, &mut scratch, visit)?,
                (Want::Nodes, 2, Value::Bytes(dense)) => read_dense(dense, &context, &mut scratch, visit)?,
                (Want::Ways, 3, Value::Bytes(way)) => read_way(way, &context, &mut scratch, visit)?,
                (Want::Relations, 4, Value::Bytes(it)) => read_relation(it, &context, &mut scratch, visit)?,
                _ => {}
            }
        }
    }
    Ok(holds)
}

/// Lists that are used again for every element of a block.
#[derive(Default)]
struct Scratch {
    a: Vec<u64>,
    b: Vec<u64>,
    c: Vec<u64>,
    d: Vec<u64>,
    e: Vec<u64>,
    ids: Vec<i64>,
}

impl Scratch {
    fn clear(&mut self) {
        for list in [&mut self.a, &mut self.b, &mut self.c, &mut self.d, &mut self.e] {
            list.clear();
        }
        self.ids.clear();
    }
}

fn tags<'a>(keys: &[u64], values: &[u64], context: &Context<'a>) -> Result<Vec<(&'a str, &'a str)>, Fault> {
    if keys.len() != values.len() {
        return Err(Fault::Damaged("an element has more keys than values, or fewer".to_owned()));
    }
    within("tags of one element", keys.len(), TAGS_MAX)?;
    let pairs = keys.iter().zip(values);
    Ok(pairs.map(|(key, value)| Ok((context.text(*key)?, context.text(*value)?))).collect::<Result<_, String>>()?)
}

fn read_node(bytes: &[u8], context: &Context<'_>, scratch: &mut Scratch, visit: &mut Visit<'_>) -> Result<(), Fault> {
    scratch.clear();
    let (mut id, mut lat, mut lon) = (None, None, None);
    let mut fields = Cursor::new(bytes);
    while let Some((number, value)) = field(&mut fields)? {
        match (number, value) {
            (1, Value::Number(number)) => id = Some(unzigzag(number)),
            (2, value) => push_numbers(value, &mut scratch.a)?,
            (3, value) => push_numbers(value, &mut scratch.b)?,
            (8, Value::Number(number)) => lat = Some(unzigzag(number)),
            (9, Value::Number(number)) => lon = Some(unzigzag(number)),
            _ => {}
        }
    }
    let (Some(id), Some(lat), Some(lon)) = (id, lat, lon) else {
        return Err(Fault::Damaged("a node without an id or a position".to_owned()));
    };
    let tags = tags(&scratch.a, &scratch.b, context)?;
    Ok(visit(Element::Node { id, lat: context.lat(lat), lon: context.lon(lon), tags: Tags(&tags) })?)
}

/// Nodes in columns: ids and positions as differences, keys and values as pairs with a 0 after
/// each node's.
fn read_dense(bytes: &[u8], context: &Context<'_>, scratch: &mut Scratch, visit: &mut Visit<'_>) -> Result<(), Fault> {
    scratch.clear();
    let mut fields = Cursor::new(bytes);
    while let Some((number, value)) = field(&mut fields)? {
        match number {
            1 => push_numbers(value, &mut scratch.a)?,
            8 => push_numbers(value, &mut scratch.b)?,
            9 => push_numbers(value, &mut scratch.c)?,
            10 => push_numbers(value, &mut scratch.d)?,
            _ => {}
        }
    }
    if scratch.a.len() != scratch.b.len() || scratch.a.len() != scratch.c.len() {
        return Err(Fault::Damaged("a list of nodes has more ids than positions, or fewer".to_owned()));
    }
    let (mut id, mut lat, mut lon) = (0i64, 0i64, 0i64);
    let mut pairs = scratch.d.iter();
    let mut tags = Vec::new();
    for ((id_step, lat_step), lon_step) in scratch.a.iter().zip(&scratch.b).zip(&scratch.c) {
        id = id.wrapping_add(unzigzag(*id_step));
        lat = lat.wrapping_add(unzigzag(*lat_step));
        lon = lon.wrapping_add(unzigzag(*lon_step));
        tags.clear();
        while let Some(key) = pairs.next().filter(|key| **key != 0) {
            let value = pairs.next().ok_or_else(|| "the last key of a list of nodes has no value".to_owned())?;
            tags.push((context.text(*key)?, context.text(*value)?));
            within("tags of one element", tags.len(), TAGS_MAX)?;
        }
        visit(Element::Node { id, lat: context.lat(lat), lon: context.lon(lon), tags: Tags(&tags) })?;
    }
    Ok(())
}

fn read_way(bytes: &[u8], context: &Context<'_>, scratch: &mut Scratch, visit: &mut Visit<'_>) -> Result<(), Fault> {
    scratch.clear();
    let mut id = None;
    let mut fields = Cursor::new(bytes);
    while let Some((number, value)) = field(&mut fields)? {
        match (number, value) {
            (1, Value::Number(number)) => id = Some(number.cast_signed()),
            (2, value) => push_numbers(value, &mut scratch.a)?,
            (3, value) => push_numbers(value, &mut scratch.b)?,
            (8, value) => push_numbers(value, &mut scratch.c)?,
            _ => {}
        }
    }
    let id = id.ok_or_else(|| "a way without an id".to_owned())?;
    within("nodes of one way", scratch.c.len(), WAY_NODES_MAX)?;
    scratch.ids.extend(sums(&scratch.c));
    let tags = tags(&scratch.a, &scratch.b, context)?;
    Ok(visit(Element::Way { id, refs: &scratch.ids, tags: Tags(&tags) })?)
}

fn sums(differences: &[u64]) -> impl Iterator<Item = i64> {
    differences.iter().scan(0i64, |sum, step| {
        *sum = sum.wrapping_add(unzigzag(*step));
        Some(*sum)
    })
}

fn read_relation(
    bytes: &[u8],
    context: &Context<'_>,
    scratch: &mut Scratch,
    visit: &mut Visit<'_>,
) -> Result<(), Fault> {
    scratch.clear();
    let mut id = None;
    let mut fields = Cursor::new(bytes);
    while let Some((number, value)) = field(&mut fields)? {
        match (number, value) {
            (1, Value::Number(number)) => id = Some(number.cast_signed()),
            (2, value) => push_numbers(value, &mut scratch.a)?,
            (3, value) => push_numbers(value, &mut scratch.b)?,
            (8, value) => push_numbers(value, &mut scratch.c)?,
            (9, value) => push_numbers(value, &mut scratch.d)?,
            (10, value) => push_numbers(value, &mut scratch.e)?,
            _ => {}
        }
    }
    let id = id.ok_or_else(|| "a relation without an id".to_owned())?;
    if scratch.c.len() != scratch.d.len() || scratch.c.len() != scratch.e.len() {
        return Err(Fault::Damaged("a relation has more roles than members, or fewer".to_owned()));
    }
    within("members of one relation", scratch.d.len(), MEMBERS_MAX)?;
    let members = sums(&scratch.d).zip(&scratch.c).zip(&scratch.e).map(|((id, role), kind)| {
        let kind = match kind {
            0 => MemberKind::Node,
            1 => MemberKind::Way,
            2 => MemberKind::Relation,
            other => return Err(format!("a member of unknown kind {other}")),
        };
        Ok(Member { kind, id, role: context.text(*role)? })
    });
    let members: Vec<Member<'_>> = members.collect::<Result<_, String>>()?;
    let tags = tags(&scratch.a, &scratch.b, context)?;
    Ok(visit(Element::Relation { id, members: &members, tags: Tags(&tags) })?)
}
