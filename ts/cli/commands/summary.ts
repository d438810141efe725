import { resolve } from 'node:path'
import { Command, Option } from 'clipanion'
import { withRecording } from '../../convert/with-recording.ts'
import { MyMonitorError } from '../../errors.ts'
import { summarize } from '../../sample/export.ts'
import { printSummaries } from '../ui/exports.ts'
import { BaseCommand } from './base.ts'

export class SummaryCommand extends BaseCommand {
  static override paths = [['summary']]
  static override usage = Command.Usage({
    description: 'Print the peak, the categories and the trust of a recording or of every level of a run',
    examples: [
      ['A whole run', '$0 summary logs/run_20260102_030405'],
      ['A table of the Python MyMonitor', '$0 summary memory_samples.parquet'],
      ['As JSON, for jq', "$0 summary DIR --json | jq '.levels[].analysis.peak.kb'"],
    ],
  })
  directory = Option.String({ required: false, name: 'DIR' })

  override async execute(): Promise<number> {
    const { ui, cwd, env } = this.context
    if (this.directory === undefined) throw new MyMonitorError('ERR_MYMONITOR_USAGE', 'summary needs a directory: mymonitor summary DIR')
    const options = { noRedact: this.noRedact, ...(this.config === undefined ? {} : { config: this.config }) }
    const summaries = await withRecording(resolve(cwd, this.directory), (dir) => summarize({ ...options, dir }, { cwd, env }))
    return printSummaries(ui, this.json, summaries)
  }
}
