import { describe, expect, it } from 'vitest'
import { renderMarkdown } from '../../ts/report/markdown.ts'
import { DEFAULT_VIEW } from '../../ts/report/view.ts'
import { formatKb } from '../../ts/units.ts'
import { buildAnalysis, emptyAnalysis, HOSTILE, hostileAnalysis } from '../fixtures/analysis.ts'

const analysis = buildAnalysis()
const { peak, categories } = analysis
if (peak === null) throw new Error('the fixture has no peak')
/** The rows of the table under a heading, as cells. */
const rowsUnder = (markdown: string, heading: string) =>
  (markdown.split(`### ${heading}\n`)[1] ?? '')
    .split('\n###')[0]
    ?.split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) => line.slice(2, -2).split(' | ')) ?? []

describe('the tables of Markdown', () => {
  it('begin with what a reader of a job summary wants to know', () => {
    expect(
      renderMarkdown({ ...analysis, recording: { ...analysis.recording, command: ['make'] } })
        .split('\n')
        .slice(0, 11),
    ).toEqual([
      '## `demo` -j8: peak 2.37 GiB PSS',
      '',
      '|  |  |',
      '| --- | --- |',
      '| Result | exit 0 |',
      '| Duration | 15.0 s, 1 min 40 s of CPU |',
      '| Peak | 2.37 GiB PSS (modelled ± 1.2 %, at 7.63 s), 18 processes |',
      `| RSS | ${formatKb(peak.rssKb)} then, at most 1.34 GiB between the ticks |`,
      '| Command | `make` |',
      '| Host | `builder-7` (16 CPUs, 32.0 GiB, Linux 6.6.30) |',
      '',
    ])
  })

  it('name the ten largest processes at the peak and sum up the others', () => {
    const rows = rowsUnder(renderMarkdown(analysis), 'Live at the peak')
    expect(rows.slice(0, 10).map(([name, kb]) => [name, kb])).toEqual(
      peak.processes.slice(0, 10).map(({ name, kb }) => [`\`${name}\``, formatKb(kb)]),
    )
    const restKb = peak.processes.slice(10).reduce((sum, { kb }) => sum + kb, 0)
    expect(rows[10]?.slice(0, 2)).toEqual(['and 8 more', formatKb(restKb)])
  })

  it('list the categories, with subcategories where they are expanded, and say what is left out', () => {
    const names = (view = {}) => rowsUnder(renderMarkdown(analysis, { ...DEFAULT_VIEW, ...view }), 'Categories').map(([name]) => name)
    expect(names()).toEqual(categories.map(({ name }) => `\`${name}\``))
    expect(names({ categories: 'detailed' })).toEqual(
      categories.flatMap(({ name, minors }) => [`\`${name}\``, ...minors.map((minor) => `&emsp;\`${minor.name}\``)]),
    )
    expect(names({ categories: 'other', selected: ['Other'] })).toHaveLength(4)
    expect(names({ topN: 2 })).toHaveLength(2)
    expect(renderMarkdown(analysis, { ...DEFAULT_VIEW, topN: 2 })).toContain('Shown: the 2 largest; 2 of 6 categories.\n')
  })

  it('say how far to trust them', () => {
    const incomplete = renderMarkdown({ ...analysis, peak: { ...peak, withoutMark: 3 } })
    expect(incomplete).toContain('between the ticks, incomplete: 3 processes without a high-water mark |')
    expect(incomplete).toContain(`- **Note:** ${analysis.trust.warnings[0]}\n`)
  })

  it('of nothing say so', () => {
    const text = renderMarkdown(emptyAnalysis())
    expect(text).toContain('## `demo`: nothing was sampled\n')
    expect(text).not.toMatch(/NaN|undefined|null|Infinity/)
  })

  it('let no string of a user leave its cell, be markup or mention anybody', () => {
    const hostile = hostileAnalysis()
    const [process] = hostile.peak?.processes ?? []
    if (process === undefined || hostile.peak === null) throw new Error('the fixture has no peak')
    const processes = [{ ...process, name: 'a`|`` b', target: '|' }]
    const trust = { ...hostile.trust, warnings: ['@team <b>bold</b> [link](x) `code` | *it*', HOSTILE.control] }
    const text = renderMarkdown({ ...hostile, peak: { ...hostile.peak, processes }, trust })
    expect(text).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e]/u)
    expect(text).not.toMatch(/^forged/m)
    expect(text).toContain('| ```a`\\|`` b``` |')
    expect(text).toContain('| `\\|` |\n')
    expect(text).toContain('- **Note:** &#64;team &#60;b&#62;bold&#60;/b&#62; \\[link\\](x) \\`code\\` \\| \\*it\\*\n')
    // Outside of code spans no tag is left.
    expect(text.replace(/(`+)(?!`).*?[^`]\1(?!`)/g, '')).not.toMatch(/<\/?(?:script|img|b)\b/)
  })
})
