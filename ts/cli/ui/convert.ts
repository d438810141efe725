import type { Converted, ConvertedFile } from '../../convert/convert.ts'
import { printable } from '../../report/printable.ts'
import { formatCount } from '../../units.ts'
import { shownPath } from './result.ts'
import { complain, type Ui } from './ui.ts'

interface Choices {
  json: boolean
  verbose: boolean
}

/** The path of a file as soon as it is there, so that a long conversion shows where it is. */
export function printFile(ui: Ui, cwd: string, { json, verbose }: Choices, { input, output, rows }: ConvertedFile): void {
  if (json) return
  ui.out.write(`${shownPath(output, cwd)}\n`)
  if (verbose) ui.err.write(ui.err.paint.dim(`  ${formatCount(rows, 'row')} of ${shownPath(input, cwd)}\n`))
}

/** What was left out, and the exit status: 1 when a file could not be converted. As JSON `{ schema, files, skipped }`. */
export function printConverted(ui: Ui, cwd: string, { json, verbose }: Choices, { files, skipped, problems }: Converted): number {
  if (json) ui.out.write(`${JSON.stringify({ schema: 1, files, skipped })}\n`)
  if (verbose) for (const { path, reason } of skipped) complain(ui, `skipped ${shownPath(path, cwd)}: ${printable(reason)}`)
  else if (skipped.length > 0)
    complain(
      ui,
      `skipped ${formatCount(skipped.length, 'file')} that ${skipped.length === 1 ? 'is' : 'are'} not to be converted; --verbose names each`,
    )
  for (const problem of problems) complain(ui, problem)
  if (files.length === 0 && problems.length === 0) complain(ui, 'no table was found')
  return problems.length === 0 ? 0 : 1
}
