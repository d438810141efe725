import type { Peak, ProcessEntry } from '../../analysis/contract.ts'
import { formatKb, formatUs } from '../../units.ts'
import { instant } from '../axis.ts'
import { outsideAtPeak } from '../outside.ts'
import type { Palette } from '../palette.ts'
import { h, section } from './dom.ts'
import { type Column, sortableTable } from './table.ts'
import { swatch } from './theme.ts'

export function peakSection(peak: Peak, metric: string, palette: Palette): HTMLElement {
  const columns = [
    nameColumn,
    size('kb', metric, (row) => row.kb),
    targetColumn,
    categoryColumn(palette),
    ...sizes(metric),
    pidColumn,
    startColumn,
  ]
  const outside = outsideAtPeak(peak)
  return section(
    'peak',
    'Live at the peak',
    h(
      'p',
      { class: 'lead' },
      `${peak.processes.length} ${peak.processes.length === 1 ? 'process' : 'processes'} made up the ${formatKb(peak.kb)} at ${instant(peak.elapsedUs / 1e6)}${outside === null ? '' : `, ${outside}`}. A name opens its command line.`,
    ),
    processTable('peak-processes', 'Processes live at the peak', columns, peak.processes),
  )
}

export function largestSection(top: readonly ProcessEntry[], metric: string, palette: Palette): HTMLElement {
  const columns = [
    nameColumn,
    size('kb', `Largest ${metric}`, (row) => row.kb),
    targetColumn,
    categoryColumn(palette),
    ...sizes(metric),
    pidColumn,
    startColumn,
    livedColumn,
  ]
  return section(
    'largest',
    'Largest processes',
    h('p', { class: 'lead' }, 'Each at its own largest sample, whenever that was.'),
    processTable('largest-processes', 'Largest processes', columns, top),
  )
}

function processTable(id: string, caption: string, columns: readonly Column<ProcessEntry>[], rows: readonly ProcessEntry[]): HTMLElement {
  return sortableTable({
    id,
    caption,
    columns,
    rows,
    search: (row) => `${row.name}\n${row.target ?? ''}\n${row.major}\n${row.minor}\n${row.pid}\n${row.command}`,
    detail: (row) => row.command,
  })
}

const nameColumn: Column<ProcessEntry> = {
  id: 'name',
  label: 'Process',
  value: (row) => row.name,
  cell: (row) =>
    row.outsideTree ? h('span', {}, h('bdi', {}, row.name), h('span', { class: 'muted' }, ' outside the tree')) : h('bdi', {}, row.name),
}
const targetColumn: Column<ProcessEntry> = {
  id: 'target',
  label: 'Target',
  value: (row) => row.target,
  // The end of a path tells more than its beginning, so that is the part kept by the style sheet.
  cell: (row) => (row.target === null ? '–' : h('span', { class: 'path', title: row.target }, h('bdi', {}, row.target))),
}
const pidColumn: Column<ProcessEntry> = { id: 'pid', label: 'pid', numeric: true, value: (row) => row.pid }
const startColumn: Column<ProcessEntry> = {
  id: 'start',
  label: 'Started',
  numeric: true,
  value: (row) => row.startUs,
  cell: (row) => instant(row.startUs / 1e6),
}
const livedColumn: Column<ProcessEntry> = {
  id: 'lived',
  label: 'Lived',
  numeric: true,
  value: (row) => (row.endUs === null ? null : row.endUs - row.startUs),
  cell: (row) => (row.endUs === null ? '–' : formatUs(row.endUs - row.startUs)),
}

function categoryColumn(palette: Palette): Column<ProcessEntry> {
  return {
    id: 'category',
    label: 'Category',
    value: (row) => `${row.major} ${row.minor}`,
    cell: (row) =>
      h('span', { class: 'category' }, swatch(palette(row.major, null)), h('bdi', {}, row.major), h('bdi', { class: 'muted' }, row.minor)),
  }
}

/** The other metric beside the report's own. */
function sizes(metric: string): Column<ProcessEntry>[] {
  return metric === 'PSS' ? [size('rss', 'RSS', (row) => row.rssKb)] : [size('pss', 'PSS', (row) => row.pssKb)]
}

function size(id: string, label: string, value: (row: ProcessEntry) => number): Column<ProcessEntry> {
  return { id, label, numeric: true, value, cell: (row) => h('data', { value: value(row) }, formatKb(value(row))) }
}
