import type { Analysis } from '../analysis/contract.ts'
import { formatKb, formatUs } from '../units.ts'
import { escapeHtml } from './escape.ts'
import { outcomeOf } from './outcome.ts'
import { renderPage } from './page.ts'
import { type Level, levelsSvg } from './run-plot-svg.ts'

/** Peak memory and duration across the levels (and repeats) of one project's run. Needs no script. */
export function renderRunPlot(levels: readonly Analysis[]): string {
  const ordered = [...levels].sort((a, b) => (a.recording.jobs ?? 0) - (b.recording.jobs ?? 0) || a.recording.repeat - b.recording.repeat)
  const hasRepeats = ordered.some(({ recording }) => recording.repeat > 1)
  const first = ordered[0]
  const project = first?.recording.project ?? 'build'
  const metric = (first?.metric ?? 'pss').toUpperCase()
  const names = ordered.map(({ recording }) => {
    const level = recording.jobs === null ? 'run' : `-j${recording.jobs}`
    return hasRepeats ? `${level} #${recording.repeat}` : level
  })
  const marks = ordered.map(({ recording, peak }, index): Level => {
    const outcome = outcomeOf(recording)
    return {
      name: names[index] ?? '',
      peakKb: peak?.kb ?? null,
      durationUs: recording.durationUs,
      failure: outcome.kind === 'ok' ? null : outcome.text,
    }
  })
  const title = `${project} · peak memory and duration by level`
  return renderPage({
    title,
    body: `<div id="app">
<header><div class="title"><h1><bdi>${escapeHtml(project)}</bdi></h1></div>
<p class="lead">Peak ${metric} and duration at ${ordered.length === 1 ? 'one level' : `${ordered.length} levels`}${first === undefined ? '' : ` on ${escapeHtml(first.host.hostname)}`}.</p></header>
<main class="levels">
<section id="plot" aria-labelledby="plot-title"><h2 id="plot-title">Across levels</h2>
${levelsSvg(marks, metric)}</section>
<section id="levels" aria-labelledby="levels-title"><h2 id="levels-title">Figures</h2>
${table(ordered, names, metric)}</section>
</main>
</div>`,
  })
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
