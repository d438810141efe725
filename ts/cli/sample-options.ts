import type { SampleOptions } from '../sample/types.ts'
import type { SampleCommand } from './commands/sample.ts'
import { parseChoice, parseDuration, parseJobs } from './values.ts'

/** The options of `sample` as the API takes them; what was not given is left out. */
export function sampleOptions(given: SampleCommand, command: string[] | undefined): SampleOptions {
  return {
    ...(given.config === undefined ? {} : { config: given.config }),
    ...(command === undefined ? {} : { command }),
    ...(given.projects === undefined ? {} : { projects: given.projects }),
    ...(given.jobs === undefined ? {} : { jobs: parseJobs('-j', given.jobs) }),
    ...(given.directory === undefined ? {} : { directory: given.directory }),
    ...(given.prepare === undefined ? {} : { prepare: given.prepare }),
    ...(given.interval === undefined ? {} : { intervalMs: parseDuration('--interval', given.interval) }),
    ...(given.metric === undefined ? {} : { metric: parseChoice('--metric', given.metric, ['pss', 'rss']) }),
    ...(given.timeout === undefined ? {} : { timeoutMs: parseDuration('--timeout', given.timeout) }),
    ...(given.outputDir === undefined ? {} : { outputDir: given.outputDir }),
    ...(given.noReport ? { report: false } : {}),
    preClean: !given.noPreClean,
    postClean: !given.noPostClean,
    failFast: given.failFast,
    showOutput: given.showOutput,
    logOutput: given.logOutput,
    storeArgv: !given.noArgv,
    noRedact: given.noRedact,
  }
}
