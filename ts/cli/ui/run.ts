import { signalName } from '../../report/outcome.ts'
import { printable } from '../../report/printable.ts'
import { OWN_FAILURE } from '../../run/status.ts'
import type { LevelResult, SampleObserver, SampleResult } from '../../sample/types.ts'
import { formatKb, formatUs } from '../../units.ts'
import { type Progress, positionText, progress } from './progress.ts'
import { levelName, resultLines, shownPath } from './result.ts'
import { type Row, table } from './table.ts'
import { type Channel, complain, type Ui } from './ui.ts'

export interface RunView {
  ui: Ui
  cwd: string
  json: boolean
  strict: boolean
  /** The build has our descriptors: nothing is printed while it runs, and our results go to stderr, because stdout is the build's. */
  inherits: boolean
}

/** Shows a run while it goes on and at its end; returns the exit status of the command line. */
export async function reportRun(view: RunView, run: (observer: SampleObserver) => Promise<SampleResult>): Promise<number> {
  const { ui, json, inherits } = view
  const results = inherits ? ui.err : ui.out
  const result = await run(observe(view, results))
  if (json) ui.out.write(`${JSON.stringify(document(result))}\n`)
  else if (result.levels.length > 1) results.write(levelsTable(result, view.cwd, results))
  const left = result.planned - result.levels.length
  if (result.interruptedBy !== null && left > 0)
    complain(
      ui,
      `interrupted by ${signalName(result.interruptedBy)}: ${left} of ${result.planned} ${result.planned === 1 ? 'level' : 'levels'} not run`,
    )
  const failedMeasurement = result.levels.some(({ measurementErrors }) => measurementErrors.length > 0)
  return view.strict && failedMeasurement ? OWN_FAILURE : result.exitStatus
}

/** `--json` of a run; the keys of a level are those of the API. */
function document({ levels, ...run }: SampleResult): object {
  return { schema: 1, ...run, levels }
}

function observe({ ui, cwd, json, inherits }: RunView, results: Channel): SampleObserver {
  let line: Progress | undefined
  return {
    planned(plan) {
      const shown = plan.levels.some(({ output }) => output === 'log-show')
      if (!inherits) line = progress(ui.err, plan.metric, !shown)
    },
    warning: (message) => complain(ui, message),
    step(position, step) {
      if (!inherits) ui.err.write(`${positionText(position)}  ${step.name}: ${printable(step.text)}\n`)
    },
    stepFailed(position, { step, reason, tail }) {
      const goesOn = step.name === 'post-clean' ? '' : '; the level is recorded all the same'
      complain(ui, `${positionText(position)}: ${step.name} "${step.text}" failed: ${reason}${goesOn}`)
      if (tail !== '') ui.err.write(`${tail.split('\n').map(printable).join('\n')}\n`)
    },
    levelStarted(position) {
      if (!inherits) ui.err.write(`${positionText(position)}  recording\n`)
      else if (position.of > 1) ui.err.write(`${positionText(position)}\n`)
    },
    snapshot: (snapshot) => line?.snapshot(snapshot),
    levelFinished(_, result) {
      line?.clear()
      if (!json) results.write(levelBlock(result, cwd, results))
      if (result.startError !== null) complain(ui, `${levelName(result)}: ${result.startError}`)
      for (const error of result.measurementErrors) complain(ui, `the measurement failed: ${error}; the status of the build stands`)
    },
  }
}

function levelBlock({ analysis, report, recording }: LevelResult, cwd: string, { paint }: Channel): string {
  if (analysis === null) return ''
  const where = report ?? recording
  const path = where === null ? [] : [`  ${report === null ? 'data' : 'html'}   ${paint.cyan(shownPath(where, cwd))}`]
  return `${[...resultLines(analysis, paint), ...path].join('\n')}\n\n`
}

/** How peak and time change with the level. */
function levelsTable({ levels }: SampleResult, cwd: string, { paint }: Channel): string {
  const rows = levels.map((level): Row => {
    const { analysis, exitStatus } = level
    const peak = analysis?.peak
    const cells = [
      levelName(level),
      analysis ? formatUs(analysis.recording.durationUs) : '–',
      peak ? formatKb(peak.kb) : '–',
      peak ? formatUs(peak.elapsedUs) : '–',
    ]
    return { cells: [...cells, String(exitStatus)], ...(exitStatus === 0 ? {} : { paint: paint.red }) }
  })
  const columns = [
    { title: 'level', align: 'left' },
    { title: 'time', align: 'right' },
    { title: `peak ${levels.find(({ analysis }) => analysis !== null)?.analysis?.metric.toUpperCase() ?? ''}`.trim(), align: 'right' },
    { title: 'at', align: 'right' },
    { title: 'status', align: 'right' },
  ] as const
  const plots = [...new Set(levels.flatMap(({ summaryPlot }) => summaryPlot ?? []))].map(
    (path) => `html   ${paint.cyan(shownPath(path, cwd))}`,
  )
  return `${[...table(columns, rows, paint.dim), ...plots].join('\n')}\n`
}
