import { Command } from 'clipanion'
import { examine } from '../../run/examine.ts'
import { printFindings } from '../ui/doctor.ts'
import { BaseCommand } from './base.ts'

export class DoctorCommand extends BaseCommand {
  static override paths = [['doctor']]
  static override usage = Command.Usage({
    description: 'Say what this machine offers to a recording, what is missing for more, and what would change it',
    details: 'Tries everything once and changes nothing. Exits with 1 when something is missing.',
    examples: [
      ['Before the first recording', '$0 doctor'],
      ['In a script', "$0 doctor --json | jq '.findings[] | select(.ok | not)'"],
    ],
  })

  override async execute(): Promise<number> {
    return printFindings(this.context.ui, this.json, examine())
  }
}
