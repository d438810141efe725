import { printable } from '../../report/printable.ts'
import type { Reclassification, Reclassified, UnmatchedCommand, Weight } from '../../sample/reclassify.ts'
import { formatCount, formatKb, formatShare, formatUs } from '../../units.ts'
import type { Painter } from './paint.ts'
import { levelName, shownPath } from './result.ts'
import { type Column, table } from './table.ts'
import { complain, type Ui } from './ui.ts'

/** Of what is unmatched; --json lists all. */
const SHOWN_COMMANDS = 20
const EXAMPLE_WIDTH = 60

/** `classify`: a block a recording. As JSON `{ schema, rules, recordings }`. The exit status: 1 when a recording of the run could not be classified. */
export function printReclassification(ui: Ui, cwd: string, json: boolean, { rules, recordings, problems }: Reclassification): number {
  const { out } = ui
  if (json) out.write(`${JSON.stringify({ schema: 1, rules, recordings })}\n`)
  else out.write(recordings.map((recording) => `${blockOf(recording, cwd, out.paint).join('\n')}\n`).join('\n'))
  for (const problem of problems) complain(ui, problem)
  return problems.length === 0 ? 0 : 1
}

function blockOf(recording: Reclassified, cwd: string, paint: Painter): string[] {
  const { total, unmatched, commands, dir } = recording
  const hidden = commands.length - SHOWN_COMMANDS
  return [
    `${paint.bold(levelName(recording))}  ${shownPath(dir, cwd)}`,
    `  ${formatCount(total.images, 'image')}, ${unmatched.images} of them by no rule (${formatShare(unmatched.images, total.images)})`,
    `  memory-time by no rule ${formatShare(unmatched.timeKbS, total.timeKbS)}, CPU time ${cpuShare(unmatched, total)}`,
    ...(commands.length === 0 ? [] : ['', ...commandLines(recording, paint).map((line) => `  ${line}`)]),
    ...(hidden > 0 ? [`  and ${formatCount(hidden, 'more', 'more')}; --json lists all`] : []),
  ]
}

function commandLines({ commands, total }: Reclassified, paint: Painter): string[] {
  const columns: Column[] = [
    { title: 'BY NO RULE', align: 'left' },
    { title: 'IMAGES', align: 'right' },
    { title: 'MEMORY-TIME', align: 'right' },
    { title: 'SHARE', align: 'right' },
    { title: 'CPU', align: 'right' },
    { title: 'FOR EXAMPLE', align: 'left' },
  ]
  const rows = commands.slice(0, SHOWN_COMMANDS).map((command: UnmatchedCommand) => ({
    cells: [
      printable(command.category),
      String(command.images),
      `${formatKb(command.timeKbS)}·s`,
      formatShare(command.timeKbS, total.timeKbS),
      command.cpuUs === null ? '–' : formatUs(command.cpuUs),
      shortened(printable(command.example)),
    ],
  }))
  return table(columns, rows, paint.dim)
}

/** Where only some are known it says so: a share of those is no share of all. */
function cpuShare({ cpuUs }: Weight, total: Weight): string {
  if (total.cpuUs === null) return 'unknown'
  const known = total.cpuKnown < total.images ? ` of the ${total.cpuKnown} images of which it is known` : ''
  return `${formatShare(cpuUs ?? 0, total.cpuUs)}${known}`
}

function shortened(text: string): string {
  const characters = [...text]
  return characters.length <= EXAMPLE_WIDTH ? text : `${characters.slice(0, EXAMPLE_WIDTH - 1).join('')}…`
}
