import { printable } from '../../report/printable.ts'
import type { Verification } from '../../sample/verify.ts'
import { formatCount, formatKb, formatUs } from '../../units.ts'
import { shownPath } from './result.ts'
import { table } from './table.ts'
import type { Ui } from './ui.ts'

/** What was found outside of the tree and the mode that is right; as JSON `{ schema, … }`. The exit status. */
export function printVerification({ out }: Ui, cwd: string, json: boolean, verification: Verification): number {
  const { project, processPattern, exitStatus, recording, processes } = verification
  const status = processes.length > 0 ? 1 : exitStatus === 0 ? 0 : 2
  if (json) {
    out.write(`${JSON.stringify({ schema: 1, ...verification })}\n`)
    return status
  }
  const rows = processes.map(({ name, pid, peakRssKb, peakPssKb, cpuUs, command }) => ({
    cells: [printable(name), String(pid), size(peakRssKb), size(peakPssKb), cpuUs === null ? '-' : formatUs(cpuUs), printable(command)],
  }))
  const columns = [
    { title: 'process', align: 'left' },
    { title: 'pid', align: 'right' },
    { title: 'peak RSS', align: 'right' },
    { title: 'peak PSS', align: 'right' },
    { title: 'CPU', align: 'right' },
    { title: 'command', align: 'left' },
  ] as const
  const found = formatCount(processes.length, 'process', 'processes')
  const lines = [
    ...(status === 1 ? [...table(columns, rows, out.paint.dim), ''] : []),
    ...(exitStatus === 0 ? [] : [`the build failed with exit status ${exitStatus}: a full build may use more`]),
    ...(status === 0
      ? [
          `no process outside of the tree of ${printable(project)} matched "${printable(processPattern)}": pss_collector_mode = "descendants_only" is right`,
        ]
      : []),
    ...(status === 1
      ? [
          `${found} outside of the tree of ${printable(project)} matched "${printable(processPattern)}": pss_collector_mode = "full_scan" is right where they work for this build`,
        ]
      : []),
    ...(status === 2 ? ['nothing outside of the tree matched until then: no verdict'] : []),
    `  data   ${out.paint.cyan(shownPath(recording, cwd))}`,
  ]
  out.write(`${lines.join('\n')}\n`)
  return status
}

function size(kb: number | null): string {
  return kb === null ? '-' : formatKb(kb)
}
