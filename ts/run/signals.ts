import { constants } from 'node:os'
import { loadRecorder } from '../native.ts'

export interface Interrupts {
  /** Fires at the first INT, TERM or HUP. */
  signal: AbortSignal
  /** Its number; null until then. */
  by(): number | null
  release(): void
}

/** One Ctrl+C can arrive twice, from the terminal and from npm. */
const SAME_SIGNAL_MS = 500

/**
 * Takes INT, TERM and HUP for the time of a run, so that what is finished is written down before the process ends; one that comes later ends the process at
 * once. Under nohup HUP stays ignored. While a build runs, its session takes them instead (SessionOptions.handleSignals); what arrives here came before, between or after builds.
 */
export function watchInterrupts(): Interrupts {
  const controller = new AbortController()
  let first: { number: number; atMs: number } | undefined
  const names: NodeJS.Signals[] = loadRecorder().takeStock() ? ['SIGINT', 'SIGTERM'] : ['SIGINT', 'SIGTERM', 'SIGHUP']
  const take = (name: NodeJS.Signals): void => {
    if (first !== undefined && performance.now() - first.atMs >= SAME_SIGNAL_MS) {
      release()
      process.kill(process.pid, name)
      return
    }
    first ??= { number: constants.signals[name], atMs: performance.now() }
    controller.abort()
  }
  const release = (): void => {
    for (const name of names) process.off(name, take)
  }
  for (const name of names) process.on(name, take)
  return { signal: controller.signal, by: () => first?.number ?? null, release }
}
