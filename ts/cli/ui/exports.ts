import type { Analysis } from '../../analysis/contract.ts'
import type { Summaries } from '../../sample/export.ts'
import type { Exported } from '../../sample/reports.ts'
import { spreadLines } from './levels.ts'
import { resultLines, shownPath } from './result.ts'
import { complain, type Ui } from './ui.ts'

/** What `report` wrote: one path a line, or `{ schema, files }`. */
export function printExports(ui: Ui, cwd: string, json: boolean, { files, problems }: Exported): number {
  const { out } = ui
  if (json) out.write(`${JSON.stringify({ schema: 1, files })}\n`)
  else out.write(files.map((file) => `${shownPath(file, cwd)}\n`).join(''))
  return complainAll(ui, problems)
}

/** `summary`: a block a recording. As JSON the Analysis of a recording; of a run `{ schema, levels: Analysis[], spread }`. */
export function printSummaries(ui: Ui, json: boolean, { isRun, analyses, spread, problems }: Summaries): number {
  const { out } = ui
  if (json) out.write(`${JSON.stringify(isRun ? { schema: 1, levels: analyses, spread } : analyses[0])}\n`)
  else out.write(analyses.map((analysis: Analysis) => `${resultLines(analysis, out.paint).join('\n')}\n`).join('\n'))
  const metric = analyses[0]?.metric
  if (!json && metric !== undefined && analyses.some(({ recording }) => recording.repeat > 1))
    out.write(`\n${spreadLines(spread, metric, out.paint).join('\n')}\n`)
  return complainAll(ui, problems)
}

/** The exit status: 1 when a part could not be read. */
function complainAll(ui: Ui, problems: readonly string[]): number {
  for (const problem of problems) complain(ui, problem)
  return problems.length === 0 ? 0 : 1
}
