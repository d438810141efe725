import { printable } from '../../report/printable.ts'
import type { LevelPosition, LiveSnapshot } from '../../sample/types.ts'
import { formatCount, formatKb, formatUs } from '../../units.ts'
import { levelName } from './result.ts'
import type { Channel } from './ui.ts'

/** In a log a line now and then shows that it goes on, and leaves figures behind when the machine dies. */
const LOG_FIRST_MS = 10_000
const LOG_EVERY_MS = 30_000
/** Where the terminal does not know its width. */
const COLUMNS = 80

export interface Progress {
  snapshot(snapshot: LiveSnapshot): void
  /** Makes room for other output; the level has ended. */
  clear(): void
}

/** One line that is drawn anew on a terminal; plain lines elsewhere. `live` is false while the build writes to the same terminal. */
export function progress(channel: Channel, metric: 'pss' | 'rss', live: boolean): Progress {
  let drawn = false
  let nextLogUs = LOG_FIRST_MS * 1000
  return {
    snapshot(snapshot) {
      const parts = progressParts(snapshot, metric)
      if (channel.terminal && live) {
        channel.write(`\r\x1b[2K${channel.paint.dim(fitting(parts, channel.columns?.() ?? COLUMNS))}`)
        drawn = true
      } else if (snapshot.elapsedUs >= nextLogUs) {
        channel.write(`${parts.join('  ')}\n`)
        nextLogUs = snapshot.elapsedUs + LOG_EVERY_MS * 1000
      }
    },
    clear() {
      if (drawn) channel.write('\r\x1b[2K')
      drawn = false
      nextLogUs = LOG_FIRST_MS * 1000
    },
  }
}

/** [2/3] demo -j2 */
export function positionText(position: LevelPosition): string {
  return `${position.of === 1 ? '' : `[${position.number}/${position.of}] `}${levelName(position)}`
}

/** What matters most comes first. */
function progressParts(snapshot: LiveSnapshot, metric: 'pss' | 'rss'): string[] {
  const [nowKb, peakKb] = metric === 'pss' ? [snapshot.pssKb, snapshot.peakPssKb] : [snapshot.rssKb, snapshot.peakRssKb]
  const { elapsedUs, expectedUs, largestCategory: largest } = snapshot
  const expected = expectedUs === null || expectedUs < elapsedUs ? '' : ` of about ${formatUs(expectedUs)}`
  return [
    `${positionText(snapshot)}${snapshot.phase === 'setup' ? '  setup' : ''}`,
    `${formatUs(elapsedUs)}${expected}`,
    `${formatKb(nowKb)} now, peak ${formatKb(peakKb)} ${metric.toUpperCase()}`,
    formatCount(snapshot.live, 'process', 'processes'),
    ...(largest === null ? [] : [`${printable(largest.name)} ${formatKb(largest.kb)}`]),
  ]
}

/** As many parts as fit whole; the first one is cut where even that does not. A line that wraps could not be erased. */
function fitting([first = '', ...rest]: readonly string[], columns: number): string {
  let line = first.slice(0, columns - 1)
  for (const part of rest) {
    if (line.length + 2 + part.length >= columns) break
    line += `  ${part}`
  }
  return line
}
