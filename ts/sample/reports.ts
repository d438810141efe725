import { readdirSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { Analysis } from '../analysis/contract.ts'
import { nearest } from '../config/nearest.ts'
import { MyMonitorError } from '../errors.ts'
import {
  DEFAULT_VIEW,
  type Exporter,
  type ExporterName,
  exporters,
  isCategory,
  type ReportView,
  renderRunPlot,
  viewFor,
} from '../report/index.ts'
import { resample } from '../report/resample.ts'
import { ensureDirectory, messageOf, writeFileAtomic } from '../run/files.ts'
import { METADATA_FILE } from '../run/level-metadata.ts'
import { reportName, runPlotName } from '../run/run-dir.ts'
import {
  type Analysed,
  analyseAll,
  countedAnalyses,
  isFile,
  isRun,
  type OpenOptions,
  ownSurroundings,
  readable,
  type Surroundings,
} from './export.ts'

export interface ExportOptions extends OpenOptions {
  formats: readonly ExporterName[]
  /** Default: beside each recording. */
  outputDir?: string
  /** Only recordings of this project. */
  project?: string
  /** Only recordings of these levels. */
  jobs?: readonly number[]
  /** Nothing but the plot across levels. Default: that too, when HTML is among the formats and not only some of the levels are wanted. */
  summaryPlot?: boolean
  /** Default: everything, stacked by major categories. */
  view?: ReportView
}

export interface Exported {
  /** Absolute paths of what was written. */
  files: string[]
  /** What could not be opened or written, one line each. */
  problems: string[]
}

/** A resampled point is the largest of all ticks of its time up to this many; of more, of those that the series keeps. */
const RESAMPLED_FROM = 200_000

/**
 * Writes the reports of one recording, of every recording of a run or of every run in a directory again, and the plots of runs across their levels, as
 * `mymonitor report` does. Without `surroundings`: the directory and environment of this process. Rejects where no recording could be opened or selected; a
 * format that cannot be had here is one of `problems`.
 */
export async function exportRecordings(options: ExportOptions, surroundings: Surroundings = ownSurroundings()): Promise<Exported> {
  const dir = resolve(surroundings.cwd, options.dir)
  const target = options.outputDir === undefined ? undefined : resolve(surroundings.cwd, options.outputDir)
  if (options.summaryPlot && isFile(join(dir, METADATA_FILE))) throw oneRecording(dir)
  const exported: Exported = { files: [], problems: [] }
  const others: Analysed['others'] = []
  const runs = runsIn(dir)
  const failures: unknown[] = []
  for (const run of runs.length > 0 ? runs : [dir]) {
    try {
      const analysed = await analyseAll({ ...options, dir: run, ...analysedPart(options) }, surroundings)
      others.push(...analysed.others)
      exported.problems.push(...analysed.problems)
      await writeReports(analysed, options, target, surroundings.env, exported)
    } catch (error) {
      if (runs.length === 0) throw error
      failures.push(error)
    }
  }
  if (exported.files.length === 0 && exported.problems.length === 0) throw failures[0] ?? noneSelected(dir, options, others)
  exported.problems = [...new Set([...exported.problems, ...failures.map(messageOf)])]
  return exported
}

/** Runs directly below a directory that is neither a run nor a recording, oldest first. */
function runsIn(dir: string): string[] {
  if (isRun(dir) || isFile(join(dir, METADATA_FILE))) return []
  const entries = readable(dir, () => readdirSync(dir, { withFileTypes: true })) ?? []
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(dir, name))
    .filter(isRun)
    .sort()
}

function analysedPart({ project, jobs, view }: ExportOptions) {
  return {
    select: (level: { project: string; jobs: number | null }) =>
      (project === undefined || level.project === project) && (jobs === undefined || (level.jobs !== null && jobs.includes(level.jobs))),
    ...(view?.resampleUs ? { points: RESAMPLED_FROM } : {}),
  }
}

async function writeReports(
  analysed: Analysed,
  { formats, jobs, summaryPlot = false, view = DEFAULT_VIEW }: ExportOptions,
  target: string | undefined,
  env: NodeJS.ProcessEnv,
  { files, problems }: Exported,
): Promise<void> {
  const { dir, recordings } = analysed
  if (recordings.length === 0) return
  checkCategories(
    view,
    recordings.map(({ analysis }) => analysis),
  )
  if (target !== undefined) ensureDirectory(target)
  const write = (directory: string, name: string, content: string | Uint8Array): void => {
    const file = freeName(join(directory, name), files)
    writeFileAtomic(file, content)
    files.push(file)
  }
  for (const { recording, analysis } of summaryPlot ? [] : recordings) {
    const shown = resampled(analysis, view)
    for (const format of formats) {
      const { ending, render } = exporters[format]
      const name = format === 'text' && target === undefined ? 'summary.log' : reportName(analysis.recording, analysis.metric, ending)
      const content = await attempt(() => render(shown, viewFor(view, analysis), env), problems)
      if (content !== undefined) write(target ?? recording.dir, name, content)
    }
  }
  // Of a part of the levels it would take the place of the whole one.
  if (!isRun(dir) || !(summaryPlot || (formats.includes('html') && jobs === undefined))) return
  const analyses = countedAnalyses(recordings)
  for (const project of new Set(analyses.map(({ recording }) => recording.project))) {
    const levels = analyses.filter(({ recording }) => recording.project === project)
    write(target ?? dir, runPlotName(project), renderRunPlot(levels))
  }
}

/** A format that cannot be had here does not keep the others from being written. */
async function attempt(render: () => ReturnType<Exporter['render']>, problems: string[]): Promise<string | Uint8Array | undefined> {
  try {
    return await render()
  } catch (error) {
    if (!(error instanceof MyMonitorError) || error.code !== 'ERR_MYMONITOR_UNSUPPORTED') throw error
    problems.push(error.message)
    return undefined
  }
}

function resampled(analysis: Analysis, { resampleUs }: ReportView): Analysis {
  return resampleUs === null ? analysis : { ...analysis, series: resample(analysis.series, analysis.metric, resampleUs) }
}

/** Repeats of a level have the same name, and so have levels of several runs; in one directory the later ones get a suffix. */
function freeName(file: string, taken: readonly string[]): string {
  const dot = file.lastIndexOf('.')
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? file : `${file.slice(0, dot)}_${count}${file.slice(dot)}`
    if (!taken.includes(name)) return name
  }
}

/** A name that no recording has is a typo. */
function checkCategories({ selected }: ReportView, analyses: readonly Analysis[]): void {
  for (const name of selected) {
    if (analyses.some(({ categories }) => isCategory(name, categories))) continue
    const known = [...new Set(analyses.flatMap(({ categories }) => categories))]
    const majors = [...new Set(known.map((major) => major.name))]
    const near = nearest(name, [...majors, ...known.flatMap(({ minors }) => minors.map((minor) => minor.name))])
    const next = near === undefined ? `there are ${majors.join(', ')}, and their subcategories` : `did you mean ${near}?`
    throw usage(`--category "${name}": nothing of that name was recorded; ${next}`)
  }
}

function noneSelected(dir: string, { project, jobs }: ExportOptions, others: Analysed['others']): MyMonitorError {
  const wanted = [project === undefined ? [] : [`--project-name ${project}`], jobs === undefined ? [] : [`--jobs ${jobs.join(',')}`]].flat()
  const names = others.map((level) => (level.jobs === null ? level.project : `${level.project} -j${level.jobs}`))
  return usage(`no recording in ${dir} is of ${wanted.join(' ')}; there are ${[...new Set(names)].join(', ')}`)
}

function oneRecording(dir: string): MyMonitorError {
  const run = dirname(dir)
  return usage(`--summary-plot is of a run, and ${basename(dir)} is one recording of it${isRun(run) ? `; pass ${run}` : ''}`)
}

function usage(message: string): MyMonitorError {
  return new MyMonitorError('ERR_MYMONITOR_USAGE', message)
}
