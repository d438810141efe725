//! A make-believe C++ build: make and a shell that hardly change, drivers that do not, compilers that grow and assemblers that are short. Sizes and
//! lifetimes follow a recorded `make -j2` of g++ 12.

use mymonitor_wire::{End, ImageEnd, ImageStart, Sample, Tick};

/// Parallel jobs of the build.
pub const JOBS: usize = 4;

/// The ticks of a build that lasts `ticks` ticks, the same for the same seed.
pub fn build(seed: u64, ticks: u32) -> impl Iterator<Item = Tick> {
    let mut build = Build { random: Random(seed | 1), next_id: 0, processes: Vec::new(), jobs: vec![0; JOBS] };
    (0..ticks).map(move |tick| build.tick(tick))
}

struct Random(u64);

impl Random {
    /// xorshift64: below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

struct Process {
    image: u32,
    ticks_left: u64,
    rss_kb: u64,
    shared_kb: u64,
    /// Most it grows in a tick.
    growth_kb: u64,
    job: Option<usize>,
}

struct Build {
    random: Random,
    next_id: u32,
    processes: Vec<Process>,
    /// Stage of each job: the next kind of process that it starts.
    jobs: Vec<usize>,
}

impl Build {
    fn tick(&mut self, tick: u32) -> Tick {
        let elapsed_us = u64::from(tick) * 50_000 + self.random.below(400);
        let at_us = elapsed_us.cast_signed();
        let mut started = Vec::new();
        if tick == 0 {
            self.start("make", u64::MAX, (2_500, 2_000, 0), None, at_us, &mut started);
        }
        for job in 0..JOBS {
            if !self.processes.iter().any(|process| process.job == Some(job)) {
                self.start_job(job, at_us, &mut started);
            }
        }
        let samples = self.processes.iter_mut().map(|process| sample(process, &mut self.random)).collect();
        let ended = self.processes.iter().filter(|process| process.ticks_left == 0).map(|process| end(process.image, at_us + 40_000));
        let ended = ended.collect();
        self.processes.retain(|process| process.ticks_left > 0);
        let live = u32::try_from(self.processes.len()).unwrap_or(u32::MAX);
        Tick { tick, elapsed_us, late_us: elapsed_us % 50_000, live, started, samples, ended, ..Tick::default() }
    }

    fn start_job(&mut self, job: usize, at_us: i64, started: &mut Vec<ImageStart>) {
        let life = 1 + self.random.below(60);
        let common = self.random.below(300) * 4;
        if self.jobs[job] % 4 == 3 {
            self.start("as", 1 + life % 4, (20_000 + common, 7_000, 4_000), Some(job), at_us, started);
        } else {
            self.start("sh", life, (1_700, 1_600, 0), Some(job), at_us, started);
            self.start("g++", life, (3_300 + common / 16 * 4, 3_000, 0), Some(job), at_us, started);
            self.start("cc1plus", life, (36_000 + common, 20_000 + common, 9_000), Some(job), at_us, started);
        }
        self.jobs[job] += 1;
    }

    fn start(
        &mut self,
        name: &str,
        ticks_left: u64,
        (rss_kb, shared_kb, growth_kb): (u64, u64, u64),
        job: Option<usize>,
        start_us: i64,
        started: &mut Vec<ImageStart>,
    ) {
        let process_id = self.next_id;
        self.next_id += 1;
        started.push(ImageStart {
            process_id,
            pid: 1000 + process_id * 3,
            parent_id: job.map(|_| 0),
            ppid: 1000,
            uid: 1000,
            start_us,
            name: name.into(),
            exe: format!("/usr/bin/{name}").into(),
            cwd: b"/src/build".to_vec(),
            argv: format!("{name}\0-O2\0-c\0src/unit{process_id}.cc\0-o\0obj/unit{process_id}.o\0").into(),
            ..ImageStart::default()
        });
        self.processes.push(Process { image: process_id, ticks_left, rss_kb, shared_kb, growth_kb, job });
    }
}

fn sample(process: &mut Process, random: &mut Random) -> Sample {
    process.ticks_left -= 1;
    // Two ticks in three a compiler allocates; it seldom gives back.
    if process.growth_kb > 0 && random.below(3) > 0 {
        process.rss_kb += random.below(process.growth_kb) / 4 * 4;
    }
    Sample { process_id: process.image, rss_kb: process.rss_kb, shared_kb: process.shared_kb, pss_kb: None, uss_kb: None }
}

fn end(process_id: u32, end_us: i64) -> ImageEnd {
    ImageEnd {
        process_id,
        end_us,
        end: End::Exited,
        exit_code: Some(0),
        signal: None,
        cpu_us: Some(1234),
        vm_hwm_kb: None,
        threads: Some(1),
    }
}
