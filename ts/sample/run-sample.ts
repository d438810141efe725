import { loadRules } from '../classify/rules.ts'
import { loadConfig } from '../config/load.ts'
import { MyMonitorError } from '../errors.ts'
import { launcherPath } from '../native.ts'
import { checkDirectories } from '../run/execute.ts'
import { messageOf } from '../run/files.ts'
import { planRun } from '../run/plan.ts'
import { openRun, type Run, type RunRecord, saveRun } from '../run/run-dir.ts'
import { findShell } from '../run/shell.ts'
import { watchInterrupts } from '../run/signals.ts'
import { runStatus } from '../run/status.ts'
import { type RunContext, sampleLevel } from './level.ts'
import { checkOptions } from './options.ts'
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
  const { cwd, env, handleSignals } = surroundings
  const config = loadConfig(options.config, { cwd, env })
  const plan = planRun(config, options, { cwd, env, shell: findShell(env) })
  const rules = loadRules(config.rulesFile)
  for (const warning of config.warnings) observer.warning?.(warning)
  checkDirectories(plan)
  launcherPath()
  observer.planned?.(plan)

  const interrupts = handleSignals ? watchInterrupts() : null
  const stop = AbortSignal.any([options.signal, interrupts?.signal].filter((signal) => signal !== undefined))
  const run = openRun(plan, new Date())
  const context: RunContext = {
    plan,
    run,
    rules,
    observer,
    stop,
    env,
    handleSignals,
    noRedact: options.noRedact ?? false,
    levels: [],
  }
  const { levels } = context
  let interruptedBy: number | null = null
  try {
    for (const index of plan.levels.keys()) {
      const outcome = await sampleLevel(context, index)
      interruptedBy = outcome?.interruptedBy ?? null
      if (outcome === null || interruptedBy !== null || stop.aborted || (plan.failFast && outcome.result.exitStatus !== 0)) break
    }
    if (levels.length === 0) rejectIfAborted(options.signal)
    interruptedBy ??= interrupts?.by() ?? null
    const early = levels.length < plan.levels.length && (stop.aborted || interruptedBy !== null)
    run.record.state = early ? 'interrupted' : 'finished'
    run.record.interrupted_by = interruptedBy
    saveRun(run)
  } catch (error) {
    if (levels.length === 0) {
      closeUnbuilt(run, stop.aborted ? 'interrupted' : 'failed')
      throw error
    }
    const message = messageOf(error)
    if (!levels.some(({ measurementErrors }) => measurementErrors.includes(message))) observer.warning?.(message)
  } finally {
    interrupts?.release()
  }
  const statuses = levels.map(({ exitStatus }) => exitStatus)
  const exitStatus = runStatus(statuses, plan.levels.length, interruptedBy)
  return {
    runId: run.id,
    dir: run.dir,
    exitStatus,
    planned: plan.levels.length,
    interruptedBy,
    aborted: options.signal?.aborted ?? false,
    levels,
  }
}

/** The error that kept the first build from being started is what is reported, whether or not this can be written. */
function closeUnbuilt(run: Run, state: RunRecord['state']): void {
  run.record.state = state
  try {
    saveRun(run)
  } catch {
    // Nothing was recorded, so nothing is lost.
  }
}

function rejectIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return
  throw new MyMonitorError('ERR_MYMONITOR_ABORTED', 'aborted before the build was started', { cause: signal.reason })
}
