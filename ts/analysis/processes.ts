import { redact } from '../classify/redact.ts'
import { baseName, quoted } from '../classify/words.ts'
import type { LargestColumns, PeakColumns, ProcessColumns } from '../native.ts'
import type { Recording } from '../recording/recording.ts'
import { type KnownClasses, processAt, type Wanted } from './classes.ts'
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

export function processFacts(
  recording: Recording,
  { classes, targetsOf }: KnownClasses,
  wanted: ReadonlySet<number>,
  showSecrets: boolean,
): ProcessFacts {
  const byId = new Map<number, Facts>()
  const named: (Wanted & { facts: Facts })[] = []
  const programs = new Set<string>()
  const counts = new ProcessCounts()
  let [row, recorded, lost, outsideCpuUs] = [0, 0, 0, 0]
  for (const batch of recording.processes()) {
    for (const [i, id] of batch.processId.entries()) {
      const cpuUs = batch.cpuUs[i] ?? Number.NaN
      const isOutside = batch.outsideTree[i] === 1
      // Classes have the order of the rows.
      const { major, minor } = classes.classes[classes.classOf[row] as number] ?? NO_CLASS
      counts.add({
        pid: batch.pid[i] as number,
        execCount: batch.execCount[i] as number,
        isSampled: (batch.samples[i] ?? 0) > 0,
        isOutside,
        isFollowed: batch.end[i] === 'execed',
        major,
        minor,
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
      if (wanted.has(id)) {
        const facts = factsOf(batch, i, { major, minor }, showSecrets)
        byId.set(id, facts)
        named.push({ row, process: processAt(recording, batch, i), facts })
      }
      row += 1
    }
  }
  for (const [i, target] of targetsOf(named).entries()) if (named[i]) named[i].facts.target = target
  return { byId, counts, recorded, lost, outsideCpuUs, programs }
}

const NO_CLASS = { major: '', minor: '' }

/** All but the target. */
function factsOf(batch: ProcessColumns, i: number, { major, minor }: { major: string; minor: string }, showSecrets: boolean): Facts {
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
    major,
    minor,
    target: null,
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

/** The processes with the largest own peaks, largest first; RSS and PSS are each the process's largest, not always of the same tick. */
export function entriesByOwnPeak({ processId, ...sizes }: LargestColumns, metric: Metric, { byId }: ProcessFacts): ProcessEntry[] {
  return Array.from(processId, (id, i) => {
    const [rssKb, pssKb] = [sizes.rssKb[i] as number, sizes.pssKb[i] as number]
    return { ...(byId.get(id) ?? withoutRow(id)), kb: metric === 'pss' ? pssKb : rssKb, rssKb, pssKb }
  })
}

/** A crash can leave samples of a process whose row was not written yet. */
function withoutRow(processId: number): Facts {
  const unknown = { parentId: null, name: 'unknown', command: 'unknown', major: 'Other', minor: 'Other_unknown', target: null }
  return { processId, pid: 0, outsideTree: false, ...unknown, startUs: 0, endUs: null }
}
