/** Recordings of real builds, read by readers that are not ours. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import type { Analysis } from '../../ts/analysis/contract.ts'
import { record, summary, temporary } from './harness.ts'
import { duckdb, ownReader, peaks, rows } from './readers.ts'

vi.setConfig({ testTimeout: 120_000 })

function shareOfOther({ categories }: Analysis): number {
  const total = categories.reduce((sum, { timeKbS }) => sum + timeKbS, 0)
  const other = categories.find(({ name }) => name === 'Other')?.timeKbS ?? 0
  return other / total
}

/** Enough templates that a compiler has something to do. */
function cppUnit(number: number): string {
  const includes = ['algorithm', 'functional', 'iostream', 'map', 'regex', 'string', 'vector'].map((name) => `#include <${name}>\n`)
  return `${includes.join('')}
int unit${number}(const std::string &text) {
  std::map<std::string, std::vector<int>> found;
  const std::regex pattern("a+");
  for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it) found[it->str()].push_back(${number});
  std::function<int(int)> twice = [](int x) { return 2 * x; };
  return twice(static_cast<int>(found.size()));
}
`
}

function makeProject(): string {
  const dir = temporary()
  const numbers = [1, 2]
  for (const number of numbers) writeFileSync(join(dir, `unit${number}.cpp`), cppUnit(number))
  writeFileSync(join(dir, 'main.c'), 'int main(void) { return 0; }\n')
  const objects = numbers.map((number) => `unit${number}.o`).join(' ')
  writeFileSync(
    join(dir, 'Makefile'),
    `prog: main.o ${objects}\n\tg++ -o $@ $^\n%.o: %.cpp\n\tg++ -c -o $@ $<\n%.o: %.c\n\tgcc -c -o $@ $<\n`,
  )
  return dir
}

function cargoProject(): string {
  const dir = temporary()
  const crate = (name: string, body: string, dependencies = '') => {
    mkdirSync(join(dir, name, 'src'), { recursive: true })
    const head = `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n`
    writeFileSync(join(dir, name, 'Cargo.toml'), `${head}[dependencies]\n${dependencies}`)
    writeFileSync(join(dir, name, 'src', name === 'app' ? 'main.rs' : 'lib.rs'), body)
  }
  const functions = Array.from(
    { length: 150 },
    (_, i) => `pub fn f${i}(x: u64) -> String { (0..x).map(|y| format!("{} {:?}", y + ${i}, vec![y; 3])).collect::<Vec<_>>().join(",") }\n`,
  )
  crate('left', functions.join(''))
  crate('right', functions.join(''))
  crate(
    'app',
    'fn main() { println!("{}{}", left::f1(3), right::f2(3)); }\n',
    'left = { path = "../left" }\nright = { path = "../right" }\n',
  )
  writeFileSync(join(dir, 'Cargo.toml'), '[workspace]\nresolver = "2"\nmembers = ["left", "right", "app"]\n')
  return dir
}

describe('a recorded build', () => {
  test('two independent readers and our own agree on rows and sums; a make build is classified', async () => {
    const { dir, status, stderr, metadata } = await record(['make', '-j2'], [], { cwd: makeProject() })
    expect(status, stderr.toString()).toBe(0)
    const samples = await rows(dir, 'memory_samples')
    const sums = { rows: samples.length, rss: 0, shared: 0 }
    for (const { rss_kb, shared_kb } of samples) {
      sums.rss += rss_kb
      sums.shared += shared_kb
    }
    const sql = 'count(*) AS rows, sum(rss_kb) AS rss, sum(shared_kb) AS shared'
    expect(await duckdb(dir, (from) => `SELECT ${sql} FROM ${from('memory_samples')}`)).toEqual(sums)

    const reader = ownReader(dir)
    const processes = reader.processes(0, reader.info.processes)
    expect(reader.info.rows).toBe(sums.rows)
    const ticks = await rows(dir, 'ticks')
    expect(ticks.reduce((total, { total_rss_kb: kb }) => total + kb, 0)).toBe(sums.rss)
    expect(processes.samples.reduce((total, count) => total + count, 0)).toBe(sums.rows)
    expect(reader.tickFacts(50_000).count).toBe(ticks.length)
    const named = Array.from(processes.processId, (processId, index) => [processId, processes.name[index]] as const)
    expect((await rows(dir, 'processes')).map(({ process_id, name }) => [process_id, name])).toEqual(named.toSorted(([a], [b]) => a - b))
    expect(metadata.counts).toMatchObject({ rows: sums.rows, ticks: reader.info.ticks, processes: reader.info.processes })

    const perTick = (from: (table: 'memory_samples') => string) =>
      `SELECT tick, sum(rss_kb) AS kb FROM ${from('memory_samples')} GROUP BY tick`
    expect((await duckdb(dir, (from) => `SELECT max(kb) AS kb FROM (${perTick(from)})`))['kb']).toBe((await peaks(dir)).rssKb)

    const names = new Set((await rows(dir, 'processes')).map(({ name }) => name))
    for (const name of ['make', 'cc1plus']) expect(names).toContain(name)
    expect(shareOfOther(await summary(dir))).toBeLessThan(0.05)
  })

  test('a cargo build, which forks from worker threads, is recorded and classified', async () => {
    const { dir, status, stderr } = await record(['cargo', 'build', '--offline', '-j2'], [], { cwd: cargoProject() })
    expect(status, stderr.toString()).toBe(0)
    const processes = await rows(dir, 'processes')
    const cargo = new Set(processes.filter(({ exe }) => exe?.endsWith('/cargo')).map(({ pid }) => pid))
    const compilers = processes.filter(({ exe }) => exe?.endsWith('/rustc'))
    expect(compilers.length).toBeGreaterThanOrEqual(3)
    expect(compilers.some(({ ppid }) => cargo.has(ppid))).toBe(true)
    expect(shareOfOther(await summary(dir))).toBeLessThan(0.05)
  })

  test('every table carries the run as constant columns', async () => {
    const { dir, metadata } = await record(['sleep', '0.2'])
    for (const table of ['memory_samples', 'processes', 'ticks', 'classes'] as const) {
      const constants = await duckdb(
        dir,
        (from) => `SELECT DISTINCT CAST(run_id AS VARCHAR) AS run_id, project, jobs, repeat FROM ${from(table)}`,
      )
      expect(constants, table).toEqual({ run_id: metadata.run_id, project: metadata.project, jobs: metadata.jobs, repeat: metadata.repeat })
    }
  })
})
