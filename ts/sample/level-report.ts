import { join } from 'node:path'
import type { KnownClasses } from '../analysis/classes.ts'
import type { Analysis } from '../analysis/contract.ts'
import { analyse, analyseClassified, classifyRecording } from '../analysis/index.ts'
import type { Rules } from '../classify/rules.ts'
import { openRecording } from '../recording/recording.ts'
import { renderReport, renderRunPlot, renderSummaryLog } from '../report/index.ts'
import { messageOf, writeFileAtomic } from '../run/files.ts'
import { reportName, runPlotName } from '../run/run-dir.ts'

export interface LevelReport {
  analysis: Analysis
  /** Path of the HTML; null when none was asked for or it could not be written. */
  report: string | null
  /** What could not be written, one line each. */
  errors: string[]
}

export interface LevelReportOptions {
  metric: 'pss' | 'rss'
  rules: Rules
  noRedact: boolean
  html: boolean
}

/** Opens a recording that was just made, classifies and analyses it and writes summary.log and the HTML beside the tables. */
export async function reportLevel(recordingDir: string, { metric, rules, noRedact, html }: LevelReportOptions): Promise<LevelReport> {
  const recording = openRecording(recordingDir)
  const errors: string[] = []
  let classes: KnownClasses | null = null
  try {
    classes = classifyRecording(recording, rules)
  } catch (error) {
    errors.push(messageOf(error))
  }
  const options = { metric, noRedact }
  const analysis = await (classes === null ? analyse(recording, { rules, ...options }) : analyseClassified(recording, classes, options))
  const write = (name: string, render: () => string): string | null => {
    const file = join(recordingDir, name)
    try {
      writeFileAtomic(file, render())
      return file
    } catch (error) {
      errors.push(messageOf(error))
      return null
    }
  }
  write('summary.log', () => renderSummaryLog(analysis))
  const report = html ? write(reportName(analysis.recording, metric, 'html'), () => renderReport(analysis)) : null
  return { analysis, report, errors }
}

/** Whether the last tick, which is taken when the root has ended, still belongs to the setup. */
export function endedInSetup(recordingDir: string): boolean {
  return openRecording(recordingDir).tickFacts().endsInSetup
}

/** The plot across the levels of one project; returns its path. */
export function writeRunPlot(runDir: string, project: string, analyses: readonly Analysis[]): string {
  const file = join(runDir, runPlotName(project))
  writeFileAtomic(file, renderRunPlot(analyses))
  return file
}
