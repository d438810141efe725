import type { Analysis } from '../analysis/contract.ts'
import { formatKb, formatUs } from '../units.ts'
import { escapeHtml } from './escape.ts'
import { outcomeOf } from './outcome.ts'
import { renderPage } from './page.ts'
import { type Level, levelsSvg, type Mark } from './run-plot-svg.ts'
import { groupByLevel, type LevelSpread, type Spread, spreadByLevel } from './spread.ts'

/** Peak memory and duration across the levels (and repeats) of one project's run, in the order given. Needs no script. */
export function renderRunPlot(levels: readonly Analysis[]): string {
  const groups = groupByLevel(levels)
  const ordered = groups.flat()
  const hasRepeats = ordered.length > groups.length
  const [first] = ordered
  const project = first?.recording.project ?? 'build'
  const metric = (first?.metric ?? 'pss').toUpperCase()
  const spread = spreadByLevel(levels)
  const marks = groups.map((group, index) => levelMark(group, spread[index]))
  const names = ordered.map(({ recording }) => `${levelName(recording)}${hasRepeats ? ` #${recording.repeat}` : ''}`)
  const title = `${project} · peak memory and duration by level`
  return renderPage({
    title,
    body: `<div id="app">
<header><div class="title"><h1><bdi>${escapeHtml(project)}</bdi></h1></div>
<p class="lead">Peak ${metric} and duration at ${groups.length === 1 ? 'one level' : `${groups.length} levels`}${hasRepeats ? `, ${ordered.length} recordings` : ''}${first === undefined ? '' : ` on ${escapeHtml(first.host.hostname)}`}.</p></header>
<main class="levels">
<section id="plot" aria-labelledby="plot-title"><h2 id="plot-title">Across levels</h2>
${levelsSvg(marks, metric)}</section>
${hasRepeats ? spreadSection(spread, metric) : ''}<section id="levels" aria-labelledby="levels-title"><h2 id="levels-title">Figures</h2>
${table(ordered, names, metric)}</section>
</main>
</div>`,
  })
}

/** A level whose builds all failed shows what they reached. */
function levelMark(group: readonly [Analysis, ...Analysis[]], spread: LevelSpread | undefined): Level {
  const [{ recording, peak }] = group
  const name = levelName(recording)
  if (spread?.durationUs) return { name, peakKb: spread.peakKb, durationUs: spread.durationUs, failure: null }
  const only = (value: number): Mark => ({ median: value, min: value, max: value })
  const outcome = outcomeOf(recording)
  return {
    name,
    peakKb: peak && only(peak.kb),
    durationUs: only(recording.durationUs),
    failure: outcome.kind === 'ok' ? null : outcome.text,
  }
}

function levelName({ jobs }: { jobs: number | null }): string {
  return jobs === null ? 'run' : `-j${jobs}`
}

function spreadSection(spread: readonly LevelSpread[], metric: string): string {
  const figures = (values: Spread | null, format: (value: number) => string): string[] =>
    values === null
      ? [numeric('–'), numeric('–'), numeric('–')]
      : [values.median, values.min, values.max].map((value) => numeric(data(value, format(value))))
  const rows = spread.map((level) => {
    const good = level.durationUs?.n ?? 0
    const counts = [numeric(String(good)), numeric(String(level.recordings - good))]
    const cells = [
      `<th scope="row">${levelName(level)}</th>`,
      ...counts,
      ...figures(level.peakKb, formatKb),
      ...figures(level.durationUs, formatUs),
    ]
    return `<tr>${cells.join('')}</tr>`
  })
  const headings = ['Succeeded', 'Failed', `Peak ${metric}, median`, 'min', 'max', 'Duration, median', 'min', 'max'].map(heading)
  return `<section id="spread" aria-labelledby="spread-title"><h2 id="spread-title">Spread over repeats</h2>
<div class="scroll" role="group" aria-label="Spread over repeats" tabindex="0"><table><caption class="hidden">Spread over repeats</caption>
<thead><tr><th scope="col">Level</th>${headings.join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table></div></section>
`
}

function table(levels: readonly Analysis[], names: readonly string[], metric: string): string {
  const rows = levels.map(({ recording, peak, trust }, index) => {
    const outcome = outcomeOf(recording)
    const cells = [
      `<th scope="row">${escapeHtml(names[index] ?? '')}</th>`,
      numeric(peak === null ? '–' : data(peak.kb, formatKb(peak.kb))),
      numeric(data(recording.durationUs, formatUs(recording.durationUs))),
      `<td class="result"><span class="badge ${outcome.kind}">${escapeHtml(outcome.text)}</span></td>`,
      numeric(peak === null ? '–' : formatUs(peak.elapsedUs)),
      numeric(trust.buildCpuUs === null ? '–' : formatUs(trust.buildCpuUs)),
      numeric(trust.processes.toLocaleString('en')),
    ]
    return `<tr>${cells.join('')}</tr>`
  })
  return `<div class="scroll" role="group" aria-label="Figures" tabindex="0"><table><caption class="hidden">Figures by level</caption>
<thead><tr><th scope="col">Level</th>${heading(`Peak ${metric}`)}${heading('Duration')}<th scope="col" class="result">Result</th>${heading('Peak at')}${heading('CPU')}${heading('Processes')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table></div>`
}

function heading(label: string): string {
  return `<th scope="col" class="numeric">${label}</th>`
}

function numeric(content: string): string {
  return `<td class="numeric">${content}</td>`
}

function data(value: number, text: string): string {
  return `<data value="${value}">${text}</data>`
}
