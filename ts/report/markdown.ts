import type { Analysis, CategoryFigures, MajorCategory, Peak } from '../analysis/contract.ts'
import { formatCount, formatKb, formatShare, formatUs } from '../units.ts'
import { cpusText } from './cpus.ts'
import { outcomeOf } from './outcome.ts'
import { outsideAtPeak } from './outside.ts'
import { printable } from './printable.ts'
import { pssSourceText } from './pss-source.ts'
import { trustFacts } from './trust-facts.ts'
import { DEFAULT_VIEW, type ReportView, selectionText, shownCategories } from './view.ts'

const LISTED_PROCESSES = 10
const LONG_COMMAND = 240

/** Tables for the job summary of a CI or a comment: what peaked, who was live then, which categories took the memory, how far to trust it. */
export function renderMarkdown(analysis: Analysis, view: ReportView = DEFAULT_VIEW): string {
  const { recording, peak, metric, trust } = analysis
  const name = `${code(recording.project)}${recording.jobs === null ? '' : ` -j${recording.jobs}`}${recording.repeat > 1 ? `, repeat ${recording.repeat}` : ''}`
  const lines = [
    `## ${name}: ${peak === null ? 'nothing was sampled' : `peak ${formatKb(peak.kb)} ${metric.toUpperCase()}`}`,
    '',
    ...keyTable(analysis),
    ...(peak === null ? [] : ['', '### Live at the peak', '', ...peakTable(peak, metric)]),
    ...(analysis.categories.length === 0 ? [] : ['', '### Categories', '', ...categoryTable(analysis, view)]),
    '',
    '### How far to trust this',
    '',
    ...trust.warnings.map((warning) => `- **Note:** ${escaped(warning)}`),
    ...trustFacts(analysis).map(([term, sentence]) => `- **${term}:** ${escaped(sentence)}`),
  ]
  return `${lines.join('\n')}\n`
}

function keyTable({ recording, peak, metric, host, trust }: Analysis): string[] {
  const machine = [`${host.cpus} CPUs`, ...(host.memTotalKb === null ? [] : [formatKb(host.memTotalKb)]), escaped(host.kernel)]
  const bound =
    peak === null || peak.withoutMark === 0
      ? ''
      : `, incomplete: ${formatCount(peak.withoutMark, 'process', 'processes')} without a high-water mark`
  const outside = peak === null ? null : outsideAtPeak(peak)
  const source = metric === 'pss' && peak !== null ? `${pssSourceText(peak)}, ` : ''
  return table(
    [
      ['', 'left'],
      ['', 'left'],
    ],
    [
      ['Result', escaped(outcomeOf(recording).text)],
      ['Duration', `${formatUs(recording.durationUs)}${trust.buildCpuUs === null ? '' : `, ${formatUs(trust.buildCpuUs)} of CPU`}`],
      ...(peak === null
        ? []
        : [
            [
              'Peak',
              `${formatKb(peak.kb)} ${metric.toUpperCase()} (${source}at ${formatUs(peak.elapsedUs)}), ${formatCount(peak.processes.length, 'process', 'processes')}`,
            ],
            ...(outside === null ? [] : [['Outside the tree', `${outside} (part of the peak)`]]),
            ['RSS', `${formatKb(peak.rssKb)} then, at most ${formatKb(peak.upperBoundRssKb)} between the ticks${bound}`],
          ]),
      ['Command', codeCell(shortened(recording.command.join(' ')))],
      ['Host', `${codeCell(host.hostname)} (${machine.join(', ')})`],
      ...(recording.cpuScheduling === null ? [] : [['CPU scheduling', escaped(cpusText(recording.cpuScheduling))]]),
    ],
  )
}

function peakTable({ processes, kb }: Peak, metric: Analysis['metric']): string[] {
  const rest = processes.slice(LISTED_PROCESSES)
  const rows = processes
    .slice(0, LISTED_PROCESSES)
    .map((process) => [
      `${codeCell(process.name)}${process.outsideTree ? ' (outside the tree)' : ''}`,
      formatKb(process.kb),
      formatShare(process.kb, kb),
      `${codeCell(process.major)} ${codeCell(process.minor)}`,
      process.target === null ? '' : codeCell(process.target),
    ])
  const restKb = rest.reduce((sum, process) => sum + process.kb, 0)
  return table(
    [
      ['Process', 'left'],
      [metric.toUpperCase(), 'right'],
      ['Share', 'right'],
      ['Category', 'left'],
      ['Target', 'left'],
    ],
    rest.length === 0 ? rows : [...rows, [`and ${rest.length} more`, formatKb(restKb), formatShare(restKb, kb), '', '']],
  )
}

/** Majors; below each its minors where the view expands it. */
function categoryTable({ categories, peak }: Analysis, view: ReportView): string[] {
  const cells = (name: string, figures: CategoryFigures): string[] => [
    name,
    formatKb(figures.peakKb),
    formatKb(figures.atPeakKb),
    formatShare(figures.atPeakKb, peak?.kb ?? 0),
    `${formatKb(figures.timeKbS)}·s`,
    figures.processes.toLocaleString('en'),
  ]
  const isExpanded = ({ name }: MajorCategory): boolean =>
    view.categories === 'detailed' || (view.categories === 'other' && name === 'Other')
  const shown = shownCategories(view, categories)
  const rows = shown.flatMap((major) => [
    cells(codeCell(major.name), major),
    ...(isExpanded(major) ? major.minors.map((minor) => cells(`&emsp;${codeCell(minor.name)}`, minor)) : []),
  ])
  const selection = selectionText(view)
  return [
    ...(selection === null
      ? []
      : [`Shown: ${escaped(selection)}; ${shown.length} of ${formatCount(categories.length, 'category', 'categories')}.`, '']),
    ...table(
      [
        ['Category', 'left'],
        ['Peak', 'right'],
        ['At the peak', 'right'],
        ['Share', 'right'],
        ['Memory-time', 'right'],
        ['Processes', 'right'],
      ],
      rows,
    ),
  ]
}

function table(columns: readonly (readonly [title: string, align: 'left' | 'right'])[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(columns.map(([title]) => title)), line(columns.map(([, align]) => (align === 'left' ? '---' : '---:'))), ...rows.map(line)]
}

function shortened(command: string): string {
  return command.length <= LONG_COMMAND ? command : `${command.slice(0, LONG_COMMAND)}…`
}

/** In a table a bar ends the cell, in code too. */
function codeCell(text: string): string {
  return code(text).replaceAll('|', '\\|')
}

/** A user's string as a code span, in which nothing means anything. */
function code(text: string): string {
  const shown = printable(text)
  const longest = Math.max(0, ...(shown.match(/`+/g) ?? []).map(({ length }) => length))
  const fence = '`'.repeat(longest + 1)
  const room = shown === '' || /^`|`$|^ .* $/.test(shown) ? ' ' : ''
  return `${fence}${room}${shown}${room}${fence}`
}

/** The same in running text: no markup, no HTML, nobody is mentioned. */
function escaped(text: string): string {
  return printable(text)
    .replace(/[\\`*_[\]|~]/g, '\\$&')
    .replace(/[<>&@]/g, (character) => `&#${character.charCodeAt(0)};`)
}
