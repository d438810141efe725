//! The encoding of single values.

/// A frame whose checksum holds but whose content does not decode: written by another version, or our bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// What was being decoded.
    pub what: &'static str,
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "malformed frame: {} does not decode", self.what)
    }
}

impl std::error::Error for Malformed {}

pub(crate) fn put_u64(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

pub(crate) fn put_i64(out: &mut Vec<u8>, value: i64) {
    put_u64(out, (value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned());
}

pub(crate) fn put_option(out: &mut Vec<u8>, value: Option<u64>) {
    put_u64(out, value.map_or(0, |value| value.saturating_add(1)));
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u64(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Takes values off the front of a payload.
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(payload: &'a [u8]) -> Self {
        Self { rest: payload }
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, Malformed> {
        let (&first, rest) = self.rest.split_first().ok_or(Malformed { what })?;
        self.rest = rest;
        Ok(first)
    }

    pub(crate) fn u64(&mut self, what: &'static str) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8(what)?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed { what })
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, Malformed> {
        u32::try_from(self.u64(what)?).map_err(|_| Malformed { what })
    }

    pub(crate) fn i64(&mut self, what: &'static str) -> Result<i64, Malformed> {
        let raw = self.u64(what)?;
        Ok((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
    }

    pub(crate) fn i32(&mut self, what: &'static str) -> Result<i32, Malformed> {
        i32::try_from(self.i64(what)?).map_err(|_| Malformed { what })
    }

    pub(crate) fn option(&mut self, what: &'static str) -> Result<Option<u64>, Malformed> {
        Ok(self.u64(what)?.checked_sub(1))
    }

    pub(crate) fn bytes(&mut self, what: &'static str) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(self.u64(what)?).map_err(|_| Malformed { what })?;
        if length > self.rest.len() {
            return Err(Malformed { what });
        }
        let (bytes, rest) = self.rest.split_at(length);
        self.rest = rest;
        Ok(bytes)
    }

    /// A count of items that follow, each at least one byte: bounded by what is left, so that damage cannot ask for absurd memory.
    pub(crate) fn count(&mut self, what: &'static str) -> Result<usize, Malformed> {
        let count = usize::try_from(self.u64(what)?).map_err(|_| Malformed { what })?;
        if count > self.rest.len() {
            return Err(Malformed { what });
        }
        Ok(count)
    }

    pub(crate) fn end(&self, what: &'static str) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed { what }) }
    }
}
