import type { Metric } from '../../analysis/contract.ts'
import type { LevelSpread, Spread } from '../../report/spread.ts'
import type { LevelResult } from '../../sample/types.ts'
import { formatKb, formatUs } from '../../units.ts'
import type { Painter } from './paint.ts'
import { levelName } from './result.ts'
import { type Row, table } from './table.ts'

/** How peak and time change with the level: a row for each recording. */
export function levelLines(levels: readonly LevelResult[], paint: Painter): string[] {
  const repeats = Math.max(...levels.map(({ repeat }) => repeat))
  const rows = levels.map((level): Row => {
    const { analysis, exitStatus } = level
    const peak = analysis?.peak
    const cells = [
      levelName({ ...level, repeats }),
      analysis ? formatUs(analysis.recording.durationUs) : '–',
      peak ? formatKb(peak.kb) : '–',
      peak ? formatUs(peak.elapsedUs) : '–',
    ]
    return { cells: [...cells, String(exitStatus)], ...(exitStatus === 0 ? {} : { paint: paint.red }) }
  })
  const columns = [
    { title: 'level', align: 'left' },
    { title: 'time', align: 'right' },
    { title: peakTitle(levels.find(({ analysis }) => analysis !== null)?.analysis?.metric), align: 'right' },
    { title: 'at', align: 'right' },
    { title: 'status', align: 'right' },
  ] as const
  return table(columns, rows, paint.dim)
}

/** How far repeats of a level differ: a row for each level; what failed is counted, not averaged. */
export function spreadLines(spread: readonly LevelSpread[], metric: Metric, paint: Painter): string[] {
  const figures = (values: Spread | null, format: (value: number) => string): string[] =>
    values === null ? ['–', '–'] : [format(values.median), `${format(values.min)} – ${format(values.max)}`]
  const rows = spread.map((level): Row => {
    const good = level.durationUs?.n ?? 0
    const cells = [levelName(level), String(good), ...figures(level.durationUs, formatUs), ...figures(level.peakKb, formatKb)]
    const failed = level.recordings - good
    return { cells: [...cells, String(failed)], ...(failed === 0 ? {} : { paint: paint.red }) }
  })
  const columns = [
    { title: 'level', align: 'left' },
    { title: 'n', align: 'right' },
    { title: 'median time', align: 'right' },
    { title: 'min – max', align: 'right' },
    { title: `median ${peakTitle(metric)}`, align: 'right' },
    { title: 'min – max', align: 'right' },
    { title: 'failed', align: 'right' },
  ] as const
  return table(columns, rows, paint.dim)
}

function peakTitle(metric: Metric | undefined): string {
  return metric === undefined ? 'peak' : `peak ${metric.toUpperCase()}`
}
