//! OpenStreetMap's XML format (`.osm`), plain or packed with gzip.

use super::element::{Element, MEMBERS_MAX, Member, MemberKind, TAGS_MAX, Tags, Visit, WAY_NODES_MAX, Want};
use super::{ImportError, Ticker};
use flate2::read::MultiGzDecoder;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

/// Most bytes between one tag and the next: a tag's own text is far below it.
const TAG_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Most bytes of XML, unpacked. The whole planet has about 2 TiB.
const BYTES_MAX: u64 = 4 << 40;
/// Elements between two reports of progress.
const TICK: u64 = 20_000;

/// A file of XML.
pub(super) struct Xml<R> {
    reader: R,
    is_packed: bool,
    length: u64,
}

impl<R: Read + Seek> Xml<R> {
    pub(super) fn open(mut reader: R, is_packed: bool) -> Result<Self, ImportError> {
        let length = reader.seek(SeekFrom::End(0))?;
        Ok(Self { reader, is_packed, length })
    }

    /// Shows every element of the wanted kind to `visit`.
    pub(super) fn pass(
        &mut self,
        want: Want,
        ticker: &mut Ticker<'_>,
        visit: &mut Visit<'_>,
    ) -> Result<(), ImportError> {
        self.reader.seek(SeekFrom::Start(0))?;
        let total = self.length;
        let counted = BufReader::with_capacity(1 << 16, Counted { inner: &mut self.reader, bytes: 0 });
        // Progress is counted in bytes of the file, packed or not.
        if self.is_packed {
            let unpacked = BufReader::with_capacity(1 << 16, MultiGzDecoder::new(counted));
            read(Guard::new(unpacked), want, visit, &mut |guard| {
                ticker.tick(guard.inner.get_ref().get_ref().get_ref().bytes, total)
            })
        } else {
            read(Guard::new(counted), want, visit, &mut |guard| ticker.tick(guard.inner.get_ref().bytes, total))
        }
    }
}

/// Counts what is read.
struct Counted<'r, R> {
    inner: &'r mut R,
    bytes: u64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

/// Stops a text that never ends, which the XML reader would keep whole.
struct Guard<B> {
    inner: B,
    since_tag: u64,
    total: u64,
}

impl<B> Guard<B> {
    fn new(inner: B) -> Self {
        Self { inner, since_tag: 0, total: 0 }
    }
}

impl<B: BufRead> Read for Guard<B> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl<B: BufRead> BufRead for Guard<B> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.since_tag > TAG_BYTES_MAX || self.total > BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "a tag is longer than 4 MiB"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.since_tag += amount as u64;
        self.total += amount as u64;
        self.inner.consume(amount);
    }
}

/// An element as its tags come in.
#[derive(Default)]
struct Open {
    want: Option<Want>,
    id: i64,
    position: Option<[i64; 2]>,
    refs: Vec<i64>,
    members: Vec<(MemberKind, i64, String)>,
    tags: Vec<(String, String)>,
}

fn read<B: BufRead>(
    guard: Guard<B>,
    want: Want,
    visit: &mut Visit<'_>,
    tick: &mut dyn FnMut(&Guard<B>) -> Result<(), ImportError>,
) -> Result<(), ImportError> {
    let mut reader = Reader::from_reader(guard);
    let (mut buffer, mut open) = (Vec::new(), Open::default());
    let (mut depth, mut has_root, mut elements) = (0u32, false, 0u64);
    loop {
        buffer.clear();
        reader.get_mut().since_tag = 0;
        let at = reader.buffer_position();
        let damaged = move |what| ImportError::Damaged { at, what };
        let event = reader.read_event_into(&mut buffer).map_err(|error| explain(error, at))?;
        match event {
            Event::Start(ref start) | Event::Empty(ref start) => {
                let is_empty = matches!(event, Event::Empty(_));
                match depth {
                    0 if has_root || start.name().as_ref() != "osm" => {
                        return Err(damaged("the outermost element is not <osm>".to_owned()));
                    }
                    0 => has_root = true,
                    1 => {
                        open_element(start, want, &mut open).map_err(damaged)?;
                        if is_empty {
                            close(&mut open, visit)?;
                        }
                        elements += 1;
                    }
                    2 if open.want.is_some() => add(start, &mut open).map_err(damaged)?,
                    _ => {}
                }
                depth += u32::from(!is_empty);
            }
            Event::End(_) => {
                depth -= 1;
                if depth == 1 {
                    close(&mut open, visit)?;
                }
            }
            Event::DocType(_) => {
                return Err(damaged("it has a document type definition, which is not read".to_owned()));
            }
            Event::Eof if depth > 0 || !has_root => return Err(ImportError::Truncated { at }),
            Event::Eof => return tick(reader.get_ref()),
            _ => {}
        }
        if elements >= TICK {
            elements = 0;
            tick(reader.get_ref())?;
        }
    }
}

/// What an error of the XML reader means for the file.
fn explain(error: quick_xml::Error, at: u64) -> ImportError {
    match error {
        quick_xml::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => ImportError::Truncated { at },
        // The decoder of gzip reports damaged bytes so.
        quick_xml::Error::Io(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::FileTooLarge
            ) =>
        {
            ImportError::Damaged { at, what: error.to_string() }
        }
        quick_xml::Error::Io(error) => ImportError::Read(io::Error::new(error.kind(), error.to_string())),
        other => ImportError::Damaged { at, what: other.to_string() },
    }
}

fn open_element(start: &BytesStart<'_>, want: Want, open: &mut Open) -> Result<(), String> {
    let kind = match start.name().as_ref() {
        "node" => Want::Nodes,
        "way" => Want::Ways,
        "relation" => Want::Relations,
        _ => return Ok(()),
    };
    if kind != want {
        return Ok(());
    }
    open.refs.clear();
    open.members.clear();
    open.tags.clear();
    open.position = None;
    let (mut id, mut lat, mut lon, mut gone) = (None, None, None, false);
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = attribute.value.as_ref();
        match attribute.key.as_ref() {
            "id" => id = Some(number(value)?),
            "lat" => lat = Some(nano(value)?),
            "lon" => lon = Some(nano(value)?),
            // A deleted element in a file of the editor JOSM or a full-history file.
            "visible" => gone |= value == "false",
            "action" => gone |= value == "delete",
            _ => {}
        }
    }
    if gone {
        return Ok(());
    }
    open.id = id.ok_or_else(|| format!("a {} without an id", start.name().as_ref()))?;
    open.position = lat.zip(lon).map(|(lat, lon)| [lat, lon]);
    if kind == Want::Nodes && open.position.is_none() {
        return Err(format!("node {} has no position", open.id));
    }
    open.want = Some(kind);
    Ok(())
}

fn add(start: &BytesStart<'_>, open: &mut Open) -> Result<(), String> {
    let mut values: [Option<String>; 3] = [None, None, None];
    let keys = match start.name().as_ref() {
        "tag" => ["k", "v", ""],
        "nd" => ["ref", "", ""],
        "member" => ["type", "ref", "role"],
        _ => return Ok(()),
    };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if let Some(place) = keys.iter().position(|key| *key == attribute.key.as_ref()) {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
            values[place] = Some(value.into_owned());
        }
    }
    match (start.name().as_ref(), values) {
        ("tag", [Some(key), Some(value), _]) => open.tags.push((key, value)),
        ("nd", [Some(id), ..]) => open.refs.push(number(&id)?),
        ("member", [Some(kind), Some(id), role]) => {
            let kind = match kind.as_str() {
                "node" => MemberKind::Node,
                "way" => MemberKind::Way,
                "relation" => MemberKind::Relation,
                other => {
                    return Err(format!("a member of unknown kind {:?}", other.chars().take(40).collect::<String>()));
                }
            };
            open.members.push((kind, number(&id)?, role.unwrap_or_default()));
        }
        (name, _) => return Err(format!("a <{name}> of element {} lacks an attribute", open.id)),
    }
    let sizes = [
        ("tags of one element", open.tags.len(), TAGS_MAX),
        ("nodes of one way", open.refs.len(), WAY_NODES_MAX),
        ("members of one relation", open.members.len(), MEMBERS_MAX),
    ];
    match sizes.iter().find(|(_, size, limit)| size > limit) {
        Some((what, _, limit)) => Err(format!("more than {limit} {what}")),
        None => Ok(()),
    }
}

fn close(open: &mut Open, visit: &mut Visit<'_>) -> Result<(), ImportError> {
    let Some(kind) = open.want.take() else { return Ok(()) };
    let tags: Vec<(&str, &str)> = open.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let (id, tags) = (open.id, Tags(&tags));
    match kind {
        Want::Nodes => {
            let [lat, lon] = open.position.expect("a node without a position is refused when it opens");
            visit(Element::Node { id, lat, lon, tags })
        }
        Want::Ways => visit(Element::Way { id, refs: &open.refs, tags }),
        Want::Relations => {
            let members: Vec<Member<'_>> =
                open.members.iter().map(|(kind, id, role)| Member { kind: *kind, id: *id, role }).collect();
            visit(Element::Relation { id, members: &members, tags })
        }
    }
}

fn number(text: &str) -> Result<i64, String> {
    text.trim().parse().map_err(|_| format!("{:?} is not an id", text.chars().take(40).collect::<String>()))
}

/// Decimal degrees as whole nano-degrees, without a detour over binary fractions, so that a file
/// in XML and the same in the binary format give the same positions.
fn nano(text: &str) -> Result<i64, String> {
    let refuse = || format!("{:?} is not a number of degrees", text.chars().take(40).collect::<String>());
    let text = text.trim();
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if digits.contains(['e', 'E']) && digits.len() < 40 {
        // Such as 1.2e-05, which some programs write for places near the equator.
        let degrees: f64 = text.parse().map_err(|_| refuse())?;
        #[expect(clippy::cast_possible_truncation, reason = "a cast saturates; the range is checked later")]
        return Ok((degrees * 1e9).round() as i64);
    }
    if whole.is_empty() || whole.len() > 4 || fraction.len() > 30 || !all_digits(whole) || !all_digits(fraction) {
        return Err(refuse());
    }
    let nine: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
    let whole: i64 = whole.parse().map_err(|_| refuse())?;
    let value = whole * 1_000_000_000 + nine.parse::<i64>().map_err(|_| refuse())?;
    Ok(if is_negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_are_read_digit_by_digit() {
        for (text, expect) in [
            ("43.7370125", Some(43_737_012_500)),
            ("-0.0000001", Some(-100)),
            ("+7", Some(7_000_000_000)),
            ("7.", Some(7_000_000_000)),
            ("1.2e-05", Some(12_000)),
            ("1.0000000019", Some(1_000_000_001)),
            ("", None),
            (".5", None),
            ("nan", None),
            ("1,5", None),
            ("99999", None),
        ] {
            assert_eq!(nano(text).ok(), expect, "{text:?}");
        }
    }
}
