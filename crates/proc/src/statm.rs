use crate::ReadError;

/// Memory of a process in KiB, from /proc/PID/statm.
///
/// Exact to one page since Linux 6.16; kernels from 6.2 to 6.15 read per-CPU counters lazily and can be off by 2 MB on 16 CPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statm {
    /// Virtual size.
    pub size_kb: u64,
    /// Resident set size.
    pub rss_kb: u64,
    /// Resident file-backed and shared-memory pages.
    pub shared_kb: u64,
}

impl Statm {
    /// Parses the file's content. `None` for all zeros: a zombie, which has no memory any more.
    pub fn parse(bytes: &[u8], page_kb: u64) -> Result<Option<Self>, ReadError> {
        const MALFORMED: ReadError = ReadError::Malformed("statm");
        let mut fields = [0u64; 3];
        let mut rest = bytes;
        for field in &mut fields {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            // Twenty digits always fit but for the largest values, which no page count reaches.
            if digits == 0 || digits > 19 {
                return Err(MALFORMED);
            }
            for &digit in &rest[..digits] {
                *field = *field * 10 + u64::from(digit - b'0');
            }
            *field = field.checked_mul(page_kb).ok_or(MALFORMED)?;
            rest = match rest.get(digits) {
                Some(b' ') => &rest[digits + 1..],
                _ => return Err(MALFORMED),
            };
        }
        let [size_kb, rss_kb, shared_kb] = fields;
        Ok((size_kb != 0).then_some(Self { size_kb, rss_kb, shared_kb }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_become_kib() {
        assert_eq!(Statm::parse(b"1000 300 200 10 0 80 0\n", 4), Ok(Some(Statm { size_kb: 4000, rss_kb: 1200, shared_kb: 800 })));
    }

    #[test]
    fn sizes_beyond_four_gib_are_kept() {
        let statm = Statm::parse(b"4294967296 2147483648 1 1 0 1 0\n", 4).unwrap().unwrap();
        assert_eq!((statm.size_kb, statm.rss_kb), (1 << 34, 1 << 33));
    }

    #[test]
    fn a_zombie_has_no_memory() {
        assert_eq!(Statm::parse(b"0 0 0 0 0 0 0\n", 4), Ok(None));
    }

    #[test]
    fn a_truncated_or_foreign_file_is_malformed() {
        for bytes in
            [&b""[..], b"12", b"12 3", b"12 3 4", b"a b c d", b"-1 2 3 4", b"99999999999999999999 1 1 1", b"9999999999999999999 1 1 "]
        {
            assert_eq!(Statm::parse(bytes, 4), Err(ReadError::Malformed("statm")), "{bytes:?}");
        }
    }
}
