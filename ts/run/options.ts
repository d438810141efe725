/** What can be asked of a run. Exactly one of `command` and `projects` is used; with neither, the projects of the user's own configuration are. */
export interface RunOptions {
  /** argv of the build; argv[0] is looked up in PATH. `{N}` in any argument stands for the level. */
  command?: readonly string[]
  /** Names of projects.toml. */
  projects?: readonly string[]
  /** `-j` levels, in this order. Default: `default_jobs` of the configuration for projects and for commands with `{N}`; else none. */
  jobs?: readonly number[]
  /** Where the build runs. Default: the project's `dir`; for a command the current directory. */
  directory?: string
  /** Run a project's clean command before each level. Default true. */
  preClean?: boolean
  /** Run a project's clean command after each level. Default true. */
  postClean?: boolean
  /** Shell command that runs before each level of a command, not recorded; `{N}` stands for the level. */
  prepare?: string
  /** Record all levels this many times, one after the other each time. Default 1. */
  repeat?: number
  /** Stop after the first level that fails. Default false. */
  failFast?: boolean
  /** The exit status is 125 when the measurement failed, whatever the build did. Default false. */
  strict?: boolean
  /** Milliseconds between two ticks. Default: `interval_seconds` of the configuration (50). */
  intervalMs?: number
  /** What totals, categories and the peak are in. Default: `metric_type` of the configuration (pss). */
  metric?: 'pss' | 'rss'
  /** Measure PSS where it pays within a budget (`budget`, the default), or of every process at every tick (`full`). With metric rss nothing is measured. */
  pss?: 'budget' | 'full'
  /** The budget for measuring PSS, per cent of one CPU. Default 1. */
  pssBudgetPercent?: number
  /**
   * Where forks and exits of processes are learnt from: exit records where they are safe and the process connector where it may be used (`auto`, the
   * default), exit records alone or no build (`seccomp`), the process connector alone or no build (`connector`), the walk over the tree alone (`poll`).
   */
  events?: 'auto' | 'seccomp' | 'connector' | 'poll'
  /** End a level after this many milliseconds. Default: never. */
  timeoutMs?: number
  /** Where the run's directory is made. Default: `log_root_dir` of the configuration. */
  outputDir?: string
  /** Write HTML. Default: unless `skip_plots` of the configuration says otherwise. */
  report?: boolean
  /** Show the output of projects, too; it always goes to build_stdout.log. Default false. */
  showOutput?: boolean
  /** Write the output of a command to build_stdout.log, too; it is always shown. Default false. */
  logOutput?: boolean
  /** Store the arguments of the build's processes. Default true. */
  storeArgv?: boolean
}
