//! The machine's own figures, read from kept descriptors at every tick.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use procfs::FromRead;
use procfs::ProcessCGroups;
use procfs::process::MountInfos;
use rustix::fs::{Mode, OFlags};

use crate::ProcRoot;

/// One reading. `None` where the kernel does not offer the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HostReading {
    /// `MemAvailable`, KiB.
    pub mem_available_kb: Option<u64>,
    /// `SwapTotal - SwapFree`, KiB.
    pub swap_used_kb: Option<u64>,
    /// Total time some task waited for memory, microseconds since boot.
    pub psi_memory_some_us: Option<u64>,
    /// Total time all tasks waited for memory, microseconds since boot.
    pub psi_memory_full_us: Option<u64>,
    /// Total time some task waited for a CPU, microseconds since boot.
    pub psi_cpu_some_us: Option<u64>,
    /// One-minute load average times 1,000.
    pub load1_milli: Option<u64>,
    /// The pid given out last in the pid namespace of the thread that reads.
    pub last_pid: Option<u32>,
    /// Memory charged to the cgroup, KiB.
    pub cgroup_usage_kb: Option<u64>,
    /// Smallest memory limit of the cgroup and its ancestors, KiB; read once.
    pub cgroup_limit_kb: Option<u64>,
    /// OOM kills the cgroup has counted.
    pub cgroup_oom_kills: Option<u64>,
}

/// Kept descriptors.
#[derive(Debug)]
pub struct HostFiles {
    meminfo: Option<OwnedFd>,
    pressure_memory: Option<OwnedFd>,
    pressure_cpu: Option<OwnedFd>,
    loadavg: Option<OwnedFd>,
    cgroup: Option<Cgroup>,
}

/// The memory cgroup of this process, which its children inherit.
#[derive(Debug)]
struct Cgroup {
    usage: Option<OwnedFd>,
    oom: Option<OwnedFd>,
    limit_kb: Option<u64>,
}

impl HostFiles {
    /// Opens what exists.
    pub fn open(proc: &ProcRoot) -> Self {
        Self {
            meminfo: proc.file("meminfo").ok(),
            pressure_memory: proc.file("pressure/memory").ok(),
            pressure_cpu: proc.file("pressure/cpu").ok(),
            loadavg: proc.file("loadavg").ok(),
            cgroup: Cgroup::of_this_process(proc),
        }
    }

    /// Reads everything now.
    pub fn read(&self) -> HostReading {
        // What is asked for stands in the first twenty lines of each.
        let mut buffer = [0; 1024];
        let mut reading = HostReading::default();
        if let Some(text) = read_text(self.meminfo.as_ref(), &mut buffer) {
            reading.mem_available_kb = after(text, "MemAvailable:");
            reading.swap_used_kb = after(text, "SwapTotal:").zip(after(text, "SwapFree:")).map(|(total, free)| total.saturating_sub(free));
        }
        if let Some(text) = read_text(self.pressure_memory.as_ref(), &mut buffer) {
            reading.psi_memory_some_us = pressure_total(text, "some");
            reading.psi_memory_full_us = pressure_total(text, "full");
        }
        if let Some(text) = read_text(self.pressure_cpu.as_ref(), &mut buffer) {
            reading.psi_cpu_some_us = pressure_total(text, "some");
        }
        if let Some(cgroup) = &self.cgroup {
            reading.cgroup_usage_kb =
                read_text(cgroup.usage.as_ref(), &mut buffer).and_then(|text| after(text, "")).map(|bytes| bytes / 1024);
            reading.cgroup_oom_kills = read_text(cgroup.oom.as_ref(), &mut buffer).and_then(|text| after(text, "oom_kill "));
            reading.cgroup_limit_kb = cgroup.limit_kb;
        }
        // The last one, so that little time passes until new pids are looked at.
        if let Some(text) = read_text(self.loadavg.as_ref(), &mut buffer) {
            reading.load1_milli = load1_milli(text);
            reading.last_pid = last_pid(text);
        }
        reading
    }
}

impl Cgroup {
    fn of_this_process(proc: &ProcRoot) -> Option<Self> {
        let groups = ProcessCGroups::from_read(std::fs::File::from(proc.file("self/cgroup").ok()?)).ok()?;
        let mounts = MountInfos::from_read(std::fs::File::from(proc.file("self/mountinfo").ok()?)).ok()?;
        // On a hybrid system the version 1 controller owns memory, so it is asked first.
        for (fs_type, usage, oom, limit) in [
            ("cgroup", "memory.usage_in_bytes", "memory.oom_control", "memory.limit_in_bytes"),
            ("cgroup2", "memory.current", "memory.events", "memory.max"),
        ] {
            let version1 = fs_type == "cgroup";
            let of_memory = |controllers: &[String]| controllers.iter().any(|name| name == "memory");
            let Some(group) = groups.0.iter().find(|group| if version1 { of_memory(&group.controllers) } else { group.hierarchy == 0 })
            else {
                continue;
            };
            let mount = mounts.0.iter().find(|mount| mount.fs_type == fs_type && (!version1 || mount.super_options.contains_key("memory")));
            let Some(mount) = mount else { continue };
            let dir = below_mount(&mount.mount_point, &mount.root, &group.pathname);
            let open = |name: &str| rustix::fs::open(dir.join(name), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok();
            if let Some(file) = open(usage) {
                return Some(Self { usage: Some(file), oom: open(oom), limit_kb: smallest_limit(&dir, &mount.mount_point, limit) });
            }
        }
        None
    }
}

/// Where a cgroup path is seen: a container's mount may show only the part below its own root.
fn below_mount(mount_point: &Path, mount_root: &str, path: &str) -> PathBuf {
    let inside = path.strip_prefix(mount_root.trim_end_matches('/')).unwrap_or(path);
    mount_point.join(inside.trim_start_matches('/'))
}

fn smallest_limit(dir: &Path, mount_point: &Path, name: &str) -> Option<u64> {
    // Version 1 says "no limit" with a number near 2^63 instead of `max`.
    const NONE_FROM: u64 = 1 << 60;
    dir.ancestors()
        .take_while(|ancestor| ancestor.starts_with(mount_point))
        .filter_map(|ancestor| std::fs::read_to_string(ancestor.join(name)).ok()?.trim().parse().ok())
        .filter(|&bytes: &u64| bytes < NONE_FROM)
        .map(|bytes| bytes / 1024)
        .min()
}

fn read_text<'a>(file: Option<&OwnedFd>, buffer: &'a mut [u8]) -> Option<&'a str> {
    let length = rustix::io::pread(file?, &mut *buffer, 0).ok()?;
    str::from_utf8(&buffer[..length]).ok()
}

/// The number that follows `key` at the start of a line.
fn after(text: &str, key: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(key))?;
    rest.split_whitespace().next()?.parse().ok()
}

fn pressure_total(text: &str, kind: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(kind))?;
    line.rsplit_once("total=")?.1.trim().parse().ok()
}

fn load1_milli(text: &str) -> Option<u64> {
    let (whole, hundredths) = text.split_whitespace().next()?.split_once('.')?;
    Some(whole.parse::<u64>().ok()? * 1000 + hundredths.parse::<u64>().ok()? * 10)
}

fn last_pid(text: &str) -> Option<u32> {
    // gVisor has a 0 there.
    text.split_whitespace().nth(4)?.parse().ok().filter(|&pid| pid > 0)
}

/// All that is looked for in these files.
#[cfg(test)]
pub(crate) fn read_anything(text: &str) {
    let _ = (after(text, "MemAvailable:"), after(text, ""), pressure_total(text, "some"), load1_milli(text), last_pid(text));
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn fixture(files: &[(&str, &str)]) -> (tempfile::TempDir, ProcRoot) {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let root = ProcRoot::open(dir.path()).unwrap();
        (dir, root)
    }

    #[test]
    fn every_value_of_a_full_host_is_read() {
        let (_dir, root) = fixture(&[
            ("meminfo", "MemTotal:  100 kB\nMemAvailable:   60 kB\nSwapTotal:  50 kB\nSwapFree:  20 kB\n"),
            ("pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=123\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=45\n"),
            ("pressure/cpu", "some avg10=1.00 avg60=0.00 avg300=0.00 total=999\n"),
            ("loadavg", "1.05 0.70 0.50 2/345 6789\n"),
        ]);
        let reading = HostFiles::open(&root).read();
        assert_eq!(
            reading,
            HostReading {
                mem_available_kb: Some(60),
                swap_used_kb: Some(30),
                psi_memory_some_us: Some(123),
                psi_memory_full_us: Some(45),
                psi_cpu_some_us: Some(999),
                load1_milli: Some(1050),
                last_pid: Some(6789),
                ..HostReading::default()
            }
        );
    }

    #[test]
    fn the_memory_cgroup_is_that_of_the_controller_which_owns_memory() {
        let v1 = [
            ("memory.usage_in_bytes", "40960\n"),
            ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"),
            ("memory.limit_in_bytes", "1048576\n"),
        ];
        let v2 = [
            ("memory.current", "8192\n"),
            ("memory.events", "low 0\nhigh 0\nmax 9\noom 4\noom_kill 3\noom_group_kill 0\n"),
            ("memory.max", "max\n"),
        ];
        let mounted = tempfile::tempdir().unwrap();
        for (hierarchy, files) in [("v1", v1), ("v2", v2)] {
            let group = mounted.path().join(hierarchy).join("outer/build");
            fs::create_dir_all(&group).unwrap();
            for (name, text) in files {
                fs::write(group.join(name), text).unwrap();
            }
        }
        fs::write(mounted.path().join("v2/outer/memory.max"), "524288\n").unwrap();
        let line_v1 = format!("30 20 0:26 / {}/v1 rw - cgroup cgroup rw,memory\n", mounted.path().display());
        let line_v2 = format!("31 20 0:27 / {}/v2 rw - cgroup2 cgroup2 rw\n", mounted.path().display());
        let read = |groups: &str, mountinfo: &str| {
            let (_dir, root) = fixture(&[("self/cgroup", groups), ("self/mountinfo", mountinfo)]);
            let HostReading { cgroup_usage_kb, cgroup_limit_kb, cgroup_oom_kills, .. } = HostFiles::open(&root).read();
            [cgroup_usage_kb, cgroup_limit_kb, cgroup_oom_kills]
        };
        let hybrid = format!("{line_v1}{line_v2}");
        assert_eq!(read("4:memory:/outer/build\n0::/\n", &hybrid), [Some(40), Some(1024), Some(2)]);
        assert_eq!(read("0::/outer/build\n", &line_v2), [Some(8), Some(512), Some(3)]);
        assert_eq!(read("0::/gone\n", &line_v2), [None; 3]);
    }

    #[test]
    fn what_the_kernel_does_not_offer_is_none_and_not_zero() {
        let (_dir, root) = fixture(&[("meminfo", "MemTotal: 100 kB\n")]);
        assert_eq!(HostFiles::open(&root).read(), HostReading::default());
    }

    #[test]
    fn the_smallest_limit_on_the_way_up_counts() {
        let dir = tempfile::tempdir().unwrap();
        let group = dir.path().join("outer/inner");
        fs::create_dir_all(&group).unwrap();
        fs::write(dir.path().join("memory.max"), "max\n").unwrap();
        fs::write(dir.path().join("outer/memory.max"), "1048576\n").unwrap();
        fs::write(group.join("memory.max"), "9223372036854771712\n").unwrap();
        assert_eq!(smallest_limit(&group, dir.path(), "memory.max"), Some(1024));
    }

    #[test]
    fn a_path_is_found_below_a_container_s_mount() {
        assert_eq!(below_mount(Path::new("/sys/fs/cgroup"), "/docker/x", "/docker/x/y"), Path::new("/sys/fs/cgroup/y"));
        assert_eq!(below_mount(Path::new("/sys/fs/cgroup"), "/", "/a"), Path::new("/sys/fs/cgroup/a"));
    }
}
