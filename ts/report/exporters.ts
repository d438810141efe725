import type { Analysis } from '../analysis/contract.ts'
import { renderCsv } from './csv.ts'
import { renderReport } from './html.ts'
import { renderJson } from './json.ts'
import { renderMarkdown } from './markdown.ts'
import { renderPng } from './png.ts'
import { renderSvg } from './svg.ts'
import { renderSummaryLog } from './text.ts'
import type { ReportView } from './view.ts'

export interface Exporter {
  /** Without the dot. */
  ending: string
  /** The environment is that of the programs which an exporter needs. */
  render: (analysis: Analysis, view: ReportView, env: NodeJS.ProcessEnv) => string | Promise<Uint8Array>
}

/** One line an exporter; the keys are the names that `--format` takes. */
export const exporters = {
  html: { ending: 'html', render: renderReport },
  svg: { ending: 'svg', render: renderSvg },
  png: { ending: 'png', render: renderPng },
  md: { ending: 'md', render: renderMarkdown },
  json: { ending: 'json', render: renderJson },
  csv: { ending: 'csv', render: renderCsv },
  text: { ending: 'log', render: renderSummaryLog },
} as const satisfies Record<string, Exporter>

export type ExporterName = keyof typeof exporters
