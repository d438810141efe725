//! Page headers, looked at before the parquet crate acts on them.
//!
//! A page header says how large the page is once decompressed, and the codecs allocate that much at once: one flipped bit in a header asks for
//! two gigabytes. So the headers of a column chunk are walked first and their sizes held against the chunk's own in the footer.

use parquet::errors::ParquetError;

/// Checks that the pages of a column chunk fill it exactly and do not claim more than `uncompressed` bytes in all.
pub(super) fn check(chunk: &[u8], uncompressed: u64) -> Result<(), ParquetError> {
    let mut rest = chunk;
    let mut left = uncompressed;
    while !rest.is_empty() {
        let before = rest.len();
        let header = Thrift { rest }.page_header().ok_or_else(|| damage("a page header does not decode"))?;
        let head = (before - header.rest.len()) as u64;
        left = left.checked_sub(head + header.uncompressed).ok_or_else(|| damage("a page is larger than its column"))?;
        rest = header.rest.get(header.compressed..).ok_or_else(|| damage("a page is cut off"))?;
    }
    Ok(())
}

fn damage(what: &str) -> ParquetError {
    ParquetError::General(what.into())
}

struct Header<'a> {
    uncompressed: u64,
    compressed: usize,
    rest: &'a [u8],
}

/// As much of Thrift's compact protocol as it takes to step over a struct.
struct Thrift<'a> {
    rest: &'a [u8],
}

const I32: u8 = 5;

impl<'a> Thrift<'a> {
    fn page_header(mut self) -> Option<Header<'a>> {
        let (mut uncompressed, mut compressed) = (None, None);
        let mut field = 0;
        while let Some((id, kind)) = self.field(field)? {
            match (id, kind) {
                (2, I32) => uncompressed = Some(u64::try_from(self.zigzag()?).ok()?),
                (3, I32) => compressed = Some(usize::try_from(self.zigzag()?).ok()?),
                _ => self.skip(kind, 0)?,
            }
            field = id;
        }
        Some(Header { uncompressed: uncompressed?, compressed: compressed?, rest: self.rest })
    }

    /// The next field's id and type; `Some(None)` at the end of the struct.
    #[expect(clippy::option_option, reason = "damage and the end of a struct are different things")]
    fn field(&mut self, previous: i64) -> Option<Option<(i64, u8)>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Some(None);
        }
        let id = if byte >> 4 == 0 { self.zigzag()? } else { previous.checked_add(i64::from(byte >> 4))? };
        Some(Some((id, byte & 0xf)))
    }

    fn skip(&mut self, kind: u8, depth: u8) -> Option<()> {
        match kind {
            // Booleans are in the field's type.
            1 | 2 => {}
            3 => {
                self.byte()?;
            }
            4..=6 => {
                self.varint()?;
            }
            7 => self.take(8)?,
            8 => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.take(length)?;
            }
            12 if depth < 8 => {
                let mut field = 0;
                while let Some((id, kind)) = self.field(field)? {
                    self.skip(kind, depth + 1)?;
                    field = id;
                }
            }
            // Page headers have no lists, sets or maps.
            _ => return None,
        }
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    fn take(&mut self, length: usize) -> Option<()> {
        self.rest = self.rest.get(length..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn zigzag(&mut self) -> Option<i64> {
        let raw = self.varint()?;
        Some((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// type 0, 9 bytes once decompressed, 3 compressed, then the data page header with one nested field, then the page.
    const PAGE: [u8; 15] = [0x15, 0, 0x15, 18, 0x15, 6, 0x2c, 0x15, 2, 0, 0, 1, 2, 3, 0xff];

    #[test]
    fn pages_that_fill_their_chunk_pass() {
        let chunk = [&PAGE[..14], &PAGE[..14]].concat();
        assert!(check(&chunk, 2 * (11 + 9)).is_ok());
    }

    #[test]
    fn a_page_that_would_grow_beyond_its_column_is_refused() {
        assert!(check(&PAGE[..14], 11 + 8).is_err());
    }

    #[test]
    fn no_cut_chunk_passes() {
        for cut in 1..14 {
            assert!(check(&PAGE[..cut], 1 << 20).is_err(), "cut at {cut}");
        }
    }
}
