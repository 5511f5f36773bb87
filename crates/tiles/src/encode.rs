//! The bytes of the format: Protocol Buffers as far as a vector tile needs them, and the command
//! stream of its geometry (Mapbox Vector Tile Specification 2.1, sections 4.1 to 4.4).
//!
//! Written by hand: the format is nine fields and three commands, a generated encoder brings five
//! crates into the build, and the size of every part has to be known before it is written.

use crate::layer::Value;

/// Appends a number in the variable-length form.
pub(crate) fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// How many bytes [`varint`] appends.
pub(crate) fn varint_len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros()).div_ceil(7) as usize
}

/// Appends a field that holds a number.
pub(crate) fn number_field(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

/// Appends a field that holds bytes: a text, a message or packed numbers.
pub(crate) fn bytes_field(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// How many bytes [`bytes_field`] appends for a content of `len` bytes in a field below 16.
pub(crate) fn bytes_field_len(len: usize) -> usize {
    1 + varint_len(len as u64) + len
}

/// A property's value as its message.
pub(crate) fn value(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    match value {
        Value::Text(text) => bytes_field(&mut out, 1, text.as_bytes()),
        Value::Number(number) => {
            varint(&mut out, 3 << 3 | 1);
            out.extend_from_slice(&number.to_bits().to_le_bytes());
        }
        Value::Int(number) => match u64::try_from(*number) {
            Ok(unsigned) => number_field(&mut out, 5, unsigned),
            Err(_) => number_field(&mut out, 6, zigzag(*number)),
        },
        Value::Bool(flag) => number_field(&mut out, 7, u64::from(*flag)),
    }
    out
}

/// Small numbers of either sign as small numbers.
fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// The first integer of a command: what is done, and how often.
pub(crate) fn command(kind: Command, count: usize) -> u64 {
    (count as u64) << 3 | kind as u64
}

/// What the cursor does.
#[derive(Clone, Copy)]
pub(crate) enum Command {
    MoveTo = 1,
    LineTo = 2,
    ClosePath = 7,
}

/// Appends the step from the cursor to a point, and moves the cursor.
pub(crate) fn step(out: &mut Vec<u8>, cursor: &mut [i32; 2], to: [i32; 2]) {
    for axis in 0..2 {
        varint(out, zigzag(i64::from(to[axis]) - i64::from(cursor[axis])));
    }
    *cursor = to;
}

/// Appends a line, or a ring whose first point is not repeated.
pub(crate) fn path(out: &mut Vec<u8>, cursor: &mut [i32; 2], points: &[[i32; 2]], closed: bool) {
    let Some((first, rest)) = points.split_first() else { return };
    varint(out, command(Command::MoveTo, 1));
    step(out, cursor, *first);
    varint(out, command(Command::LineTo, rest.len()));
    for point in rest {
        step(out, cursor, *point);
    }
    if closed {
        varint(out, command(Command::ClosePath, 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(points: &[[i32; 2]], closed: bool, expect: &[u8]) {
        let mut out = Vec::new();
        path(&mut out, &mut [0, 0], points, closed);
        assert_eq!(out, expect);
    }

    #[test]
    fn geometry_is_written_as_the_specification_shows() {
        // Sections 4.3.5.3 and 4.3.5.5: the line 2,2 2,10 10,10 and the ring 3,6 8,12 20,34.
        check(&[[2, 2], [2, 10], [10, 10]], false, &[9, 4, 4, 18, 0, 16, 16, 0]);
        check(&[[3, 6], [8, 12], [20, 34]], true, &[9, 6, 12, 18, 10, 12, 24, 44, 15]);
    }

    #[test]
    fn a_length_is_known_before_it_is_written() {
        for value in [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX] {
            let mut out = Vec::new();
            varint(&mut out, value);
            assert_eq!(out.len(), varint_len(value), "{value}");
        }
        let mut out = Vec::new();
        bytes_field(&mut out, 2, &[0; 300]);
        assert_eq!(out.len(), bytes_field_len(300));
    }
}
