import { MyMonitorError } from '../errors.ts'
import type { SampleOptions } from '../sample/types.ts'
import type { SampleCommand } from './commands/sample.ts'
import { parseChoice, parseCount, parseDuration, parseJobs, parsePercent } from './values.ts'

/** The options of `sample` as the API takes them; what was not given is left out. */
export function sampleOptions(given: SampleCommand, command: string[] | undefined): SampleOptions {
  if (given.resume !== undefined) return resumeOptions(given, given.resume, command)
  return {
    ...(given.config === undefined ? {} : { config: given.config }),
    ...(command === undefined ? {} : { command }),
    ...(given.projects === undefined ? {} : { projects: given.projects }),
    ...(given.jobs === undefined ? {} : { jobs: parseJobs('-j', given.jobs) }),
    ...(given.directory === undefined ? {} : { directory: given.directory }),
    ...(given.prepare === undefined ? {} : { prepare: given.prepare }),
    ...(given.interval === undefined ? {} : { intervalMs: parseDuration('--interval', given.interval) }),
    ...(given.metric === undefined ? {} : { metric: parseChoice('--metric', given.metric, ['pss', 'rss']) }),
    ...(given.pss === undefined ? {} : { pss: parseChoice('--pss', given.pss, ['budget', 'full']) }),
    ...(given.pssBudget === undefined ? {} : { pssBudgetPercent: parsePercent('--pss-budget', given.pssBudget) }),
    ...(given.events === undefined ? {} : { events: parseChoice('--events', given.events, ['auto', 'seccomp', 'connector', 'poll']) }),
    ...(given.timeout === undefined ? {} : { timeoutMs: parseDuration('--timeout', given.timeout) }),
    ...(given.outputDir === undefined ? {} : { outputDir: given.outputDir }),
    ...(given.noReport ? { report: false } : {}),
    ...(given.repeat === undefined ? {} : { repeat: parseCount('--repeat', given.repeat) }),
    preClean: !given.noPreClean,
    postClean: !given.noPostClean,
    failFast: given.failFast,
    strict: given.strict,
    showOutput: given.showOutput,
    logOutput: given.logOutput,
    storeArgv: !given.noArgv,
    noRedact: given.noRedact,
  }
}

/** An option that would be ignored is an error: the plan and the configuration are those of the run. */
function resumeOptions(given: SampleCommand, resume: string, command: string[] | undefined): SampleOptions {
  const others: Record<string, unknown> = {
    '-- COMMAND': command,
    '--config': given.config,
    '--project': given.projects,
    '--jobs': given.jobs,
    '-C': given.directory,
    '--prepare': given.prepare,
    '--repeat': given.repeat,
    '--interval': given.interval,
    '--metric': given.metric,
    '--pss': given.pss,
    '--pss-budget': given.pssBudget,
    '--events': given.events,
    '--timeout': given.timeout,
    '--output-dir': given.outputDir,
    '--no-pre-clean': given.noPreClean,
    '--no-post-clean': given.noPostClean,
    '--fail-fast': given.failFast,
    '--no-report': given.noReport,
    '--show-output': given.showOutput,
    '--log-output': given.logOutput,
    '--no-argv': given.noArgv,
    '--strict': given.strict,
  }
  const other = Object.keys(others).find((name) => others[name] !== undefined && others[name] !== false)
  if (other === undefined) return { resume, noRedact: given.noRedact }
  throw new MyMonitorError('ERR_MYMONITOR_USAGE', `--resume goes on with the plan of its run, so ${other} cannot be given with it`)
}
