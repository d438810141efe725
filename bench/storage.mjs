/**
 * Stored bytes per sample row, by column and codec.
 *
 *   node bench/storage.mjs DIR...                                                      recordings that exist
 *   node bench/storage.mjs [--dir examples/demo] [--clean 'make clean'] [-- make -j2]  records the build once with each codec
 */
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet'
import { fail, machine, parse, print, ROOT, recordingsIn, run, sample, table, temporary } from './lib.mjs'

const options = parse({ dir: { type: 'string', default: join(ROOT, 'examples/demo') }, clean: { type: 'string', default: 'make clean' } })

function record(codec) {
  const config = join(temporary(), 'config.toml')
  writeFileSync(config, `[monitor.storage]\ncompression = "${codec}"\n`)
  run(['sh', '-c', options.clean], { cwd: options.dir })
  const command = options.command.length > 0 ? options.command : ['make', '-j2']
  return sample(['--config', config, '--', ...command], { cwd: options.dir }).dir
}

async function measure(dir) {
  const path = join(dir, 'memory_samples.parquet')
  const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path))
  const rows = Number(metadata.num_rows)
  if (rows === 0) fail(`${path} has no rows`)
  const columns = new Map()
  for (const { columns: chunks } of metadata.row_groups) {
    for (const { meta_data: chunk } of chunks) {
      const name = chunk.path_in_schema.join('.')
      const column = columns.get(name) ?? { bytes: 0, encodings: new Set(), codec: chunk.codec }
      column.bytes += Number(chunk.total_compressed_size)
      for (const encoding of chunk.encodings) column.encodings.add(encoding)
      columns.set(name, column)
    }
  }
  return { path, rows, bytes: statSync(path).size, groups: metadata.row_groups.length, columns }
}

machine()
const dirs = options.positionals.length > 0 ? options.positionals.flatMap(recordingsIn) : ['snappy', 'zstd'].map(record)
if (dirs.length === 0) fail(`no recording in ${options.positionals.join(', ')}`)
for (const dir of dirs) {
  const { path, rows, bytes, groups, columns } = await measure(dir)
  const codecs = [...new Set([...columns.values()].map((column) => column.codec))].join(', ')
  print()
  print(`${path}: ${codecs}, ${rows} rows in ${groups} row groups`)
  print(`${(bytes / rows).toFixed(2)} bytes a row, the whole file counted; target 3 with snappy, 2 with zstd`)
  const sorted = [...columns].toSorted(([, a], [, b]) => b.bytes - a.bytes)
  table([
    ['column', 'bytes a row', 'encodings'],
    ...sorted.map(([name, column]) => [name, (column.bytes / rows).toFixed(3), [...column.encodings].join(' ')]),
  ])
}
