import { redact } from '../classify/redact.ts'
import { baseName, quoted } from '../classify/words.ts'
import type { Aggregate, ClassColumns, PeakColumns, ProcessColumns } from '../native.ts'
import type { Recording } from '../recording/recording.ts'
import type { Metric, ProcessEntry } from './contract.ts'
import { ProcessCounts } from './process-counts.ts'

type Facts = Omit<ProcessEntry, 'kb' | 'rssKb' | 'pssKb'>

/** What one walk over all processes of a recording yields. */
export interface ProcessFacts {
  /** Of the wanted processes. */
  byId: ReadonlyMap<number, Facts>
  counts: ProcessCounts
  /** Those whose exit was recorded. */
  recorded: number
  /** Those that ended unseen. */
  lost: number
  /** CPU time of those outside of the tree. */
  outsideCpuUs: number
  /** Base names of everything that ran, as the kernel and argv[0] call it. */
  programs: ReadonlySet<string>
}

export function processFacts(recording: Recording, classes: ClassColumns, wanted: ReadonlySet<number>, showSecrets: boolean): ProcessFacts {
  const byId = new Map<number, Facts>()
  const programs = new Set<string>()
  const counts = new ProcessCounts()
  let [row, recorded, lost, outsideCpuUs] = [0, 0, 0, 0]
  for (const batch of recording.processes()) {
    for (const [i, id] of batch.processId.entries()) {
      const cpuUs = batch.cpuUs[i] ?? Number.NaN
      const isOutside = batch.outsideTree[i] === 1
      counts.add({
        pid: batch.pid[i] as number,
        execCount: batch.execCount[i] as number,
        isSampled: (batch.samples[i] ?? 0) > 0,
        isOutside,
        isFollowed: batch.end[i] === 'execed',
        major: classes.majorCategory[row] ?? '',
        minor: classes.minorCategory[row] ?? '',
      })
      // What is known of an end by its exit record, or is not, says nothing of those that have none.
      if (isOutside) outsideCpuUs += Number.isNaN(cpuUs) ? 0 : cpuUs
      else {
        if (!Number.isNaN(cpuUs)) recorded += 1
        if (batch.end[i] === 'lost') lost += 1
      }
      programs.add(batch.name[i] ?? '')
      programs.add(baseName(batch.exe[i] ?? ''))
      programs.add(baseName(batch.argv[i]?.[0] ?? ''))
      // Classes have the order of the rows.
      if (wanted.has(id)) byId.set(id, facts(batch, i, classes, row, showSecrets))
      row += 1
    }
  }
  return { byId, counts, recorded, lost, outsideCpuUs, programs }
}

function facts(batch: ProcessColumns, i: number, classes: ClassColumns, row: number, showSecrets: boolean): Facts {
  const argv = batch.argv[i] ?? []
  const comm = batch.name[i] ?? ''
  const exe = batch.exe[i] ?? null
  const program = baseName(argv[0] ?? exe ?? '')
  const parent = batch.parentId[i] ?? -1
  const endUs = batch.endUs[i] ?? Number.NaN
  return {
    processId: batch.processId[i] as number,
    pid: batch.pid[i] as number,
    parentId: parent < 0 ? null : parent,
    outsideTree: batch.outsideTree[i] === 1,
    // The kernel cuts names at 15 bytes.
    name: program.startsWith(comm) && program !== '' ? program : comm,
    command: argv.length === 0 ? (exe ?? comm) : (showSecrets ? argv : redact(argv)).map(quoted).join(' '),
    major: classes.majorCategory[row] ?? '',
    minor: classes.minorCategory[row] ?? '',
    target: classes.target[row] ?? null,
    startUs: batch.startUs[i] as number,
    endUs: Number.isNaN(endUs) ? null : endUs,
  }
}

/** The processes live at the peak with their memory in that tick, largest first by the peak's metric. */
export function entriesAtPeak(peak: PeakColumns, metric: Metric, { byId }: ProcessFacts): ProcessEntry[] {
  return Array.from(peak.processId, (id, i) => {
    const [rssKb, pssKb] = [peak.processRssKb[i] as number, peak.processPssKb[i] as number]
    return { ...(byId.get(id) ?? withoutRow(id)), kb: metric === 'pss' ? pssKb : rssKb, rssKb, pssKb }
  })
}

/** Ids of the processes with the largest own peaks, largest first; what is ignored or has no sample is left out. */
export function largestProcesses(aggregate: Aggregate, metric: Metric, count: number): number[] {
  const peaks = metric === 'pss' ? aggregate.processPeakPssKb : aggregate.processPeakRssKb
  const ids = Array.from(peaks.keys()).filter((id) => (peaks[id] as number) > 0)
  return ids.sort((a, b) => (peaks[b] as number) - (peaks[a] as number)).slice(0, count)
}

/** The same as entries; RSS and PSS are each the process's largest, not always of the same tick. */
export function entriesByOwnPeak(ids: readonly number[], aggregate: Aggregate, metric: Metric, { byId }: ProcessFacts): ProcessEntry[] {
  return ids.map((id) => {
    const [rssKb, pssKb] = [aggregate.processPeakRssKb[id] as number, aggregate.processPeakPssKb[id] as number]
    return { ...(byId.get(id) ?? withoutRow(id)), kb: metric === 'pss' ? pssKb : rssKb, rssKb, pssKb }
  })
}

/** A crash can leave samples of a process whose row was not written yet. */
function withoutRow(processId: number): Facts {
  const unknown = { parentId: null, name: 'unknown', command: 'unknown', major: 'Other', minor: 'Other_unknown', target: null }
  return { processId, pid: 0, outsideTree: false, ...unknown, startUs: 0, endUs: null }
}
