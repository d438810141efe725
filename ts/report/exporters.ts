import type { Analysis } from '../analysis/contract.ts'
import { renderReport } from './html.ts'
import { renderJson } from './json.ts'
import { renderSummaryLog } from './text.ts'

export interface Exporter {
  /** Without the dot. */
  ending: string
  render: (analysis: Analysis) => string
}

/** One line an exporter; the keys are the names that `--format` takes. */
export const exporters = {
  html: { ending: 'html', render: renderReport },
  json: { ending: 'json', render: renderJson },
  text: { ending: 'log', render: renderSummaryLog },
} as const satisfies Record<string, Exporter>

export type ExporterName = keyof typeof exporters
