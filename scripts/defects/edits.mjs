/** How each known defect of the Python MyMonitor comes back: what is replaced in which file, the test that must notice, and what it must say. */

const SAMPLE = 'crates/sampler/src'
const PLAN = 'ts/run/plan.ts'
const READ = 'ts/config/read.ts'

/** A key that is read and then dropped. */
function dropped(key, from, to, because, file = PLAN) {
  return {
    defect: 11,
    what: `The configuration key ${key} changes nothing`,
    file: '__test__/e2e/configuration.spec.ts',
    test: `known defect 11: ${key} changes`,
    edits: [{ file, from, to }],
    because,
  }
}

export const DEFECTS = [
  {
    defect: 1,
    what: 'The overall peak sums samples by their own time stamps',
    file: '__test__/e2e/truth.spec.ts',
    test: 'known defect 1: ',
    edits: [
      {
        file: 'crates/analysis/src/aggregate.rs',
        from: 'pass.tick(samples)',
        to: 'pass.tick(samples.iter().max_by_key(|sample| sample.rss_kb).map_or(&[][..], std::slice::from_ref))',
      },
    ],
    because: /to be less than 0\.02/,
  },
  {
    defect: 2,
    what: 'A process that vanished before its sample gets another one’s numbers',
    file: '__test__/e2e/processes.spec.ts',
    test: 'known defect 2: ',
    edits: [
      {
        file: `${SAMPLE}/tracker.rs`,
        from: '            Err(error) if error != ReadError::Gone => {',
        to: '            Err(ReadError::Gone) if index > 0 => Ok(self.live.iter().map(|live| live.statm).max_by_key(|statm| statm.rss_kb)),\n            Err(error) if error != ReadError::Gone => {',
      },
    ],
    because: /to be 1/,
  },
  {
    defect: 3,
    what: 'Every process read is a new scan of the whole system',
    file: '__test__/e2e/processes.spec.ts',
    test: 'known defect 3: ',
    edits: [
      {
        file: `${SAMPLE}/tracker.rs`,
        from: '        match self.live[index].process.statm() {',
        to: '        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {\n            let _ = std::fs::read(entry.path().join("statm"));\n        }\n        match self.live[index].process.statm() {',
      },
    ],
    because: /to be less than 800/,
  },
  {
    defect: 4,
    what: 'Names are searched inside others: as, ld and cc match unrelated processes',
    file: '__test__/classify/shipped-rules.spec.ts',
    test: 'known defect 4: ',
    edits: [
      {
        file: 'conf/rules.toml',
        from: "pattern = '^(?:[\\w.]+-)*(?:as|gas)$'",
        to: "pattern = '(?:as|gas)'",
      },
    ],
    because: /is won by Assembly_Any:161/,
  },
  {
    defect: 4,
    what: 'The same for processes outside of the tree',
    file: '__test__/e2e/scope.spec.ts',
    test: 'known defect 4: ',
    edits: [{ file: `${SAMPLE}/pattern.rs`, from: '"^(?:{pattern})$"', to: '"(?:{pattern})"' }],
    because: /to deeply equal/,
  },
  {
    defect: 5,
    what: 'The setup command never runs',
    file: '__test__/run/plan.spec.ts',
    test: 'known defect 5: ',
    edits: [{ file: PLAN, from: 'phasedCommand(shell, setup, build)', to: "phasedCommand(shell, '', build)" }],
    because: /'\. env 2'|\. env 2/,
  },
  {
    defect: 6,
    what: 'A hard-coded one-hour timeout kills long builds',
    file: '__test__/run/plan.spec.ts',
    test: 'known defect 6: ',
    edits: [
      {
        file: PLAN,
        from: '...(options.timeoutMs === undefined ? {} : { timeoutMs: checkedTimeoutMs(options.timeoutMs) }),',
        to: 'timeoutMs: checkedTimeoutMs(options.timeoutMs ?? 3_600_000),',
      },
    ],
    because: /expected 3600000 to be undefined/,
  },
  {
    defect: 7,
    what: 'The build writes into a pipe that nobody drains',
    file: '__test__/e2e/output.spec.ts',
    test: 'known defect 7: a build that prints 50 MB ends, and all of it arrives in a sweep$',
    edits: [
      { file: 'crates/launcher/src/tee.rs', from: '    if args.output.is_tee() {\n', to: '    if !args.output.keeps_stdin() {\n' },
      {
        file: 'crates/launcher/src/tee.rs',
        from: '.spawn(move || run(pump, &drained))',
        to: '.spawn(move || if pump.read.as_raw_fd() < 0 { run(pump, &drained) } else { std::mem::forget((pump, drained)) })',
      },
    ],
    because: /expected 124 to be/,
  },
  {
    defect: 8,
    what: 'CPU pinning leaves the build unpinned',
    file: '__test__/e2e/scheduling.spec.ts',
    test: 'known defect 8: ',
    edits: [
      {
        file: 'crates/launcher/src/build.rs',
        from: 'child.cpus.is_some_and(',
        to: 'child.cpus.filter(|_| child.argv.is_empty()).is_some_and(',
      },
    ],
    because: /current affinity list/,
  },
  {
    defect: 9,
    what: 'The exit status is 0 when a build failed',
    file: '__test__/e2e/status.spec.ts',
    test: 'known defect 9: the status of a failed build is passed on from a sweep',
    edits: [
      { file: 'ts/run/status.ts', from: '  if (failed !== undefined) return failed\n', to: '  if (failed !== undefined) return 0\n' },
    ],
    because: /expected \+?0 to be 3/,
  },
  {
    defect: 10,
    what: 'Nothing is on disk until the build has ended',
    file: '__test__/e2e/crash.spec.ts',
    test: 'known defect 10: ',
    edits: [
      {
        file: `${SAMPLE}/journal.rs`,
        from: 'while waiting.bytes.is_empty() {',
        to: 'while waiting.bytes.is_empty() || !waiting.is_closed {',
      },
    ],
    because: /bytes on disk/,
  },
  dropped(
    'monitor.general.default_jobs',
    'const jobs = options.jobs ?? config.defaultJobs\n',
    'const jobs = options.jobs ?? [4]\n',
    /to deeply equal \[ 3, 1 \]/,
  ),
  dropped('monitor.general.skip_plots', 'options.report ?? !config.skipPlots', 'options.report ?? true', /to deeply equal \[\]/),
  dropped('monitor.general.log_root_dir', 'expandPath(config.logRootDir,', "expandPath('logs',", /elsewhere/),
  dropped('monitor.collection.interval_seconds', 'config.intervalUs : checked', '50_000 : checked', /tick due after/),
  dropped('monitor.collection.metric_type', 'options.metric ?? config.metric', "options.metric ?? 'pss'", /other_j3_rss/),
  dropped('monitor.collection.pss_collector_mode', "config.scope === 'full_scan' && project", 'false && project', /nothing-is-called-so/),
  dropped('monitor.storage.format', 'formats: config.formats', 'formats: { ...config.formats, json: false }', /memory_samples\.json/),
  dropped('monitor.storage.compression', 'compression: config.compression', "compression: 'snappy'", /ZSTD|to deeply equal/),
  dropped(
    'monitor.storage.generate_legacy_formats',
    'formats: config.formats',
    'formats: { ...config.formats, legacyCsv: false }',
    /memory_samples\.csv/,
  ),
  dropped(
    'paths.projects_config',
    "companion('paths.projects_config', 'projects.toml')",
    "resolve(dirname(found.file), 'projects.toml')",
    /no such file|expected .* to be \+?0/,
    READ,
  ),
  dropped(
    'paths.rules_config',
    "rulesFile: companion('paths.rules_config', 'rules.toml')",
    "rulesFile: shipped('rules.toml')",
    /Mine/,
    READ,
  ),
  ...[
    [
      'scheduling_policy',
      'known defect 8: ',
      "const policy = values['monitor.scheduling.scheduling_policy']",
      "const policy = 'off' as 'off' | 'adaptive' | 'manual'",
      /affinity list/,
    ],
    ['monitor_core', 'known defect 8: ', 'monitorCore: core', 'monitorCore: core * 0', /affinity list/],
    ['manual_build_cores', 'manual pins to', 'buildCores: coresOf(buildList)', 'buildCores: null', /manual_build_cores/],
    ['manual_monitoring_cores', 'manual pins to', 'monitoringCores: coresOf(monitoringList)', 'monitoringCores: null', /policy: 'manual'/],
    ['enable_cpu_affinity', 'nothing is pinned with', " || !values['monitor.scheduling.enable_cpu_affinity']", '', /recording/],
  ].map(([key, test, from, to, because]) => ({
    ...dropped(`monitor.scheduling.${key}`, from, to, because, 'ts/config/scheduling.ts'),
    file: '__test__/e2e/scheduling.spec.ts',
    test,
  })),
  {
    defect: 12,
    what: 'No test compares a measured value with a known allocation',
    file: '__test__/e2e/truth.spec.ts',
    test: 'known defect 12: ',
    edits: [
      {
        file: `${SAMPLE}/tick.rs`,
        from: 'let (rss_kb, shared_kb) = (live.statm.rss_kb, live.statm.shared_kb);',
        to: 'let (rss_kb, shared_kb) = (live.statm.rss_kb * 9 / 10, live.statm.shared_kb);',
      },
    ],
    because: /to be less than 0\.0[25]/,
  },
]
