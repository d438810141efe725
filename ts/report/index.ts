export { type ExporterName, exporters } from './exporters.ts'
export { renderReport } from './html.ts'
export { renderRunPlot } from './run-plot.ts'
export { renderSummaryLog } from './text.ts'
