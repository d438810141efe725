use std::io;

/// Which CPUs a thread may run on. Not limited to the 1,024 of glibc's `cpu_set_t`: the kernel takes a mask of any length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CpuSet {
    mask: Vec<libc::c_ulong>,
}

const BITS: usize = libc::c_ulong::BITS as usize;

impl FromIterator<u32> for CpuSet {
    fn from_iter<T: IntoIterator<Item = u32>>(cpus: T) -> Self {
        let mut mask = Vec::new();
        for cpu in cpus {
            let (word, bit) = (cpu as usize / BITS, cpu as usize % BITS);
            if word >= mask.len() {
                mask.resize(word + 1, 0);
            }
            mask[word] |= 1 << bit;
        }
        Self { mask }
    }
}

impl CpuSet {
    /// Keeps the calling thread, and what it forks from now on, on these CPUs. Async-signal-safe where it succeeds and where it fails.
    ///
    /// # Errors
    /// None of them may be used.
    pub fn pin_this_thread(&self) -> io::Result<()> {
        // SAFETY: the mask lives during the call, and its length in bytes is the one given.
        match unsafe { libc::sched_setaffinity(0, size_of_val(self.mask.as_slice()), self.mask.as_ptr().cast()) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cpu_is_one_bit() {
        let set = CpuSet::from_iter([0, 3, 64]);
        assert_eq!(set.mask, [0b1001, 1]);
    }

    #[test]
    fn a_thread_stays_on_its_cpu_and_a_set_without_a_usable_one_is_refused() {
        std::thread::spawn(|| {
            let allowed = || {
                let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
                let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap();
                list.trim().to_owned()
            };
            let before = allowed();
            assert_eq!(CpuSet::from_iter([8191]).pin_this_thread().unwrap_err().raw_os_error(), Some(libc::EINVAL));
            assert_eq!(allowed(), before);
            let first: u32 = before.split([',', '-']).next().unwrap().parse().unwrap();
            CpuSet::from_iter([first]).pin_this_thread().unwrap();
            assert_eq!(allowed(), first.to_string());
        })
        .join()
        .unwrap();
    }
}
