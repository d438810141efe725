import { loadRules, type Rules } from '../classify/rules.ts'
import { loadConfig } from '../config/load.ts'
import { MyMonitorError } from '../errors.ts'
import { launcherPath } from '../native.ts'
import { spreadByLevel } from '../report/spread.ts'
import { cpuNotes } from '../run/cpus.ts'
import { checkDirectories } from '../run/execute.ts'
import { messageOf } from '../run/files.ts'
import { allowedCpus } from '../run/host.ts'
import { type Plan, planRun } from '../run/plan.ts'
import { closeRun, openRun, type Run, reopenRun } from '../run/run-dir.ts'
import type { RunRecord } from '../run/run-record.ts'
import { scopeNotes } from '../run/scope.ts'
import { findShell } from '../run/shell.ts'
import { watchInterrupts } from '../run/signals.ts'
import { OWN_FAILURE, runStatus } from '../run/status.ts'
import { type RunContext, resultsOf, sampleLevel } from './level.ts'
import { checkOptions } from './options.ts'
import { finishedResults, hostChange, readStoredRun, type StoredRun, setAsideUnfinished, unfinishedLevels } from './resume.ts'
import type { SampleObserver, SampleOptions, SampleResult } from './types.ts'

export interface Surroundings {
  /** Absolute. */
  cwd: string
  env: NodeJS.ProcessEnv
  /** Take INT, QUIT, TERM and HUP of this process: the command line does, a library does not. */
  handleSignals: boolean
}

/**
 * A whole run: plan, then for each level clean, record, clean, analyse and report. Rejects only before a build has started; from then on the build's status
 * stands and what goes wrong on our side is in `measurementErrors`.
 */
export async function runSample(options: SampleOptions, observer: SampleObserver, surroundings: Surroundings): Promise<SampleResult> {
  checkOptions(options)
  rejectIfAborted(options.signal)
  const stored = options.resume === undefined ? null : readStoredRun(options.resume, surroundings.cwd)
  const plan = stored?.plan ?? newPlan(options, observer, surroundings)
  return recordRun({ plan, rules: loadRules(plan.rulesFile), stored }, options, observer, surroundings)
}

interface Planned {
  plan: Plan
  rules: Rules
  /** The run to go on with. */
  stored: StoredRun | null
}

/** Does what was planned. */
export async function recordRun(
  { plan, rules, stored }: Planned,
  options: Pick<SampleOptions, 'signal' | 'noRedact'>,
  observer: SampleObserver,
  surroundings: Surroundings,
): Promise<SampleResult> {
  rejectIfAborted(options.signal)
  const { env, handleSignals } = surroundings
  const left = stored === null ? [...plan.levels.keys()] : unfinishedLevels(stored.record)
  checkDirectories(
    plan,
    plan.levels.filter((_, index) => left.includes(index)),
  )
  launcherPath()
  observer.planned?.(plan)

  const interrupts = handleSignals ? watchInterrupts() : null
  const stop = AbortSignal.any([options.signal, interrupts?.signal].filter((signal) => signal !== undefined))
  const noRedact = options.noRedact ?? false
  let interruptedBy: number | null = null
  try {
    const results = stored === null ? [] : await finishedResults(stored, rules, noRedact)
    const run = stored === null ? openRun(plan, new Date()) : await goOn(stored, observer)
    const context: RunContext = { plan, run, rules, observer, stop, env, handleSignals, noRedact, results }
    try {
      for (const index of left) {
        const outcome = await sampleLevel(context, index)
        interruptedBy = outcome?.interruptedBy ?? null
        if (outcome === null || interruptedBy !== null || stop.aborted || (plan.failFast && outcome.result.exitStatus !== 0)) break
      }
      if (resultsOf(context).length === 0) rejectIfAborted(options.signal)
    } catch (error) {
      closeUnbuilt(run, stop.aborted ? 'interrupted' : 'failed')
      throw error
    }
    interruptedBy ??= interrupts?.by() ?? null
    closeBuilt(context, interruptedBy)
    return resultOf(context, interruptedBy, options.signal?.aborted ?? false)
  } finally {
    interrupts?.release()
  }
}

function newPlan(options: SampleOptions, observer: SampleObserver, { cwd, env }: Surroundings): Plan {
  const config = loadConfig(options.config, { cwd, env })
  const { scheduling } = config
  const cpus = scheduling === null ? [] : allowedCpus()
  const plan = planRun(config, options, { cwd, env, shell: findShell(env), allowedCpus: cpus })
  const notes = [...(scheduling === null ? [] : cpuNotes(scheduling, cpus, plan.levels)), ...scopeNotes(config, plan.levels)]
  for (const warning of [...config.warnings, ...notes]) observer.warning?.(warning)
  return plan
}

async function goOn(stored: StoredRun, observer: SampleObserver): Promise<Run> {
  const { dir, record, plan } = stored
  const change = hostChange(stored)
  if (change !== null) observer.warning?.(change)
  if (unfinishedLevels(record).length === 0) observer.warning?.(`nothing is left to be run: all levels of ${dir} are finished`)
  const run = reopenRun(dir, record)
  for (const problem of await setAsideUnfinished(run, plan)) observer.warning?.(problem)
  return run
}

/** Builds have run, so their status stands: what cannot be written any more is only said. */
function closeBuilt(context: RunContext, interruptedBy: number | null): void {
  const { plan, run, observer, stop } = context
  const levels = resultsOf(context)
  const isEarly = levels.length < plan.levels.length && (stop.aborted || interruptedBy !== null)
  const isUnbuilt = levels.every(({ startError, analysis }) => startError !== null && analysis === null)
  run.record.interrupted_by = interruptedBy
  try {
    closeRun(run, isEarly ? 'interrupted' : isUnbuilt ? 'failed' : 'finished')
  } catch (error) {
    const message = messageOf(error)
    if (!levels.some(({ measurementErrors }) => measurementErrors.includes(message))) observer.warning?.(message)
  }
}

function resultOf(context: RunContext, interruptedBy: number | null, aborted: boolean): SampleResult {
  const { plan, run } = context
  const levels = resultsOf(context)
  const statuses = levels.map(({ exitStatus }) => exitStatus)
  const isMeasured = levels.every(({ measurementErrors }) => measurementErrors.length === 0)
  return {
    runId: run.id,
    dir: run.dir,
    exitStatus: plan.strict && !isMeasured ? OWN_FAILURE : runStatus(statuses, plan.levels.length, interruptedBy),
    planned: plan.levels.length,
    interruptedBy,
    aborted,
    levels,
    spread: spreadByLevel(levels.flatMap(({ analysis }) => analysis ?? [])),
  }
}

/** The error that kept the first build from being started is what is reported, whether or not this can be written. */
function closeUnbuilt(run: Run, state: RunRecord['state']): void {
  try {
    closeRun(run, state)
  } catch {
    // Nothing was recorded, so nothing is lost.
  }
}

function rejectIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return
  throw new MyMonitorError('ERR_MYMONITOR_ABORTED', 'aborted before the build was started', { cause: signal.reason })
}
