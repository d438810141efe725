//! Length and checksum around a payload.

const HEAD: usize = 8;

/// Appends `payload` as one frame: its length and CRC-32 (IEEE 802.3), both little-endian `u32`, then the bytes.
///
/// # Panics
/// If `payload` is longer than 4 GiB; a tick of a million processes is 10 MB.
pub fn append_frame(out: &mut Vec<u8>, payload: &[u8]) {
    let length = u32::try_from(payload.len()).expect("a frame stays below 4 GiB");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&crc32(payload).to_le_bytes());
    out.extend_from_slice(payload);
}

/// The first frame of `bytes` as (payload, what follows), or `None` if it is cut off or damaged.
pub fn next_frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let head = bytes.get(..HEAD)?;
    let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
    let sum = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
    let end = HEAD.checked_add(usize::try_from(length).ok()?)?;
    let payload = bytes.get(HEAD..end)?;
    (crc32(payload) == sum).then(|| (payload, &bytes[end..]))
}

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0u32;
    while index < 256 {
        let mut value = index;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ 0xedb8_8320 } else { value >> 1 };
            bit += 1;
        }
        table[index as usize] = value;
        index += 1;
    }
    table
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| (crc >> 8) ^ TABLE[usize::from(crc.to_le_bytes()[0] ^ byte)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_ieee_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_journal_cut_at_any_byte_yields_its_whole_frames_only() {
        let payloads: [&[u8]; 3] = [b"one", b"", b"three and more"];
        let mut journal = Vec::new();
        let mut ends = Vec::new();
        for payload in payloads {
            append_frame(&mut journal, payload);
            ends.push(journal.len());
        }
        for cut in 0..=journal.len() {
            let mut rest = &journal[..cut];
            let mut read = 0;
            while let Some((payload, following)) = next_frame(rest) {
                assert_eq!(payload, payloads[read]);
                read += 1;
                rest = following;
            }
            assert_eq!(read, ends.iter().filter(|&&end| end <= cut).count(), "cut at {cut}");
        }
    }

    #[test]
    fn a_flipped_bit_is_noticed() {
        let mut journal = Vec::new();
        append_frame(&mut journal, b"payload");
        for bit in 0..journal.len() * 8 {
            let mut damaged = journal.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(next_frame(&damaged).is_none(), "bit {bit}");
        }
    }
}
