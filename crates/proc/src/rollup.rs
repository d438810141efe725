use crate::ReadError;

/// `/proc/PID/smaps_rollup`: what the kernel counts page by page. KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rollup {
    /// Resident set size.
    pub rss_kb: u64,
    /// Its file-backed and shared-memory part: `Rss` less `Anonymous`.
    pub shared_kb: u64,
    /// Proportional set size: each page divided by the number of processes that map it.
    pub pss_kb: u64,
    /// Pages that no other process maps: `Private_Clean` + `Private_Dirty`.
    pub uss_kb: u64,
}

impl Rollup {
    /// Parses the file's content; unknown lines are skipped.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReadError> {
        const MALFORMED: ReadError = ReadError::Malformed("smaps_rollup");
        let text = str::from_utf8(bytes).map_err(|_| MALFORMED)?;
        let (mut rss, mut pss, mut clean, mut dirty, mut anonymous) = (None, None, None, None, None);
        for line in text.lines() {
            let Some((key, rest)) = line.split_once(':') else { continue };
            let field = match key {
                "Rss" => &mut rss,
                "Pss" => &mut pss,
                "Private_Clean" => &mut clean,
                "Private_Dirty" => &mut dirty,
                "Anonymous" => &mut anonymous,
                _ => continue,
            };
            *field = Some(rest.trim().strip_suffix(" kB").and_then(|digits| digits.parse().ok()).ok_or(MALFORMED)?);
        }
        let (Some(rss_kb), Some(pss_kb), Some(clean), Some(dirty), Some(anonymous_kb)) = (rss, pss, clean, dirty, anonymous) else {
            return Err(MALFORMED);
        };
        let (shared_kb, uss_kb) = (u64::checked_sub(rss_kb, anonymous_kb), u64::checked_add(clean, dirty));
        Ok(Self { rss_kb, shared_kb: shared_kb.ok_or(MALFORMED)?, pss_kb, uss_kb: uss_kb.ok_or(MALFORMED)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "55d0c2b3a000-7ffd9f3fe000 ---p 00000000 00:00 0                          [rollup]
Rss:               10240 kB
Pss:                5120 kB
Pss_Dirty:          4096 kB
Pss_Anon:           4096 kB
Shared_Clean:       2048 kB
Shared_Dirty:       4096 kB
Private_Clean:       100 kB
Private_Dirty:      3996 kB
Anonymous:          8192 kB
Swap:                 64 kB
SwapPss:              32 kB
Locked:                0 kB
";

    #[test]
    fn the_kernel_s_file_is_read() {
        assert_eq!(Rollup::parse(WHOLE.as_bytes()), Ok(Rollup { rss_kb: 10_240, shared_kb: 2_048, pss_kb: 5_120, uss_kb: 4_096 }));
    }

    #[test]
    fn a_file_cut_before_its_last_needed_line_is_malformed_and_no_zero() {
        for cut in 0..WHOLE.find("Anonymous").unwrap() + 16 {
            assert_eq!(Rollup::parse(&WHOLE.as_bytes()[..cut]), Err(ReadError::Malformed("smaps_rollup")), "cut at {cut}");
        }
    }
}
