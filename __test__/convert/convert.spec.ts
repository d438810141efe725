import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import { writeLevelFormats } from '../../ts/convert/level-formats.ts'
import { cli } from '../cli/capture.ts'

const CSV = 'pid,command,argv\n1,"make ""all"", twice\nagain","[""make"",""größe""]"\n2,,\n3,"",[]\n'

function directoryWith(files: Record<string, string> = {}): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'mymonitor-convert-')))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), text)
  }
  return directory
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort()
}

describe('one file', () => {
  test('goes from csv to parquet to json and back to the same csv', async () => {
    const cwd = directoryWith({ 'a.csv': CSV })
    for (const [from, to] of [
      ['a.csv', 'b.parquet'],
      ['b.parquet', 'c.json'],
      ['c.json', 'd.parquet'],
      ['d.parquet', 'e.csv'],
    ] as const)
      expect(await cli(['convert', from, to], cwd)).toEqual({ status: 0, out: `${to}\n`, err: '' })
    expect(readFileSync(join(cwd, 'e.csv'), 'utf8')).toBe(CSV)
    const rows: unknown = JSON.parse(readFileSync(join(cwd, 'c.json'), 'utf8'))
    expect(rows).toEqual([
      { pid: 1, command: 'make "all", twice\nagain', argv: '["make","größe"]' },
      { pid: 2, command: null, argv: null },
      { pid: 3, command: '', argv: '[]' },
    ])
  })

  test.each(['snappy', 'gzip', 'brotli', 'lz4', 'zstd'])('is written with %s', async (codec) => {
    const cwd = directoryWith({ 'a.csv': CSV })
    expect(await cli(['convert', 'a.csv', 'b.parquet', '--compression', codec], cwd)).toMatchObject({ status: 0 })
    if (codec !== 'snappy') return
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(join(cwd, 'b.parquet')) })
    expect(rows.map(({ pid, command }) => [pid, command])).toEqual([
      [1n, 'make "all", twice\nagain'],
      [2n, null],
      [3n, ''],
    ])
  })

  test('takes the formats from the options where the names do not tell', async () => {
    const cwd = directoryWith({ 'table.txt': 'a\n1\n' })
    const result = await cli(['convert', 'table.txt', 'out', '--input-format', 'csv', '--output-format', 'json', '--verbose'], cwd)
    expect(result).toEqual({ status: 0, out: 'out\n', err: '  1 row of table.txt\n' })
    expect(JSON.parse(readFileSync(join(cwd, 'out'), 'utf8'))).toEqual([{ a: 1 }])
  })

  test('is never overwritten without --force, nor is its schema file', async () => {
    const cwd = directoryWith({ 'a.json': '[{"a":1}]', 'b.csv': 'mine', 'c.csv.schema.json': 'mine' })
    const refused = await cli(['convert', 'a.json', 'b.csv'], cwd)
    expect(refused).toMatchObject({ status: 2, err: `mymonitor: ${join(cwd, 'b.csv')} exists: add --force to replace it\n` })
    expect((await cli(['convert', 'a.json', 'c.csv'], cwd)).err).toContain('c.csv.schema.json exists')
    expect(readFileSync(join(cwd, 'b.csv'), 'utf8')).toBe('mine')
    expect(await cli(['convert', 'a.json', 'b.csv', '--force'], cwd)).toMatchObject({ status: 0 })
    expect(readFileSync(join(cwd, 'b.csv'), 'utf8')).toBe('a\n1\n')
  })

  test.each([
    [['convert', 'a.csv'], 'convert needs what to read and what to write'],
    [['convert', 'gone.csv', 'b.json'], 'gone.csv: no such file or directory'],
    [['convert', 'a.csv', 'b.json', '--output-format', 'xml'], '--output-format "xml": expected csv, json or parquet'],
    [['convert', 'a.csv', 'b.json', '--compression', 'zstd'], '--compression zstd is for parquet, the output is json'],
    [['convert', 'a.csv', 'b.parquet', '--compression', 'zip'], '--compression "zip": expected snappy, gzip, brotli, lz4 or zstd'],
    [['convert', 'a.csv', 'a.csv', '--force'], 'input and output are the same file'],
    [['convert', 'a.csv', 'b.json', '--recursive'], 'a.csv is a file: --recursive is for directories'],
    [['convert', '.', 'b.json'], '. is a directory: add --recursive'],
    [['convert', '.', 'out', '--recursive'], '--recursive needs --output-format'],
    [['convert', '.', 'out', '--recursive', '--output-format', 'json'], 'out is inside .'],
    [['convert', 'broken.csv', 'b.json'], 'broken.csv: line 2 has 1 fields, the first line names 2'],
    [['convert', 'a.csv', 'new'], 'it is no table of the Python MyMonitor: it has no column timestamp or epoch'],
  ])('%j is one clear line and leaves nothing', async (argv, message) => {
    const cwd = directoryWith({ 'a.csv': 'a\n1\n', 'broken.csv': 'a,b\n1\n' })
    const result = await cli(argv, cwd)
    expect(result).toMatchObject({ status: 2, out: '' })
    expect(result.err).toContain(message)
    expect(result.err).toMatch(/^mymonitor: [^\n]+\n$/)
    expect(filesIn(cwd)).toEqual(['a.csv', 'broken.csv'])
  })
})

describe('a tree', () => {
  test('keeps its shape and names, leaves out what is no table and says so', async () => {
    const cwd = directoryWith({
      'in/a.csv': 'a\n1\n',
      'in/deep/er/b.csv': 'b\n2\n3\n',
      'in/deep/metadata.json': '{}',
      'in/deep/notes.txt': '',
      'in/other.json': '[{"a":1}]',
    })
    symlinkSync(cwd, join(cwd, 'in/loop'))
    const argv = ['convert', 'in', 'out', '--recursive', '--input-format', 'csv', '--output-format', 'parquet']
    const result = await cli(argv, cwd)
    expect(result).toEqual({
      status: 0,
      out: 'out/a.parquet\nout/deep/er/b.parquet\n',
      err: 'mymonitor: skipped 4 files that are not to be converted; --verbose names each\n',
    })
    expect(filesIn(join(cwd, 'out'))).toEqual(['a.parquet', 'deep/er/b.parquet'])
    const again = await cli([...argv, '--force', '--verbose'], cwd)
    expect(again.err).toContain('skipped in/deep/notes.txt: no table\n')
    expect(again.err).toContain('skipped in/other.json: json, not csv\n')
    expect(again.err).toContain('  2 rows of in/deep/er/b.csv\n')
  })

  test('goes on after a file that fails and ends with 1', async () => {
    const cwd = directoryWith({ 'in/a.csv': 'a,b\n1\n', 'in/b.csv': 'b\n2\n', 'in/c.csv': 'c\n1\n', 'in/c.json': '[{"c":1}]' })
    const { status, out, err } = await cli(['convert', 'in', 'out', '--recursive', '--output-format', 'parquet', '--json'], cwd)
    expect(status).toBe(1)
    expect(JSON.parse(out)).toEqual({
      schema: 1,
      files: ['b', 'c'].map((name) => ({ input: join(cwd, `in/${name}.csv`), output: join(cwd, `out/${name}.parquet`), rows: 1 })),
      skipped: [],
    })
    expect(err.split('\n').filter((line) => line !== '')).toEqual([
      expect.stringContaining('in/a.csv: line 2 has 1 fields'),
      expect.stringContaining('c.json and '),
    ])
  })
})

describe('a recording of the Python MyMonitor', () => {
  const TABLE = [
    'timestamp,pid,command_name,full_command,major_category,minor_category,PSS_KB,USS_KB,RSS_KB',
    '1751553052.10,1,make,make -j8,BuildSystem,Make,1000,900,4000',
    '1751553052.11,2,cc1,/usr/lib/cc1 -o a.o a.c,CPP_COMPILE,Frontend_GCC,50000,48000,70000',
    '1751553052.15,1,make,make -j8,BuildSystem,Make,1000,900,4000',
    '1751553052.16,2,cc1,/usr/lib/cc1 -o a.o a.c,CPP_COMPILE,Frontend_GCC,60000,58000,80000',
    '',
  ].join('\n')
  const METADATA = JSON.stringify({
    project_name: 'qemu',
    parallelism_level: 8,
    monitoring_interval: 0.05,
    actual_build_command: 'make -j8',
  })

  test('becomes a recording that summary and report open, with the sums of its sweeps', async () => {
    const cwd = directoryWith({ 'old/memory_samples.csv': TABLE, 'old/metadata.json': METADATA })
    expect(await cli(['convert', 'old', 'new'], cwd)).toEqual({ status: 0, out: 'new\n', err: '' })
    const { status, out } = await cli(['summary', 'new', '--json'], cwd)
    expect(status).toBe(0)
    const analysis = JSON.parse(out)
    expect(analysis.recording).toMatchObject({ project: 'qemu', jobs: 8, exitCode: null })
    expect(analysis.peak).toMatchObject({ kb: 61_000, elapsedUs: 50_000 })
    expect(analysis.categories.map(({ name, peakKb }: { name: string; peakKb: number }) => [name, peakKb])).toEqual([
      ['CPP_COMPILE', 60_000],
      ['BuildSystem', 1000],
    ])
    expect(analysis.trust.warnings.join()).toContain('imported from memory_samples.csv of the Python MyMonitor')
    expect(await cli(['report', 'new'], cwd)).toMatchObject({ status: 0, err: '' })
    expect(filesIn(join(cwd, 'new')).filter((name) => name.endsWith('.html'))).toHaveLength(1)
  })

  test('is taken from its json, too, and from a file alone', async () => {
    const rows = [{ epoch: 1, pid: 5, command: 'ld -o x', PSS_KB: 7 }]
    const cwd = directoryWith({ 'chromium_j4_pss_1/memory_samples.json': JSON.stringify({ samples: rows }) })
    expect(await cli(['convert', 'chromium_j4_pss_1/memory_samples.json', 'new'], cwd)).toMatchObject({ status: 0 })
    const analysis = JSON.parse((await cli(['summary', 'new', '--json'], cwd)).out)
    expect(analysis.recording).toMatchObject({ project: 'chromium', jobs: 4 })
    expect(analysis.peak.processes).toMatchObject([{ kb: 7, name: 'ld' }])
    expect(analysis.trust.warnings.join()).toContain('it has no RSS, PSS stands in its place')
  })

  test('is summarised and reported without a conversion, the report beside it', async () => {
    const cwd = directoryWith({ 'old/memory_samples.csv': TABLE, 'old/metadata.json': METADATA })
    for (const path of ['old', 'old/memory_samples.csv']) {
      const { status, out } = await cli(['summary', path, '--json'], cwd)
      expect(status).toBe(0)
      expect(JSON.parse(out).peak.kb).toBe(61_000)
    }
    const { status, out } = await cli(['report', 'old'], cwd)
    expect({ status, out }).toEqual({ status: 0, out: 'old/qemu_j8_PSS_KB_report.html\n' })
    expect(filesIn(cwd)).toEqual(['old/memory_samples.csv', 'old/metadata.json', 'old/qemu_j8_PSS_KB_report.html'])
  })

  test('goes nowhere where something is already', async () => {
    const cwd = directoryWith({ 'old.csv': TABLE, 'new/mine': '' })
    expect(await cli(['convert', 'old.csv', 'new'], cwd)).toMatchObject({
      status: 2,
      err: expect.stringContaining('needs a new directory'),
    })
    expect(existsSync(join(cwd, 'new/metadata.json'))).toBe(false)
    expect(readdirSync(cwd).sort()).toEqual(['new', 'old.csv'])
  })
})

describe('the other formats of a level', () => {
  const TABLE =
    'timestamp,pid,command_name,full_command,major_category,minor_category,PSS_KB,USS_KB,RSS_KB\n1.000000,1,make,make -j8,BuildSystem,Make,10,9,40\n'

  test('are json of every table and the wide csv, beside the Parquet', async () => {
    const cwd = directoryWith({ 'old.csv': TABLE })
    await cli(['convert', 'old.csv', 'new'], cwd)
    const dir = join(cwd, 'new')
    expect(await writeLevelFormats(dir, 1e6, { json: true, legacyCsv: true }, () => [])).toEqual([])
    expect(readFileSync(join(dir, 'memory_samples.csv'), 'utf8')).toBe(TABLE)
    expect(filesIn(dir).filter((name) => /^(classes|memory_samples|processes|ticks)\.json$/.test(name))).toHaveLength(4)
    const [sample] = JSON.parse(readFileSync(join(dir, 'memory_samples.json'), 'utf8'))
    expect(sample).toMatchObject({ tick: 0, pid: 1, rss_kb: 40, pss_kb: 10 })
  })

  test('are none where none is asked for, and a failure is a line', async () => {
    const cwd = directoryWith()
    expect(await writeLevelFormats(cwd, 0, { json: true, legacyCsv: false }, () => [])).toEqual([])
    expect(await writeLevelFormats(cwd, 0, { json: false, legacyCsv: true }, () => [])).toEqual([
      expect.stringContaining('is not a recording'),
    ])
  })

  test('hold a whole recording: from json or csv back to parquet it opens as it did', async () => {
    const cwd = directoryWith({ 'old.csv': TABLE })
    await cli(['convert', 'old.csv', 'a'], cwd)
    for (const format of ['json', 'csv']) {
      expect((await cli(['convert', 'a', format, '--recursive', '--output-format', format], cwd)).status).toBe(0)
      const back = ['convert', format, `${format}-back`, '--recursive', '--output-format', 'parquet', '--compression', 'zstd']
      expect((await cli(back, cwd)).status).toBe(0)
      writeFileSync(join(cwd, `${format}-back/metadata.json`), readFileSync(join(cwd, 'a/metadata.json')))
      const summaries = await Promise.all(['a', `${format}-back`].map((dir) => cli(['summary', dir, '--json'], cwd)))
      expect(summaries[1]).toEqual(summaries[0])
    }
  })
})
