//! Whole numbers as bytes: little-endian base 128, as protocol buffers and this crate's own file
//! write them, and a cursor that cannot run past the end.

use konbit_base::LatLon;

/// Bytes that are read from the front.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes read so far.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(crate) fn byte(&mut self) -> Result<u8, String> {
        let byte = *self.bytes.get(self.at).ok_or("it ends too early")?;
        self.at += 1;
        Ok(byte)
    }

    pub(crate) fn take(&mut self, length: u64) -> Result<&'a [u8], String> {
        let length = usize::try_from(length).ok().filter(|length| *length <= self.remaining());
        let length = length.ok_or("it ends too early")?;
        let taken = &self.bytes[self.at..self.at + length];
        self.at += length;
        Ok(taken)
    }

    pub(crate) fn varint(&mut self) -> Result<u64, String> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("a number has more than 64 bits".to_owned())
    }

    pub(crate) fn signed(&mut self) -> Result<i64, String> {
        self.varint().map(unzigzag)
    }
}

/// Small numbers of either sign to small numbers.
pub(crate) fn zigzag(value: i64) -> u64 {
    (value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned()
}

pub(crate) fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

pub(crate) fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

pub(crate) fn push_signed(out: &mut Vec<u8>, value: i64) {
    push_varint(out, zigzag(value));
}

/// Latitude and longitude in micro-degrees.
pub(crate) fn micro(position: LatLon) -> [i64; 2] {
    #[expect(clippy::cast_possible_truncation, reason = "at most 1.8e8")]
    let micro = |degrees: f64| (degrees * 1e6).round() as i64;
    [micro(position.lat()), micro(position.lon())]
}

/// The position at whole micro-degrees; `None` if that is not on the Earth.
pub(crate) fn from_micro([lat, lon]: [i64; 2]) -> Option<LatLon> {
    (lat.abs() <= 90_000_000 && lon.abs() <= 180_000_000)
        .then(|| LatLon::new(lat as f64 / 1e6, lon as f64 / 1e6).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_without_end_or_with_too_many_bits_is_refused() {
        assert!(Cursor::new(&[0x80]).varint().is_err());
        assert!(Cursor::new(&[0xff; 10]).varint().is_err());
        assert!(Cursor::new(&[0xff; 11]).varint().is_err());
        assert!(Cursor::new(b"ab").take(3).is_err());
        assert!(Cursor::new(b"ab").take(u64::MAX).is_err());
    }

    proptest! {
        #[test]
        fn numbers_and_positions_read_back(value: u64, signed: i64, lat in -90_000_000i64..=90_000_000, lon in -180_000_000i64..=180_000_000) {
            let mut bytes = Vec::new();
            push_varint(&mut bytes, value);
            push_signed(&mut bytes, signed);
            let mut cursor = Cursor::new(&bytes);
            prop_assert_eq!((cursor.varint(), cursor.signed(), cursor.remaining()), (Ok(value), Ok(signed), 0));
            prop_assert_eq!(micro(from_micro([lat, lon]).unwrap()), [lat, lon]);
        }
    }
}
