import { spawn } from 'node:child_process'
import { formatUs } from '../units.ts'
import type { Step } from './plan.ts'

/** Enough for the lines that say why a clean command failed. */
const TAIL_BYTES = 8192
const GRACE_MS = 5000
const POLL_MS = 50

export interface StepFailure {
  step: Step
  /** "exit status 2", "killed by SIGTERM", "not done after 30 min 00 s, so it was ended", "cannot run bash: …" */
  reason: string
  /** The end of its output. */
  tail: string
}

/**
 * Runs a clean or prepare command, unrecorded: no stdin, its output kept only for the case that it fails. It leads a process group of its own, so that
 * everything it started ends when `stop` fires or its time is over. Resolves with null when it succeeded.
 */
export function runStep(step: Step, env: NodeJS.ProcessEnv, stop: AbortSignal): Promise<StepFailure | null> {
  const [file = '', ...args] = step.command
  const child = spawn(file, args, { cwd: step.cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let tail = Buffer.alloc(0)
  const keep = (chunk: Buffer): void => {
    tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)

  let ending: Promise<void> | undefined
  let timedOut = false
  const end = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) ending ??= endGroup(child.pid)
  }
  const timer = setTimeout(() => {
    timedOut = true
    end()
  }, step.timeoutMs)
  stop.addEventListener('abort', end, { once: true })
  if (stop.aborted) end()

  return new Promise((resolve) => {
    const finish = async (reason: string | null): Promise<void> => {
      stop.removeEventListener('abort', end)
      clearTimeout(timer)
      // The shell ends at once; what it started may take longer, or not listen.
      await ending
      // What a background process still holds open would keep this process alive.
      child.stdout.destroy()
      child.stderr.destroy()
      resolve(reason === null ? null : { step, reason, tail: tail.toString('utf8').trimEnd() })
    }
    child.once('error', (error: NodeJS.ErrnoException) => finish(`cannot run ${file} in ${step.cwd}: ${error.code ?? error.message}`))
    child.once('exit', (code, signal) => {
      const how = code === null ? `killed by ${signal}` : `exit status ${code}`
      const reason = timedOut ? `not done after ${formatUs(step.timeoutMs * 1000)}, so it was ended` : code === 0 ? null : how
      // The last output may still be on its way.
      setImmediate(finish, reason)
    })
  })
}

/** TERM to the group, KILL to what is left of it after the grace. */
async function endGroup(leader: number): Promise<void> {
  const deadlineMs = performance.now() + GRACE_MS
  let signal: NodeJS.Signals | 0 = 'SIGTERM'
  while (kill(leader, signal)) {
    if (performance.now() >= deadlineMs) {
      kill(leader, 'SIGKILL')
      return
    }
    signal = 0
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** Whether there was anybody in the group. */
function kill(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-leader, signal)
    return true
  } catch {
    return false
  }
}
