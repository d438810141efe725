import type { RecoveredRecording, Recoveries } from '../../sample/recover.ts'
import { formatCount } from '../../units.ts'
import { shownPath } from './result.ts'
import { complain, type Ui } from './ui.ts'

/** A block a recording, or `{ schema, recovered, untouched }`. Exit status 1 when something could not be recovered. */
export function printRecoveries(ui: Ui, cwd: string, json: boolean, { recovered, untouched, problems }: Recoveries): number {
  const { out } = ui
  if (json) out.write(`${JSON.stringify({ schema: 1, recovered, untouched })}\n`)
  else if (recovered.length === 0 && problems.length === 0) out.write('nothing to recover: every recording is finished\n')
  else out.write(recovered.map((recording) => lines(recording, cwd)).join(''))
  for (const problem of problems) complain(ui, problem)
  return problems.length === 0 ? 0 : 1
}

function lines({ dir, ticks, processes, unreadBytes, report }: RecoveredRecording, cwd: string): string {
  const rest = unreadBytes === 0 ? '' : `; ${formatCount(unreadBytes, 'byte')} at the end of its journals could not be used`
  const html = report === null ? '' : `  html   ${shownPath(report, cwd)}\n`
  return `${shownPath(dir, cwd)}\n  recovered  ${formatCount(ticks, 'tick')}, ${formatCount(processes, 'process', 'processes')}${rest}\n${html}`
}
