//! Bytes of the kernel as text.

use std::borrow::Cow;
use std::fmt::Write;

use super::table::Texts;

/// The text of `bytes`, each byte that is not part of valid UTF-8 written as `\xHH`.
pub(super) fn escape(bytes: &[u8]) -> Cow<'_, [u8]> {
    if std::str::from_utf8(bytes).is_ok() {
        return Cow::Borrowed(bytes);
    }
    let mut escaped = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        escaped.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a `String` cannot fail.
            let _ = write!(escaped, "\\x{byte:02x}");
        }
    }
    Cow::Owned(escaped.into_bytes())
}

/// The arguments in a NUL-separated command line; `None` where there is no command line.
pub(super) fn arguments(cmdline: &[u8]) -> Option<Texts<'_>> {
    if cmdline.is_empty() {
        return None;
    }
    let cmdline = cmdline.strip_suffix(b"\0").unwrap_or(cmdline);
    Some(cmdline.split(|&byte| byte == 0).map(escape).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_text_stays_as_it_is_and_other_bytes_are_escaped() {
        assert_eq!(escape("größe\\x".as_bytes()), "größe\\x".as_bytes());
        assert_eq!(escape(b"a\xffb\xc3"), &br"a\xffb\xc3"[..]);
    }

    #[test]
    fn empty_arguments_are_kept() {
        let split = |line: &[u8]| arguments(line).map(|list| list.into_iter().map(Cow::into_owned).collect::<Vec<_>>());
        assert_eq!(split(b""), None);
        assert_eq!(split(b"sh\0-c\0\0"), Some(vec![b"sh".to_vec(), b"-c".to_vec(), b"".to_vec()]));
        assert_eq!(split(b"a title without NUL"), Some(vec![b"a title without NUL".to_vec()]));
    }
}
