import type { RecordingSummary } from '../analysis/contract.ts'

export interface Outcome {
  kind: 'ok' | 'failed' | 'unknown'
  /** For a badge: `exit 2`, `killed by KILL`, `timed out`. */
  text: string
}

/** How the build ended, the cause before the consequence: a build ended by --timeout is `timed out`, not `killed by TERM`. */
export function outcomeOf(recording: RecordingSummary): Outcome {
  if (recording.startError !== null) return { kind: 'failed', text: `did not start: ${recording.startError}` }
  if (recording.attachedPid !== null) return { kind: 'ok', text: attachedText(recording) }
  if (recording.timedOut) return { kind: 'failed', text: 'timed out' }
  if (recording.interruptedBy !== null) return { kind: 'failed', text: `interrupted by ${signalName(recording.interruptedBy)}` }
  if (recording.signal !== null) return { kind: 'failed', text: `killed by ${signalName(recording.signal)}` }
  if (recording.exitCode === null) return { kind: 'unknown', text: 'exit status unknown' }
  return { kind: recording.exitCode === 0 ? 'ok' : 'failed', text: `exit ${recording.exitCode}` }
}

function attachedText({ attachedPid, interruptedBy }: RecordingSummary): string {
  return `attached to ${attachedPid} until ${interruptedBy === null ? 'it ended' : signalName(interruptedBy)}`
}

/** Linux numbers on every platform, as the recording was made on Linux. */
export function signalName(signal: number): string {
  return SIGNAL_NAMES[signal] ?? `signal ${signal}`
}

const SIGNAL_NAMES: Readonly<Record<number, string>> = {
  1: 'HUP',
  2: 'INT',
  3: 'QUIT',
  4: 'ILL',
  6: 'ABRT',
  7: 'BUS',
  8: 'FPE',
  9: 'KILL',
  10: 'USR1',
  11: 'SEGV',
  12: 'USR2',
  13: 'PIPE',
  14: 'ALRM',
  15: 'TERM',
  24: 'XCPU',
  25: 'XFSZ',
}
