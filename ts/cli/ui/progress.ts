import type { LevelPosition, LiveSnapshot } from '../../sample/types.ts'
import { formatKb, formatUs } from '../../units.ts'
import { levelName } from './result.ts'
import type { Channel } from './ui.ts'

/** In a log a line now and then shows that it goes on. */
const LOG_EVERY_MS = 30_000
/** What fits every terminal; a wrapped line could not be erased. */
const MAX_WIDTH = 79

export interface Progress {
  snapshot(snapshot: LiveSnapshot): void
  /** Makes room for other output. */
  clear(): void
}

/** One line that is drawn anew on a terminal; plain lines elsewhere. `live` is false while the build writes to the same terminal. */
export function progress(channel: Channel, metric: 'pss' | 'rss', live: boolean, now: () => number = () => performance.now()): Progress {
  let drawn = false
  let lastMs = now()
  return {
    snapshot(snapshot) {
      const line = progressLine(snapshot, metric)
      if (channel.terminal && live) {
        channel.write(`\r\x1b[2K${channel.paint.dim(line.slice(0, MAX_WIDTH))}`)
        drawn = true
      } else if (now() - lastMs >= LOG_EVERY_MS) {
        channel.write(`${line}\n`)
        lastMs = now()
      }
    },
    clear() {
      if (drawn) channel.write('\r\x1b[2K')
      drawn = false
      lastMs = now()
    },
  }
}

/** [2/3] demo -j2 */
export function positionText(position: LevelPosition): string {
  return `${position.of === 1 ? '' : `[${position.number}/${position.of}] `}${levelName(position)}`
}

function progressLine(snapshot: LiveSnapshot, metric: 'pss' | 'rss'): string {
  const [nowKb, peakKb] = metric === 'pss' ? [snapshot.pssKb, snapshot.peakPssKb] : [snapshot.rssKb, snapshot.peakRssKb]
  const phase = snapshot.phase === 'setup' ? '  setup' : ''
  const memory = `${formatKb(nowKb)} now, peak ${formatKb(peakKb)} ${metric.toUpperCase()}`
  return `${positionText(snapshot)}${phase}  ${formatUs(snapshot.elapsedUs)}  ${memory}  ${snapshot.live} processes`
}
