import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cli } from '../cli/capture.ts'
import { buildClient } from './client-bundle.ts'

const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'mymonitor-')))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))
const runs = () => readdirSync(join(cwd, 'logs')).map((name) => join('logs', name))
const recordings = (run: string) =>
  readdirSync(join(cwd, run), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(run, name))
/** Names of the files that were written. */
const written = async (...argv: string[]) => {
  const { status, out, err } = await cli(['report', ...argv], cwd)
  expect({ status, err }).toEqual({ status: 0, err: '' })
  return out
    .trimEnd()
    .split('\n')
    .map((path) => basename(path))
}
const text = (directory: string, name: string) => readFileSync(join(cwd, directory, name), 'utf8')

beforeAll(async () => {
  buildClient()
  const script = 'sleep 0.3; sh -c "sleep 0.2; exit 0" --password=hunter2 {N}'
  for (const jobs of ['1,2', '3']) {
    const { status, err } = await cli(['--no-report', '-j', jobs, '--output-dir', 'logs', '--', 'sh', '-c', script], cwd)
    expect(status, err).toBe(0)
  }
}, 60_000)

describe('mymonitor report', () => {
  test('of a level writes that one and leaves the plot across levels as it is', async () => {
    const [run = ''] = runs()
    expect(await written(run)).toEqual(['sh_j1_PSS_KB_report.html', 'sh_j2_PSS_KB_report.html', 'sh_build_summary_plot.html'])
    const plot = statSync(join(cwd, run, 'sh_build_summary_plot.html')).mtimeMs
    expect(await written('--log-dir', run, '--jobs', '2')).toEqual(['sh_j2_PSS_KB_report.html'])
    expect(statSync(join(cwd, run, 'sh_build_summary_plot.html')).mtimeMs).toBe(plot)
  })

  test('of a directory of runs selects by project and level in all of them', async () => {
    expect(await written('logs', '--project-name', 'sh', '--jobs', '3,1', '--format', 'md')).toEqual([
      'sh_j1_PSS_KB_report.md',
      'sh_j3_PSS_KB_report.md',
    ])
    expect(await written('logs', '--output-dir', 'plots', '--summary-plot')).toEqual([
      'sh_build_summary_plot.html',
      'sh_build_summary_plot_2.html',
    ])
    expect(readdirSync(join(cwd, 'plots'))).toHaveLength(2)
  })

  test('writes every format of one recording, redacted', async () => {
    const [run = ''] = runs()
    const formats = ['html', 'svg', 'md', 'json', 'csv', 'text']
    const files = await written(recordings(run)[0] ?? '', '--format', formats.join(','), '--output-dir', 'all')
    expect(files.map((name) => name.split('.')[1])).toEqual(['html', 'svg', 'md', 'json', 'csv', 'log'])
    for (const name of files) expect(text('all', name)).not.toContain('hunter2')
    expect(text('all', 'sh_j1_PSS_KB_report.json')).toContain('--password=')
    await written(recordings(run)[0] ?? '', '--format', 'json', '--output-dir', 'all', '--no-redact')
    expect(text('all', 'sh_j1_PSS_KB_report.json')).toContain('hunter2')
  })

  test('hands the flags to the exporters', async () => {
    const [run = ''] = runs()
    const [recording = ''] = recordings(run)
    const flags = ['--resample-interval', '250ms', '--category', 'scripting', '--chart-type', 'all', '--expand-subcategories']
    await written(recording, '--format', 'csv,json,svg,html', '--output-dir', 'flags', ...flags)
    const [header = '', ...rows] = text('flags', 'sh_j1_PSS_KB_report.csv').trimEnd().split('\n')
    expect(
      header
        .split(',')
        .slice(3)
        .every((name) => name.startsWith('Scripting/')),
    ).toBe(true)
    const buckets = rows.map((row) => Math.floor(Number(row.split(',')[0]) / 0.25))
    expect(new Set(buckets).size).toBe(buckets.length)
    const { series } = JSON.parse(text('flags', 'sh_j1_PSS_KB_report.json'))
    expect(series.elapsedUs).toHaveLength(rows.length)
    expect(series.ticks).toBeGreaterThan(rows.length)
    expect(text('flags', 'sh_j1_PSS_KB_report.svg').match(/class="peak"/g)).toHaveLength(2)
    expect(text('flags', 'sh_j1_PSS_KB_report.html')).toContain(
      '"view":{"chart":"all","categories":"detailed","selected":["scripting"],"topN":null,"resampleUs":250000}',
    )
  })

  test('a subcategory opens the view that has it', async () => {
    const [run = ''] = runs()
    const { minors } = JSON.parse((await cli(['summary', recordings(run)[0] ?? '', '--json'], cwd)).out).categories[0]
    await written(recordings(run)[0] ?? '', '--format', 'html', '--output-dir', 'minor', '--category', minors[0].name)
    expect(text('minor', 'sh_j1_PSS_KB_report.html')).toContain('"view":{"chart":"stacked","categories":"detailed"')
  })

  test('a format that cannot be had is a line, and the others are written', async () => {
    const [run = ''] = runs()
    const result = await cli(['report', run, '--jobs', '1,2', '--format', 'png,csv', '--output-dir', 'some'], cwd, { PATH: '/nowhere' })
    expect(result.status).toBe(1)
    expect(result.err).toMatch(/^mymonitor: --format png needs a Chromium: [^\n]*\n$/)
    expect(readdirSync(join(cwd, 'some'))).toEqual(['sh_j1_PSS_KB_report.csv', 'sh_j2_PSS_KB_report.csv'])
  })

  test.each<[string[], string]>([
    [['--jobs', '7'], 'is of --jobs 7; there are sh -j1, sh -j2, sh -j3'],
    [['--project-name', 'qemu', '--jobs', '1'], 'is of --project-name qemu --jobs 1; there are sh -j1, sh -j2, sh -j3'],
    [['--category', 'Scriptin'], '--category "Scriptin": nothing of that name was recorded; did you mean Scripting?'],
    [['--chart-type', 'pie'], '--chart-type "pie": expected line, stacked or all'],
    [['--top-n', '0'], '--top-n "0": expected a whole number of at least 1'],
    [['--resample-interval', '1'], '--resample-interval "1": expected a time above zero with a unit'],
    [['--summary-plot', '--jobs', '1'], '--jobs cannot be given with it'],
    [['--summary-plot', '--format', 'svg'], '--format "svg": --summary-plot is written as html only'],
  ])('%j ends with 2 and one line, and nothing is made', async (flags, message) => {
    const result = await cli(['report', 'logs', '--output-dir', 'none', ...flags], cwd)
    expect(result).toMatchObject({ status: 2, out: '' })
    expect(result.err).toContain(message)
    expect(result.err).toMatch(/^mymonitor: [^\n]+\n$/)
    expect(readdirSync(cwd)).not.toContain('none')
  })

  test('--summary-plot of one recording names the run', async () => {
    const [run = ''] = runs()
    const result = await cli(['report', recordings(run)[0] ?? '', '--summary-plot'], cwd)
    expect(result).toMatchObject({ status: 2, err: expect.stringContaining(`is one recording of it; pass ${join(cwd, run)}`) })
  })
})
