import { join } from 'node:path'
import { signalName } from '../../report/outcome.ts'
import { printable } from '../../report/printable.ts'
import { lastLines } from '../../run/last-lines.ts'
import type { LevelResult, SampleObserver, SampleResult } from '../../sample/types.ts'
import { levelLines, spreadLines } from './levels.ts'
import { type Progress, positionText, progress } from './progress.ts'
import { levelName, resultLines, shownPath } from './result.ts'
import { type Channel, complain, type Ui } from './ui.ts'

/** Of the output of a build that failed. */
const SHOWN_LINES = 5

export interface RunView {
  ui: Ui
  cwd: string
  json: boolean
}

/** Shows a run while it goes on and at its end; returns the exit status of the command line. */
export async function reportRun(view: RunView, run: (observer: SampleObserver) => Promise<SampleResult>): Promise<number> {
  const { ui, cwd, json } = view
  const { observer, results } = observe(view)
  const result = await run(observer)
  if (json) ui.out.write(`${JSON.stringify(document(result))}\n`)
  else if (result.levels.length > 1) results().write(sweepBlock(result, cwd, results()))
  const left = result.planned - result.levels.length
  if (result.interruptedBy !== null && left > 0)
    complain(
      ui,
      `interrupted by ${signalName(result.interruptedBy)}: ${left} of ${result.planned} ${result.planned === 1 ? 'level' : 'levels'} not run; to go on: mymonitor --resume ${shownPath(result.dir, cwd)}`,
    )
  return result.exitStatus
}

/** `--json` of a run; the keys of a level are those of the API. */
function document({ levels, ...run }: SampleResult): object {
  return { schema: 1, ...run, levels }
}

function observe({ ui, cwd, json }: RunView): { observer: SampleObserver; results: () => Channel } {
  let line: Progress | undefined
  // A command has our descriptors: nothing is printed while it runs, and our results go to stderr, because stdout is the build's.
  let inherits = true
  // Its output is nowhere but in the log.
  let logged = false
  const results = (): Channel => (inherits ? ui.err : ui.out)
  const observer: SampleObserver = {
    planned(plan) {
      inherits = plan.kind === 'command'
      logged = plan.levels.some(({ output }) => output === 'log')
      const shown = plan.levels.some(({ output }) => output === 'log-show')
      if (!inherits) line = progress(ui.err, plan.metric, !shown)
    },
    warning: (message) => complain(ui, message),
    step(position, step) {
      line?.clear()
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
    levelFinished({ repeats }, result) {
      line?.clear()
      if (!json) results().write(levelBlock(result, repeats, cwd, results()))
      if (logged && result.exitStatus !== 0 && result.startError === null) complainOfBuild(ui, cwd, result)
      if (result.startError !== null) complain(ui, `${levelName(result)}: ${result.startError}`)
      for (const error of result.measurementErrors) complain(ui, `the measurement failed: ${error}; the status of the build stands`)
    },
  }
  return { observer, results }
}

/** Why a build failed is what one wants to know next, and in a CI the file may be gone by then. */
function complainOfBuild({ err }: Ui, cwd: string, { recording }: LevelResult): void {
  if (recording === null) return
  const log = join(recording, 'build_stdout.log')
  const lines = lastLines(log, SHOWN_LINES)
  if (lines.length > 0)
    err.write(`${err.paint.dim(`the end of ${shownPath(log, cwd)}:`)}\n${lines.map((text) => `  ${printable(text)}\n`).join('')}\n`)
}

function levelBlock({ analysis, report, recording }: LevelResult, repeats: number, cwd: string, { paint }: Channel): string {
  if (analysis === null) return ''
  const where = report ?? recording
  const path = where === null ? [] : [`  ${report === null ? 'data' : 'html'}   ${paint.cyan(shownPath(where, cwd))}`]
  return `${[...resultLines(analysis, paint, repeats), ...path].join('\n')}\n\n`
}

/** What the levels came to, side by side. */
function sweepBlock({ levels, spread }: SampleResult, cwd: string, { paint }: Channel): string {
  const metric = levels.find(({ analysis }) => analysis !== null)?.analysis?.metric
  const isRepeated = levels.some(({ repeat }) => repeat > 1) && metric !== undefined
  const plots = [...new Set(levels.flatMap(({ summaryPlot }) => summaryPlot ?? []))].map(
    (path) => `html   ${paint.cyan(shownPath(path, cwd))}`,
  )
  const lines = [...levelLines(levels, paint), ...(isRepeated ? ['', ...spreadLines(spread, metric, paint)] : []), ...plots]
  return `${lines.join('\n')}\n`
}
