import { resolve } from 'node:path'
import { Command, Option } from 'clipanion'
import { withRecording } from '../../convert/with-recording.ts'
import { MyMonitorError } from '../../errors.ts'
import { type ExporterName, exporters } from '../../report/index.ts'
import { exportRecordings } from '../../sample/export.ts'
import { printExports } from '../ui/exports.ts'
import { parseChoices } from '../values.ts'
import { BaseCommand } from './base.ts'

export class ReportCommand extends BaseCommand {
  static override paths = [['report']]
  static override usage = Command.Usage({
    description: 'Write the reports of a recording or of a whole run again, with the rules as they are now',
    examples: [
      ['The HTML of every level of a run', '$0 report logs/run_20260102_030405'],
      ['JSON and text of one recording, somewhere else', '$0 report DIR --format json,text --output-dir out'],
    ],
  })
  directory = Option.String({ required: false, name: 'DIR' })
  logDir = Option.String('--log-dir', { description: 'The recording or run; the same as DIR' })
  outputDir = Option.String('--output-dir', { description: 'Write into this directory. Default: beside the recording' })
  format = Option.String('--format', 'html', {
    description: `What to write: ${Object.keys(exporters).join(', ')}, or several with commas. Default html`,
  })

  override async execute(): Promise<number> {
    const { ui, cwd, env } = this.context
    const formats = parseChoices('--format', this.format, Object.keys(exporters) as ExporterName[])
    if (this.directory !== undefined && this.logDir !== undefined)
      throw new MyMonitorError('ERR_MYMONITOR_USAGE', 'the directory is given twice: give either DIR or --log-dir DIR')
    const dir = this.directory ?? this.logDir
    if (dir === undefined) throw new MyMonitorError('ERR_MYMONITOR_USAGE', 'report needs a directory: mymonitor report DIR')
    const options = { formats, noRedact: this.noRedact, ...(this.config === undefined ? {} : { config: this.config }) }
    const exported = await withRecording(resolve(cwd, dir), (dir, beside) => {
      const outputDir = this.outputDir ?? beside
      return exportRecordings({ ...options, dir, ...(outputDir === undefined ? {} : { outputDir }) }, { cwd, env })
    })
    return printExports(ui, cwd, this.json, exported)
  }
}
