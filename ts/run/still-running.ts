import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { hostFacts } from './host.ts'
import { type RunRecord, startTicksOf } from './run-record.ts'

/** What comm holds of `mymonitor-launcher`. */
const LAUNCHER = 'mymonitor-launc'

/** Whether the mymonitor that wrote it is still at work. */
export function isStillRecorded({ state, recorder, host }: RunRecord): boolean {
  if (state !== 'running' || host.boot_id !== hostFacts().boot_id) return false
  const ticks = startTicksOf(recorder.pid)
  return ticks !== null && ticks === recorder.start_ticks
}

/** The launcher that outlived its mymonitor and whose build goes on; null where there is none that we may see. */
export function launcherOf(recordingDir: string): number | null {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const proc = join('/proc', name)
      if (readFileSync(join(proc, 'comm'), 'utf8').trim() !== LAUNCHER) continue
      // It goes to / when the build has ended and only daemons are left.
      if (readlinkSync(join(proc, 'cwd')) === '/') continue
      const files = readdirSync(join(proc, 'fd')).map((fd) => readlinkSync(join(proc, 'fd', fd)))
      if (files.some((file) => file.startsWith(`${recordingDir}/`))) return Number(name)
    } catch {
      // It ended while it was looked at, or belongs to somebody else.
    }
  }
  return null
}
