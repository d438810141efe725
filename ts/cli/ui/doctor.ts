import type { Finding } from '../../run/examine.ts'
import type { Ui } from './ui.ts'

/** One line a finding, and what would change it; as JSON `{ schema, findings }`. Exit status 1 when something is missing. */
export function printFindings({ out }: Ui, json: boolean, findings: readonly Finding[]): number {
  if (json) out.write(`${JSON.stringify({ schema: 1, findings })}\n`)
  else {
    const width = Math.max(...findings.map(({ topic }) => topic.length))
    for (const { ok, topic, text, remedy } of findings) {
      out.write(`${ok ? out.paint.green('ok  ') : out.paint.yellow('miss')}  ${topic.padEnd(width)}  ${text}\n`)
      if (remedy !== null) out.write(`      ${' '.repeat(width)}  ${out.paint.dim(remedy)}\n`)
    }
  }
  return findings.every(({ ok }) => ok) ? 0 : 1
}
