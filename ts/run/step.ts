import { spawn } from 'node:child_process'
import type { Step } from './plan.ts'

/** Enough for the lines that say why a clean command failed. */
const TAIL_BYTES = 8192
const GRACE_MS = 5000

export interface StepFailure {
  step: Step
  /** "exit status 2", "killed by SIGTERM", "cannot run bash: …" */
  reason: string
  /** The end of its output. */
  tail: string
}

/**
 * Runs a clean or prepare command, unrecorded: no stdin, its output kept only for the case that it fails. It leads a process group of its own, so that
 * everything it started ends when `stop` fires. Resolves with null when it succeeded.
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

  const kill = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    try {
      process.kill(-child.pid, signal)
    } catch {
      // It ended by itself in between.
    }
  }
  let killTimer: NodeJS.Timeout | undefined
  const end = (): void => {
    kill('SIGTERM')
    killTimer = setTimeout(kill, GRACE_MS, 'SIGKILL')
  }
  stop.addEventListener('abort', end, { once: true })
  if (stop.aborted) end()

  return new Promise((resolve) => {
    const finish = (reason: string | null): void => {
      stop.removeEventListener('abort', end)
      clearTimeout(killTimer)
      // What a background process still holds open would keep this process alive.
      child.stdout.destroy()
      child.stderr.destroy()
      resolve(reason === null ? null : { step, reason, tail: tail.toString('utf8').trimEnd() })
    }
    child.once('error', (error: NodeJS.ErrnoException) => finish(`cannot run ${file} in ${step.cwd}: ${error.code ?? error.message}`))
    child.once('exit', (code, signal) => {
      const reason = code === 0 ? null : code === null ? `killed by ${signal}` : `exit status ${code}`
      // The last output may still be on its way.
      setImmediate(finish, reason)
    })
  })
}
