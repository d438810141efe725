import { redact } from '../classify/redact.ts'
import { quoted } from '../classify/words.ts'
import type { Recording } from '../recording/recording.ts'
import type { Analysis } from './contract.ts'

/** An image that worked for the build without descending from it. Sizes in KiB. */
export interface OutsideProcess {
  pid: number
  name: string
  command: string
  /** Its largest sample. */
  peakRssKb: number | null
  /** Null: it is not among the 100 largest processes of the recording. */
  peakPssKb: number | null
  /** Of the time that it worked for this build; null: unknown. */
  cpuUs: number | null
}

export interface ScopeVerdict {
  /** The pss_collector_mode that records all of this build. */
  mode: 'descendants_only' | 'full_scan'
  /** What `descendants_only` would leave out, largest first. */
  processes: OutsideProcess[]
}

/** Which mode a project needs, by a recording that was made with full_scan. */
export function scopeVerdict(recording: Recording, { top }: Pick<Analysis, 'top'>, noRedact: boolean): ScopeVerdict {
  const pss = new Map(top.map(({ processId, pssKb }) => [processId, pssKb]))
  const processes: OutsideProcess[] = []
  for (const batch of recording.processes()) {
    for (const [i, id] of batch.processId.entries()) {
      if (batch.outsideTree[i] !== 1) continue
      const argv = batch.argv[i] ?? []
      const name = batch.name[i] ?? ''
      processes.push({
        pid: batch.pid[i] as number,
        name,
        command: argv.length === 0 ? (batch.exe[i] ?? name) : (noRedact ? argv : redact(argv)).map(quoted).join(' '),
        peakRssKb: known(batch.peakRssKb[i]),
        peakPssKb: pss.get(id) ?? null,
        cpuUs: known(batch.cpuUs[i]),
      })
    }
  }
  processes.sort((a, b) => (b.peakRssKb ?? 0) - (a.peakRssKb ?? 0))
  return { mode: processes.length === 0 ? 'descendants_only' : 'full_scan', processes }
}

function known(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value
}
