import { redact } from '../classify/redact.ts'
import type { ShownCommand } from '../native.ts'
import type { Recording } from '../recording/recording.ts'

/** The command lines of a recording that hold secrets, without them. */
export function redactedCommands(recording: Recording): ShownCommand[] {
  const shown: ShownCommand[] = []
  for (const { processId, argv } of recording.processes()) {
    for (const [i, words] of argv.entries()) {
      const command = redact(words).join(' ')
      if (command !== words.join(' ')) shown.push({ processId: processId[i] as number, command })
    }
  }
  return shown
}
