import { resolve } from 'node:path'
import { Command, Option } from 'clipanion'
import { withRecording } from '../../convert/with-recording.ts'
import { MyMonitorError } from '../../errors.ts'
import { type ExporterName, exporters, type ReportView } from '../../report/index.ts'
import { type ExportOptions, exportRecordings } from '../../sample/reports.ts'
import { printExports } from '../ui/exports.ts'
import { parseChoice, parseChoices, parseCount, parseDuration, parseJobs } from '../values.ts'
import { BaseCommand } from './base.ts'

const CHARTS = { line: 'lines', stacked: 'stacked', all: 'all' } as const

export class ReportCommand extends BaseCommand {
  static override paths = [['report']]
  static override usage = Command.Usage({
    description: 'Write the reports of a recording, a run or all runs of a directory again, with the rules as they are now',
    details:
      'The categories, the chart type and what is expanded are where the HTML begins; all of it is a click away. SVG, PNG, CSV and the tables of Markdown hold what was asked for, JSON and text everything.',
    examples: [
      ['The HTML of every level of a run', '$0 report logs/run_20260102_030405'],
      ['JSON and text of one recording, somewhere else', '$0 report DIR --format json,text --output-dir out'],
      ['A picture of the three largest subcategories', '$0 report DIR --format svg --expand-subcategories --top-n 3'],
      ['Tables for the job summary of a CI', '$0 report DIR --format md --output-dir out'],
    ],
  })
  directory = Option.String({ required: false, name: 'DIR' })
  logDir = Option.String('--log-dir', { description: 'The recording, run or directory of runs; the same as DIR' })
  projectName = Option.String('--project-name', { description: 'Only this project' })
  jobs = Option.String('--jobs', { description: 'Only this level, or several with commas' })
  chartType = Option.String('--chart-type', 'stacked', {
    description: 'Draw line, stacked or all: pictures hold both then, the HTML begins with stacked. Default stacked',
  })
  categories = Option.Array('--category', { description: 'Only this category or subcategory; may be repeated' })
  topN = Option.String('--top-n', { description: 'Only the N categories with the largest peaks' })
  resampleInterval = Option.String('--resample-interval', {
    description:
      'One point for each such time (1s, 10s, 1min): its tick with the largest total. Default: as many ticks as a screen can show',
  })
  expandSubcategories = Option.Boolean('--expand-subcategories', false, { description: 'Show subcategories instead of categories' })
  expandOther = Option.Boolean('--expand-other', false, { description: 'Show the subcategories of Other only' })
  summaryPlot = Option.Boolean('--summary-plot', false, { description: 'Write the plot across the levels of a run, nothing else' })
  outputDir = Option.String('--output-dir', { description: 'Write into this directory. Default: beside the recording' })
  format = Option.String('--format', 'html', {
    description: `What to write: ${Object.keys(exporters).join(', ')}, or several with commas; png needs a Chromium. Default html`,
  })

  override async execute(): Promise<number> {
    const { ui, cwd, env } = this.context
    const { dir, ...options } = this.options()
    const exported = await withRecording(resolve(cwd, dir), (dir, beside) => {
      const outputDir = this.outputDir ?? beside
      return exportRecordings({ ...options, dir, ...(outputDir === undefined ? {} : { outputDir }) }, { cwd, env })
    })
    return printExports(ui, cwd, this.json, exported)
  }

  private options(): ExportOptions {
    const formats = parseChoices('--format', this.format, Object.keys(exporters) as ExporterName[])
    if (this.directory !== undefined && this.logDir !== undefined)
      throw usage('the directory is given twice: give either DIR or --log-dir DIR')
    const dir = this.directory ?? this.logDir
    if (dir === undefined) throw usage('report needs a directory: mymonitor report DIR')
    if (this.summaryPlot && this.jobs !== undefined)
      throw usage('--summary-plot compares the levels of a run, so --jobs cannot be given with it')
    if (this.summaryPlot && this.format !== 'html') throw usage(`--format "${this.format}": --summary-plot is written as html only`)
    return {
      dir,
      formats,
      view: this.view(),
      summaryPlot: this.summaryPlot,
      noRedact: this.noRedact,
      ...(this.config === undefined ? {} : { config: this.config }),
      ...(this.projectName === undefined ? {} : { project: this.projectName }),
      ...(this.jobs === undefined ? {} : { jobs: parseJobs('--jobs', this.jobs) }),
    }
  }

  private view(): ReportView {
    return {
      chart: CHARTS[parseChoice('--chart-type', this.chartType, Object.keys(CHARTS) as (keyof typeof CHARTS)[])],
      categories: this.expandSubcategories ? 'detailed' : this.expandOther ? 'other' : 'major',
      selected: this.categories ?? [],
      topN: this.topN === undefined ? null : parseCount('--top-n', this.topN),
      resampleUs: this.resampleInterval === undefined ? null : parseDuration('--resample-interval', this.resampleInterval) * 1000,
    }
  }
}

function usage(message: string): MyMonitorError {
  return new MyMonitorError('ERR_MYMONITOR_USAGE', message)
}
