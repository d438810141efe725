import { Command, Option } from 'clipanion'
import type { CliContext } from '../context.ts'

/** The options of every verb. */
export abstract class BaseCommand extends Command<CliContext> {
  config = Option.String('--config', {
    description: 'Use this config.toml. Without it: $MYMONITOR_CONFIG, conf/ here or above, ~/.config/mymonitor, the shipped one',
  })
  json = Option.Boolean('--json', false, { description: 'Print one JSON document with "schema": 1 on stdout, nothing else' })
  noRedact = Option.Boolean('--no-redact', false, { description: 'Leave secrets in arguments unhidden' })
  // Read before parsing (cli.ts), because errors of parsing are painted, too.
  color = Option.String('--color', {
    description: 'When to use colors: auto, always or never. Default auto: on a terminal, unless NO_COLOR is set',
  })
}
