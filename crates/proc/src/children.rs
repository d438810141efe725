//! The pids in a `children` file: decimal numbers, each followed by a space.

use crate::ReadError;

/// Appends the pids in `bytes` to `out`.
pub(crate) fn parse(bytes: &[u8], out: &mut Vec<u32>) -> Result<(), ReadError> {
    const MALFORMED: ReadError = ReadError::Malformed("children");
    for word in bytes.split(|&byte| byte == b' ').filter(|word| !word.is_empty()) {
        let text = str::from_utf8(word).map_err(|_| MALFORMED)?;
        out.push(text.trim_end().parse().map_err(|_| MALFORMED)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pids_are_read_in_order() {
        let mut pids = vec![7];
        parse(b"12 4194303 9 ", &mut pids).unwrap();
        parse(b"", &mut pids).unwrap();
        assert_eq!(pids, [7, 12, 4_194_303, 9]);
    }

    #[test]
    fn anything_else_is_malformed() {
        for bytes in [&b"x "[..], b"1 -2 ", b"99999999999 ", b"\xff "] {
            assert!(parse(bytes, &mut Vec::new()).is_err(), "{bytes:?}");
        }
    }
}
