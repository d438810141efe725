import { resolve } from 'node:path'
import { loadRules } from '../classify/rules.ts'
import { loadConfig } from '../config/load.ts'
import { openRecording } from '../recording/recording.ts'
import { messageOf } from '../run/files.ts'
import { type OpenOptions, ownSurroundings, recordingsIn, type Surroundings } from './export.ts'
import { reportLevel } from './level-report.ts'
import { isUnfinished, recoverRecording } from './recover-recording.ts'

export interface RecoveredRecording {
  /** Absolute. */
  dir: string
  ticks: number
  processes: number
  /** Bytes at the end of its journals that could not be used. */
  unreadBytes: number
  /** Path of the HTML; null where none is wanted. */
  report: string | null
}
export interface Recoveries {
  recovered: RecoveredRecording[]
  /** What is finished, or could not be started: nothing to do. */
  untouched: number
  /** One line each. */
  problems: string[]
}

/**
 * Finishes the recordings of a directory whose mymonitor died: tables, metadata, summary.log and HTML, as at the end of a build. Without `surroundings`: the
 * directory and environment of this process. Rejects with ERR_MYMONITOR_NOT_A_RECORDING where there is none; one that cannot be recovered is in `problems`.
 */
export async function recoverAll(
  { dir, config, noRedact = false }: OpenOptions,
  { cwd, env }: Surroundings = ownSurroundings(),
): Promise<Recoveries> {
  const { rulesFile, compression, skipPlots } = loadConfig(config, { cwd, env })
  const rules = loadRules(rulesFile)
  const found: Recoveries = { recovered: [], untouched: 0, problems: [] }
  for (const recordingDir of recordingsIn(resolve(cwd, dir))) {
    try {
      if (!needsRecovery(recordingDir)) {
        found.untouched += 1
        continue
      }
      const { ticks, processes, unreadBytes } = recoverRecording(recordingDir, compression)
      const { metric } = openRecording(recordingDir).metadata
      const { report, errors } = await reportLevel(recordingDir, { metric, rules, noRedact, html: !skipPlots })
      found.recovered.push({ dir: recordingDir, ticks, processes, unreadBytes, report })
      found.problems.push(...errors)
    } catch (error) {
      found.problems.push(messageOf(error))
    }
  }
  return found
}

function needsRecovery(recordingDir: string): boolean {
  try {
    openRecording(recordingDir)
    return false
  } catch (error) {
    if (isUnfinished(error)) return true
    throw error
  }
}
