import { statSync } from 'node:fs'
import { formatCpuList } from '../config/cpu-list.ts'
import { MyMonitorError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import { fromNative, launcherPath, loadRecorder, type SessionOptions, type SessionResult, type Snapshot } from '../native.ts'
import { ensureDirectory, makeFreshDirectory } from './files.ts'
import { requireOwnProc, sourceCommit } from './host.ts'
import { finishedMetadata, runningMetadata, saveMetadata } from './level-metadata.ts'
import type { Level, Plan } from './plan.ts'
import { withReserve } from './reserve.ts'
import { type Run, recordingName } from './run-dir.ts'
import { levelStatus, NOT_FOUND, OWN_FAILURE } from './status.ts'

export interface LevelOutcome {
  recordingDir: string
  metadata: Metadata
  /** Exit status of the level, as the shell would give it. */
  status: number
  /** The build did not start because of this. */
  startError: MyMonitorError | null
  /** The recording is not (completely) what it should be: one line each. */
  measurementErrors: string[]
}

export interface ExecuteOptions {
  plan: Plan
  run: Run
  /** INT, QUIT, TERM and HUP of this process belong to the session while the build runs. */
  handleSignals: boolean
  /** Ends the build when it fires. */
  stop: AbortSignal
  /** The directory was made and the build is about to start; what this throws keeps it from being started. */
  onRecording: (recordingDir: string) => void
  onSnapshot: (snapshot: Snapshot) => void
}

/** Before anything is made or run: that every level's directory can be entered. */
export function checkDirectories(plan: Plan, levels: readonly Level[]): void {
  for (const { project, cwd, attach } of levels) {
    // What runs is there already, wherever that is.
    if (attach !== undefined) continue
    const found = statSync(cwd, { throwIfNoEntry: false })
    if (found?.isDirectory()) continue
    const reason = found === undefined ? 'does not exist' : 'is not a directory'
    if (cwd.includes('\ufffd'))
      throw new MyMonitorError(
        'ERR_MYMONITOR_START_FAILED',
        `the directory of the build, ${cwd}, cannot be reached: its name is not UTF-8; change into it and give -C .`,
      )
    const next = plan.kind === 'projects' ? `correct dir of project "${project}" or give -C DIR` : 'give another one with -C DIR'
    throw new MyMonitorError('ERR_MYMONITOR_START_FAILED', `the directory of the build, ${cwd}, ${reason}: ${next}`)
  }
}

/** Records one level. Throws only before the build has started. */
export async function executeLevel(level: Level, options: ExecuteOptions): Promise<LevelOutcome> {
  const { plan, run } = options
  const recorder = loadRecorder()
  const launcher = launcherPath()
  requireOwnProc()
  const commit = await sourceCommit(level.cwd)
  const now = new Date()
  const recordingDir = makeFreshDirectory(run.dir, recordingName(level, plan, now))
  const running = runningMetadata(run, plan, level, commit, now)
  saveMetadata(recordingDir, running)

  let result: SessionResult
  try {
    options.onRecording(recordingDir)
    const session = new recorder.Session(sessionOptions(level, options, recordingDir, launcher), options.onSnapshot)
    const abort = (): void => session.abort()
    options.stop.addEventListener('abort', abort, { once: true })
    if (options.stop.aborted) abort()
    try {
      result = await session.result()
    } finally {
      options.stop.removeEventListener('abort', abort)
    }
  } catch (cause) {
    const error = fromNative(cause)
    withReserve(run.dir, () => saveMetadata(recordingDir, { ...running, state: 'failed', start_error: error.message }))
    throw error
  }

  const startError = startFailure(level, result)
  const metadata = { ...finishedMetadata(running, plan, result), ...(neverForked(level, result) ? NOT_STARTED : {}) }
  const measurementErrors = result.measurementError === undefined ? [] : [result.measurementError]
  try {
    // The build may have removed it: a clean rule that deletes the output directory.
    ensureDirectory(recordingDir)
    withReserve(run.dir, () => saveMetadata(recordingDir, metadata))
  } catch (cause) {
    measurementErrors.push(fromNative(cause).message)
  }
  return {
    recordingDir,
    metadata,
    status: level.attach === undefined ? levelStatus(result) : 0,
    startError,
    measurementErrors,
  }
}

function sessionOptions(
  level: Level,
  { plan, run, handleSignals }: ExecuteOptions,
  recordingDir: string,
  launcher: string,
): SessionOptions {
  return {
    launcherPath: launcher,
    recordingDir,
    command: level.command,
    cwd: level.cwd,
    output: level.output,
    intervalUs: plan.intervalUs,
    phases: level.phases,
    events: plan.events,
    pss: plan.metric === 'rss' ? 'off' : plan.pss,
    pssBudgetPercent: plan.pssBudgetPercent,
    storeArgv: plan.storeArgv,
    secondInterruptKills: plan.kind === 'projects',
    handleSignals,
    ...(plan.timeoutMs === undefined ? {} : { timeoutMs: plan.timeoutMs }),
    compression: plan.compression,
    ...(level.processPattern === undefined ? {} : { processPattern: level.processPattern }),
    runId: run.id,
    project: level.project,
    ...(level.jobs === null ? {} : { jobs: level.jobs }),
    repeat: level.repeat,
    ...(level.cpus?.build ? { buildCpus: level.cpus.build } : {}),
    ...(level.attach === undefined ? {} : { attach: level.attach }),
    ...(level.cpus?.sampler ? { samplerCpus: level.cpus.sampler } : {}),
  }
}

/** What became of the exit records is told with the fork. */
function neverForked(level: Level, { startError, exitRecords }: SessionResult): boolean {
  return level.attach === undefined && startError === undefined && exitRecords === undefined
}

const NOT_STARTED = {
  state: 'failed',
  start_error:
    'the launcher was killed before it started the build; a filter of system calls that kills who asks for a filter does it, too: try --events poll',
} as const

function startFailure(level: Level, result: SessionResult): MyMonitorError | null {
  const { startError } = result
  if (neverForked(level, result)) return new MyMonitorError('ERR_MYMONITOR_START_FAILED', NOT_STARTED.start_error)
  if (!startError) return null
  const reason = startError.message.replace(/ \(os error \d+\)$/, '').toLowerCase()
  if (startError.step === 'exit_records')
    return new MyMonitorError(
      'ERR_MYMONITOR_START_FAILED',
      `--events seccomp: this system gives no exit records (${reason}); mymonitor doctor says why, --events auto goes on without`,
    )
  if (startError.step === 'affinity')
    return new MyMonitorError(
      'ERR_MYMONITOR_START_FAILED',
      `cannot run the build on the CPUs ${formatCpuList(level.cpus?.build ?? [])}: ${reason}; are they still this process's own?`,
    )
  if (startError.step === 'chdir') return new MyMonitorError('ERR_MYMONITOR_START_FAILED', `cannot enter ${level.cwd}: ${reason}`)
  const [program = ''] = level.command
  const status = levelStatus(result)
  if (status === OWN_FAILURE) return new MyMonitorError('ERR_MYMONITOR_START_FAILED', `cannot run "${program}": ${reason}`)
  if (status !== NOT_FOUND) return new MyMonitorError('ERR_MYMONITOR_COMMAND_NOT_EXECUTABLE', `cannot run "${program}": ${reason}`)
  const message = program.includes('/') ? `cannot run "${program}": ${reason}` : `cannot run "${program}": no such command in PATH`
  return new MyMonitorError('ERR_MYMONITOR_COMMAND_NOT_FOUND', message)
}
