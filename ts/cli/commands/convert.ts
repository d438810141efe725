import { Command, Option } from 'clipanion'
import { convert } from '../../convert/convert.ts'
import { COMPRESSIONS, TABLE_FORMATS } from '../../convert/formats.ts'
import { MyMonitorError } from '../../errors.ts'
import { printConverted, printFile } from '../ui/convert.ts'
import { parseChoice } from '../values.ts'
import { BaseCommand } from './base.ts'

export class ConvertCommand extends BaseCommand {
  static override paths = [['convert']]
  static override usage = Command.Usage({
    description: 'Convert tables among csv, json and parquet without loss, or a table of the Python MyMonitor into a recording',
    details:
      'Beside a csv or json file, NAME.schema.json keeps the types; without it they are found out. Where OUT is a new directory, IN becomes a recording for summary and report.',
    examples: [
      ['One table', '$0 convert memory_samples.parquet samples.csv'],
      ['Every table of a tree', '$0 convert logs/old logs/parquet --recursive --input-format csv --output-format parquet'],
      ['A recording of the Python MyMonitor', '$0 convert qemu_j8_pss_psutil_20250703_143052 qemu_j8'],
    ],
  })
  input = Option.String({ required: false, name: 'IN' })
  output = Option.String({ required: false, name: 'OUT' })
  inputFormat = Option.String('--input-format', {
    description: 'csv, json or parquet. Default: by the ending of IN; in a tree, of each file',
  })
  outputFormat = Option.String('--output-format', { description: 'csv, json or parquet. Default: by the ending of OUT' })
  compression = Option.String('--compression', {
    description: 'Codec of parquet: snappy, gzip, brotli, lz4 or zstd. Default snappy',
  })
  recursive = Option.Boolean('--recursive', false, { description: 'Convert every table of the directory IN into the same place below OUT' })
  force = Option.Boolean('--force', false, { description: 'Replace files that exist' })
  verbose = Option.Boolean('--verbose', false, { description: 'Name every file that is skipped, and the rows of every one that is not' })

  override async execute(): Promise<number> {
    const { ui, cwd } = this.context
    if (this.input === undefined || this.output === undefined)
      throw new MyMonitorError('ERR_MYMONITOR_USAGE', 'convert needs what to read and what to write: mymonitor convert IN OUT')
    const { input, output, recursive, force, verbose, json } = this
    const options = {
      ...{ input, output, recursive, force },
      ...(this.inputFormat === undefined ? {} : { inputFormat: parseChoice('--input-format', this.inputFormat, TABLE_FORMATS) }),
      ...(this.outputFormat === undefined ? {} : { outputFormat: parseChoice('--output-format', this.outputFormat, TABLE_FORMATS) }),
      ...(this.compression === undefined ? {} : { compression: parseChoice('--compression', this.compression, COMPRESSIONS) }),
    }
    const converted = await convert(options, cwd, (file) => printFile(ui, cwd, { json, verbose }, file))
    return printConverted(ui, cwd, { json, verbose }, converted)
  }
}
