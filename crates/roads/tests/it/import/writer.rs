//! OpenStreetMap content for tests: written in a few words, or read from XML, and put out as XML
//! or in the binary format.
//!
//! In words, elements are parted by `;` and their pieces by spaces:
//! `w10 1-2-3 highway=primary name=Rue~A; n2 barrier=bollard; r5 type=restriction from:w10 via:n2 to:w11`.
//! `~` is a space and `|` a semicolon. A node that a way names is there without being written, at latitude 18 and
//! longitude -72 plus a thousandth of a degree for its number; `n5@18.1,-72` puts it elsewhere
//! and `!5` leaves it out.

use flate2::{Compression, write::ZlibEncoder};
use konbit_base::LatLon;
use quick_xml::{XmlVersion, events::Event, reader::Reader};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

type Tags = Vec<(String, String)>;

pub struct Node {
    pub id: i64,
    /// Latitude and longitude as text, with at most seven places after the point.
    pub at: [String; 2],
    pub tags: Tags,
}

pub struct Way {
    pub id: i64,
    pub refs: Vec<i64>,
    pub tags: Tags,
}

pub struct Relation {
    pub id: i64,
    /// Role, kind (`n`, `w`, `r`) and id.
    pub members: Vec<(String, char, i64)>,
    pub tags: Tags,
}

#[derive(Default)]
pub struct Content {
    pub nodes: Vec<Node>,
    pub ways: Vec<Way>,
    pub relations: Vec<Relation>,
}

/// The number of the node that stands at a position by default.
pub fn number(position: LatLon) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
    let number = ((position.lon() + 72.0) * 1000.0).round() as i64;
    number
}

impl Content {
    pub fn from_words(words: &str) -> Self {
        let mut content = Self::default();
        let mut nodes: BTreeMap<i64, Node> = BTreeMap::new();
        let mut missing = BTreeSet::new();
        for element in words.split(';') {
            let mut pieces = element.split_whitespace();
            let Some(head) = pieces.next() else { continue };
            let pieces: Vec<&str> = pieces.collect();
            let tags: Tags = pieces
                .iter()
                .filter_map(|piece| piece.split_once('='))
                .map(|(k, v)| (k.to_owned(), v.replace('~', " ").replace('|', ";")))
                .collect();
            let (kind, rest) = head.split_at(1);
            let (id, at) = rest.split_once('@').unwrap_or((rest, ""));
            let id: i64 = id.parse().unwrap();
            match kind {
                "!" => drop(missing.insert(id)),
                "n" => {
                    let node = nodes.entry(id).or_insert_with(|| default_node(id));
                    node.tags = tags;
                    if let Some((lat, lon)) = at.split_once(',') {
                        node.at = [lat.to_owned(), lon.to_owned()];
                    }
                }
                "w" => {
                    let refs: Vec<i64> = pieces[0].split('-').map(|id| id.parse().unwrap()).collect();
                    for id in &refs {
                        nodes.entry(*id).or_insert_with(|| default_node(*id));
                    }
                    content.ways.push(Way { id, refs, tags });
                }
                "r" => {
                    let members =
                        pieces.iter().filter(|piece| !piece.contains('=')).filter_map(|piece| piece.split_once(':'));
                    let members = members.map(|(role, member)| {
                        (role.to_owned(), member.chars().next().unwrap(), member[1..].parse().unwrap())
                    });
                    content.relations.push(Relation { id, members: members.collect(), tags });
                }
                other => panic!("{other:?} is no kind of element"),
            }
        }
        content.nodes = nodes.into_values().filter(|node| !missing.contains(&node.id)).collect();
        content
    }

    pub fn from_xml(xml: &str) -> Self {
        let mut content = Self::default();
        let mut reader = Reader::from_str(xml);
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) | Event::Empty(start) => {
                    let values: BTreeMap<String, String> = start
                        .attributes()
                        .map(|it| it.unwrap())
                        .map(|it| {
                            (
                                it.key.as_ref().to_owned(),
                                it.normalized_value(XmlVersion::Implicit1_0).unwrap().into_owned(),
                            )
                        })
                        .collect();
                    content.add(start.name().as_ref(), &values);
                }
                Event::Eof => return content,
                _ => {}
            }
        }
    }

    fn add(&mut self, name: &str, values: &BTreeMap<String, String>) {
        let id = |key: &str| values[key].parse::<i64>().unwrap();
        match name {
            "node" => {
                let at = [values["lat"].clone(), values["lon"].clone()];
                self.nodes.push(Node { id: id("id"), at, tags: Tags::new() });
            }
            "way" => self.ways.push(Way { id: id("id"), refs: Vec::new(), tags: Tags::new() }),
            "relation" => self.relations.push(Relation { id: id("id"), members: Vec::new(), tags: Tags::new() }),
            "nd" => self.ways.last_mut().unwrap().refs.push(id("ref")),
            "member" => {
                let kind = values["type"].chars().next().unwrap();
                self.relations.last_mut().unwrap().members.push((values["role"].clone(), kind, id("ref")));
            }
            "tag" => {
                let tag = (values["k"].clone(), values["v"].clone());
                // Elements come in this order in a file, so the last one begun is the open one.
                let tags = if let Some(relation) = self.relations.last_mut() {
                    &mut relation.tags
                } else if let Some(way) = self.ways.last_mut() {
                    &mut way.tags
                } else {
                    &mut self.nodes.last_mut().unwrap().tags
                };
                tags.push(tag);
            }
            _ => {}
        }
    }

    /// The same elements in another order, which means the same.
    pub fn reversed(mut self) -> Self {
        self.nodes.reverse();
        self.ways.reverse();
        self.relations.reverse();
        self
    }

    pub fn to_xml(&self) -> String {
        let mut lines = vec!["<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<osm version=\"0.6\">".to_owned()];
        for Node { id, at: [lat, lon], tags } in &self.nodes {
            lines.push(format!("<node id=\"{id}\" lat=\"{lat}\" lon=\"{lon}\">{}</node>", xml_tags(tags)));
        }
        for Way { id, refs, tags } in &self.ways {
            let refs: Vec<String> = refs.iter().map(|id| format!("<nd ref=\"{id}\"/>")).collect();
            lines.push(format!("<way id=\"{id}\">{}{}</way>", refs.concat(), xml_tags(tags)));
        }
        for Relation { id, members, tags } in &self.relations {
            let member = |(role, letter, id): &(String, char, i64)| {
                let kind = match letter {
                    'n' => "node",
                    'w' => "way",
                    _ => "relation",
                };
                format!("<member type=\"{kind}\" ref=\"{id}\" role=\"{role}\"/>")
            };
            let members: Vec<String> = members.iter().map(member).collect();
            lines.push(format!("<relation id=\"{id}\">{}{}</relation>", members.concat(), xml_tags(tags)));
        }
        lines.join("\n") + "\n</osm>\n"
    }

    /// The binary format. Nodes stand in columns, or each by itself where `is_dense` is false;
    /// blocks are packed or not.
    pub fn to_pbf(&self, is_dense: bool, is_packed: bool) -> Vec<u8> {
        let header = [bytes(4, b"OsmSchema-V0.6"), bytes(4, b"DenseNodes")].concat();
        let mut file = block(b"OSMHeader", &header, is_packed);
        for nodes in self.nodes.chunks(8000) {
            let mut texts = Texts::default();
            let group = if is_dense { dense(nodes, &mut texts) } else { plain(nodes, &mut texts) };
            file.extend(data(&group, &texts, is_packed));
        }
        for ways in self.ways.chunks(8000) {
            let mut texts = Texts::default();
            let group: Vec<u8> = ways
                .iter()
                .flat_map(|way| {
                    bytes(
                        3,
                        &[
                            number_field(1, way.id.cast_unsigned()),
                            texts.tags(&way.tags),
                            packed(8, steps(way.refs.iter().copied())),
                        ]
                        .concat(),
                    )
                })
                .collect();
            file.extend(data(&group, &texts, is_packed));
        }
        for relations in self.relations.chunks(8000) {
            let mut texts = Texts::default();
            let group: Vec<u8> = relations
                .iter()
                .flat_map(|it| {
                    let roles: Vec<u64> = it.members.iter().map(|(role, ..)| texts.index(role)).collect();
                    let kind = |kind: char| "nwr".find(kind).unwrap() as u64;
                    bytes(
                        4,
                        &[
                            number_field(1, it.id.cast_unsigned()),
                            texts.tags(&it.tags),
                            packed(8, roles),
                            packed(9, steps(it.members.iter().map(|(.., id)| *id))),
                            packed(10, it.members.iter().map(|(_, letter, _)| kind(*letter))),
                        ]
                        .concat(),
                    )
                })
                .collect();
            file.extend(data(&group, &texts, is_packed));
        }
        file
    }
}

fn xml_tags(tags: &Tags) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let tags = tags.iter().map(|(key, value)| format!("<tag k=\"{}\" v=\"{}\"/>", escape(key), escape(value)));
    tags.collect::<Vec<_>>().concat()
}

fn default_node(id: i64) -> Node {
    let thousandths = -72_000 + id;
    let lon = format!(
        "{}{}.{:03}",
        if thousandths < 0 { "-" } else { "" },
        thousandths.abs() / 1000,
        thousandths.abs() % 1000
    );
    Node { id, at: ["18".to_owned(), lon], tags: Tags::new() }
}

/// The texts of a block, each once, behind an empty one.
#[derive(Default)]
struct Texts(Vec<String>);

impl Texts {
    fn index(&mut self, text: &str) -> u64 {
        let known = self.0.iter().position(|it| it == text);
        let index = known.unwrap_or_else(|| {
            self.0.push(text.to_owned());
            self.0.len() - 1
        });
        index as u64 + 1
    }

    fn tags(&mut self, tags: &Tags) -> Vec<u8> {
        let keys: Vec<u64> = tags.iter().map(|(key, _)| self.index(key)).collect();
        let values: Vec<u64> = tags.iter().map(|(_, value)| self.index(value)).collect();
        [packed(2, keys), packed(3, values)].concat()
    }
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        out.push(if value == 0 { low } else { low | 0x80 });
        if value == 0 {
            return out;
        }
    }
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn number_field(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

pub fn bytes(field: u64, content: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(content.len() as u64), content.to_vec()].concat()
}

fn packed(field: u64, values: impl IntoIterator<Item = u64>) -> Vec<u8> {
    bytes(field, &values.into_iter().flat_map(varint).collect::<Vec<u8>>())
}

/// Differences between the values.
fn steps(values: impl Iterator<Item = i64>) -> Vec<u64> {
    let mut before = 0;
    values.map(|value| zigzag(value - std::mem::replace(&mut before, value))).collect()
}

/// Degrees as ten-millionths, which are units of 100 nano-degrees.
fn units(degrees: &str) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "degrees")]
    let units = (degrees.parse::<f64>().unwrap() * 1e7).round() as i64;
    units
}

fn dense(nodes: &[Node], texts: &mut Texts) -> Vec<u8> {
    let mut pairs = Vec::new();
    for node in nodes {
        for (key, value) in &node.tags {
            pairs.extend([texts.index(key), texts.index(value)]);
        }
        pairs.push(0);
    }
    let columns = [
        packed(1, steps(nodes.iter().map(|node| node.id))),
        packed(8, steps(nodes.iter().map(|node| units(&node.at[0])))),
        packed(9, steps(nodes.iter().map(|node| units(&node.at[1])))),
        packed(10, pairs),
    ];
    bytes(2, &columns.concat())
}

fn plain(nodes: &[Node], texts: &mut Texts) -> Vec<u8> {
    let node = |node: &Node| {
        bytes(
            1,
            &[
                number_field(1, zigzag(node.id)),
                texts.tags(&node.tags),
                number_field(8, zigzag(units(&node.at[0]))),
                number_field(9, zigzag(units(&node.at[1]))),
            ]
            .concat(),
        )
    };
    nodes.iter().flat_map(node).collect()
}

fn data(group: &[u8], texts: &Texts, is_packed: bool) -> Vec<u8> {
    let table: Vec<u8> = std::iter::once("")
        .chain(texts.0.iter().map(String::as_str))
        .flat_map(|text| bytes(1, text.as_bytes()))
        .collect();
    block(b"OSMData", &[bytes(1, &table), bytes(2, group)].concat(), is_packed)
}

/// A block with its header.
pub fn block(kind: &[u8], content: &[u8], is_packed: bool) -> Vec<u8> {
    let body = if is_packed {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        [number_field(2, content.len() as u64), bytes(3, &encoder.finish().unwrap())].concat()
    } else {
        bytes(1, content)
    };
    let header = [bytes(1, kind), number_field(3, body.len() as u64)].concat();
    [u32::try_from(header.len()).unwrap().to_be_bytes().to_vec(), header, body].concat()
}
