use regex_lite::Regex;

/// A project's `process_pattern`: which processes outside of the tree are the build's, by the base name of their command.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// A regular expression such as `java|sccache`, which has to match the whole name: `as` is not `bash`.
    ///
    /// # Errors
    /// It is none; why, in the words of the library.
    pub fn new(pattern: &str) -> Result<Self, String> {
        // On its own first: a parenthesis too many would otherwise be ours.
        Regex::new(pattern).and_then(|_| Regex::new(&format!("^(?:{pattern})$"))).map(Self).map_err(|error| error.to_string())
    }

    /// By what the kernel calls the process, which is cut at 15 bytes and may be a thread's name, and by its first argument.
    pub(crate) fn matches(&self, comm: &[u8], arguments: &[u8]) -> bool {
        [comm, base_name(first(arguments))].iter().any(|name| !name.is_empty() && self.0.is_match(&String::from_utf8_lossy(name)))
    }
}

/// The first of NUL-separated arguments.
pub(crate) fn first(arguments: &[u8]) -> &[u8] {
    arguments.split(|&byte| byte == 0).next().unwrap_or_default()
}

pub(crate) fn base_name(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_base_name_must_match() {
        let pattern = Pattern::new("make|gcc|as|ld|python3?").unwrap();
        for (comm, arguments) in
            [("as", ""), ("x", "/usr/bin/as\0-o\0"), ("python", ""), ("", "gcc"), ("ld", "/usr/bin/x86_64-linux-gnu-ld")]
        {
            assert!(pattern.matches(comm.as_bytes(), arguments.as_bytes()), "{comm} {arguments}");
        }
        for (comm, arguments) in [("bash", "/bin/bash\0as\0"), ("basic", ""), ("gcc-13", "/usr/bin/gcc-13"), ("", ""), ("xmake", "makes")] {
            assert!(!pattern.matches(comm.as_bytes(), arguments.as_bytes()), "{comm} {arguments}");
        }
    }

    #[test]
    fn a_name_longer_than_comm_is_matched_by_the_first_argument() {
        assert!(Pattern::new("kotlin-compiler-daemon").unwrap().matches(b"kotlin-compiler", b"/opt/kotlin-compiler-daemon\0"));
    }

    #[test]
    fn what_is_no_expression_is_refused_even_where_our_parentheses_would_complete_it() {
        for pattern in ["(", ")(", "a)|(b", "[", "(?=a)", "*"] {
            assert!(Pattern::new(pattern).is_err(), "{pattern}");
        }
    }
}
